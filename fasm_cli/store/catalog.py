"""Finding and importing machines: what TARGET means, and which files may be imported for it.

A name is looked up under the project's machine roots and nowhere else, so that a name in a session file can never
make a module outside of them run; a path or a dotted module must have been typed by a person.
"""

import ast
import importlib
import importlib.util
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from fasm_cli.core.errors import MachineError, SessionError, UsageError, did_you_mean
from fasm_cli.core.machine import Machine
from fasm_cli.core.model import StateMachine

MACHINES = "machines"
SESSIONS = "sessions"
TARGETS = "TARGET is a name under machines/, path.py[:Class] or pkg.module[:Class]"


@dataclass(frozen=True, slots=True)
class Listed:
    """A machine as it is seen without importing it."""

    name: str
    cls: str
    path: Path
    summary: str


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that holds `machines/` and `sessions/`: the nearest one above the working directory, or that one.

    `db` is the URL of where states are kept, in place of where their machines say; empty where they are to say.
    """

    root: Path
    db: str = ""

    @classmethod
    def around(cls, start: Path, db: str = "") -> "Project":
        """The project that `start`, the working directory, is in; paths are kept relative to it, as they are typed."""
        for folder in (start, *start.parents):
            if (folder / MACHINES).is_dir():
                return cls(Path(os.path.relpath(folder, start)), db)
        return cls(Path(), db)

    @property
    def machines(self) -> Path:
        return self.root / MACHINES

    @property
    def sessions(self) -> Path:
        return self.root / SESSIONS

    def session_path(self, name: str) -> Path:
        """A path as it is, or a name under `sessions/`."""
        if "/" in name or name.endswith(".toml"):
            return Path(name)
        return self.sessions / f"{name}.toml"

    def is_session(self, target: str) -> bool:
        """Whether TARGET, where either may stand, means a session: a machine's name goes first."""
        place, colon, _ = target.partition(":")
        if target.endswith(".toml"):
            return True
        if colon or place.endswith(".py") or self.has_machine(place):
            return False
        return self.session_path(target).is_file()

    def has_machine(self, name: str) -> bool:
        """Whether there is a file of this name under `machines/`."""
        return self._named(name) is not None

    def sessions_there(self) -> list[Path]:
        """The files under `sessions/`, by name."""
        return sorted(path for path in self.sessions.glob("*.toml") if path.is_file())

    def listed(self) -> list[Listed]:
        """Every machine under `machines/`, by name; nothing is imported."""
        files = (path for path in sorted(self.machines.glob("*.py")) if path.is_file())
        return [found for path in files for found in _scan(path)]

    def load(self, target: str) -> Machine:
        """The machine TARGET names: a name under `machines/`, `path.py[:Class]` or `pkg.module[:Class]`."""
        place, _, cls = target.partition(":")
        if place.endswith(".py"):
            return _machine(_from_file(Path(place)), cls, target)
        if (named := self._named(place)) is not None:
            return _machine(_from_file(named), cls, target)
        if re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", place):
            return _machine(_from_module(place, self.root), cls, target)
        names = sorted({found.name for found in self.listed()})
        raise UsageError(f"no machine {place!r} under {MACHINES}/", did_you_mean(place, names))

    def load_again(self, target: str) -> Machine:
        """As `load`, with the module read anew from its source."""
        module = sys.modules.pop(target.partition(":")[0], None)
        try:
            return self.load(target)
        except BaseException:
            if module is not None:
                sys.modules[module.__name__] = module
            raise

    def load_named(self, reference: str) -> Machine:
        """The machine that a *file* names: nothing is followed that does not end under `machines/`, also by a link."""
        place, _, cls = reference.partition(":")
        named = self._named(place)
        if named is not None and self._inside(named):
            return _machine(_from_file(named), cls, reference)
        if place.endswith(".py") and self._inside(self.root / place):
            typed = str(self.root / place)  # a file's paths begin at the project, a person's where they are
            return _machine(_from_file(self.root / place), cls, f"{typed}:{cls}" if cls else typed)
        raise SessionError(
            f"the file names the machine {reference!r}, which is not under {MACHINES}/",
            "give the machine by hand: --machine TARGET",
        )

    def reference(self, machine: Machine) -> str:
        """How a file names `machine`: as it was given, a path relative to this project where it is inside."""
        place, colon, cls = machine.reference.partition(":")
        if place.endswith(".py"):
            place = self._stored(Path(place))
        return f"{place}{colon}{cls}"

    def may_follow(self, reference: str) -> bool:
        """Whether `load_named` would look at this reference."""
        place = reference.partition(":")[0]
        path = self.root / place if place.endswith(".py") else self._named(place)
        return path is not None and self._inside(path)

    def shown(self, path: Path) -> str:
        """`path` as it would be typed: relative to the working directory where it is inside this project."""
        full, root = path.resolve(), self.root.resolve()
        return str(self.root / full.relative_to(root)) if full.is_relative_to(root) else str(path)

    def _stored(self, path: Path) -> str:
        """`path` as a file keeps it: relative to this project where it is inside, from wherever it was given."""
        full, root = path.resolve(), self.root.resolve()
        return full.relative_to(root).as_posix() if full.is_relative_to(root) else str(path)

    def _named(self, name: str) -> Path | None:
        if not re.fullmatch(r"[^\W\d]\w*", name):
            return None
        path = self.machines / f"{name}.py"
        return path if os.path.isfile(path) else None  # noqa: PTH113  the name may be too long for any file

    def _inside(self, path: Path) -> bool:
        """Whether `path`, which a file may have named, leads to a file under `machines/`."""
        try:
            return path.is_file() and path.resolve().is_relative_to(self.machines.resolve())
        except (OSError, ValueError):  # too long, or with a NUL
            return False


def _scan(path: Path) -> Iterator[Listed]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        yield Listed(path.stem, "?", path, "cannot be read as Python")
        return
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _derives(node)]
    for node in classes:
        doc = ast.get_docstring(node) or ast.get_docstring(tree) or ""
        name = path.stem if len(classes) == 1 else f"{path.stem}:{node.name}"
        yield Listed(name, node.name, path, doc.strip().partition("\n")[0])


def _derives(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "StateMachine" for base in node.bases)


class _Fresh(SourceFileLoader):
    """Imports a machine from its source, always. Python tells stale byte code by the second and the size of the
    source, and a machine may be mended, and tried again, sooner than that."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("no byte code")


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"no file {path}", TARGETS)
    name = f"fasm_machine_{re.sub(r'[^0-9A-Za-z_]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path.resolve(), loader=_Fresh(name, str(path.resolve())))
    if spec is None or spec.loader is None:
        raise MachineError(f"{path} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while it is being made
    if str(path.resolve().parent) not in sys.path:
        sys.path.append(str(path.resolve().parent))
    try:
        _import(lambda: spec.loader.exec_module(module), str(path))
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _from_module(name: str, root: Path) -> ModuleType:
    folder = str(root.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module: ModuleType = _import(lambda: importlib.import_module(name), name)
    return module


def _import(load: Any, what: str) -> Any:
    """Run the author's module; what it prints is not our result and goes to stderr."""
    try:
        with redirect_stdout(sys.stderr):
            return load()
    except SyntaxError as error:
        where = f"{what}:{error.lineno}" if error.lineno else what
        raise MachineError(f"{where}: {error.msg}", frames=(error.text or "").rstrip()) from error
    except ModuleNotFoundError as error:
        if error.name and f"{what}.".startswith(f"{error.name}."):
            raise UsageError(f"no module {error.name}", TARGETS) from None
        raise MachineError(f"{what}: {error}", frames=own_frames(error)) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit in a module must not end us
        raise MachineError(f"{what} raised {type(error).__name__}: {error}", frames=own_frames(error)) from error


OURS = str(Path(__file__).resolve().parent.parent)
LIBRARIES = tuple({OURS, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))})


def own_frames(error: BaseException) -> str:
    """The traceback of the author's own code, empty where there is none: our frames, the standard library's and those
    of what is installed are cut away."""
    return "".join(traceback.format_list(_author_frames(error))).rstrip()


def raised_at(error: BaseException) -> str:
    """The author's line that raised `error`, like `machines/shop.py:12 in stf`; empty where none did."""
    frames = _author_frames(error)
    return f"{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""


def _author_frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [
        traceback.FrameSummary(_short(frame.filename), frame.lineno, frame.name, line=frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((*LIBRARIES, "<frozen"))
    ]


def _short(filename: str) -> str:
    """A path as it would be typed here."""
    here = Path.cwd()
    return str(Path(filename).relative_to(here)) if Path(filename).is_relative_to(here) else filename


def _machine(module: ModuleType, cls: str, target: str) -> Machine:
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, StateMachine) and value.__module__ == module.__name__
    }
    source = str(module.__file__)
    place = target.partition(":")[0]
    if cls:
        if cls not in found:
            raise UsageError(f"no machine {cls!r} in {place}", did_you_mean(cls, found))
        return _checked(found[cls], target, source)
    if not found:
        raise MachineError(f"{place} defines no machine", "write a class that derives from fasm_cli.StateMachine")
    if len(found) > 1:
        listed = ", ".join(f"{place}:{name}" for name in sorted(found))
        raise UsageError(f"{place} defines {len(found)} machines", f"name one: {listed}")
    return _checked(next(iter(found.values())), target, source)


def _checked(cls: type[StateMachine], target: str, source: str) -> Machine:
    """The machine; where it is refused because its own code raised, with the author's frames."""
    try:
        return Machine(cls, target, source)
    except MachineError as error:
        if error.__cause__ is not None and not error.frames:
            error.frames = own_frames(error.__cause__)
        raise
