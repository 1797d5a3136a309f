"""Finding machines and sessions: what TARGET means, and which files may be imported for it (`importing` does that).

A name is looked up under the project's machine roots and nowhere else, so that a name in a session file can never
make a module outside of them run; a path or a dotted module must have been typed by a person.
"""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fasm_cli.engine.machine import Machine
from fasm_cli.errors import SessionError, UsageError, did_you_mean
from fasm_cli.project.importing import find_machine, from_file, from_module

MACHINES = "machines"
SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class MachineInfo:
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
    def find(cls, start: Path, db: str = "") -> "Project":
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

    def session_files(self) -> list[Path]:
        """The files under `sessions/`, by name."""
        return sorted(path for path in self.sessions.glob("*.toml") if path.is_file())

    def listed(self) -> list[MachineInfo]:
        """Every machine under `machines/`, by name; nothing is imported."""
        files = (path for path in sorted(self.machines.glob("*.py")) if path.is_file())
        return [found for path in files for found in _scan(path)]

    def load(self, target: str) -> Machine:
        """The machine TARGET names: a name under `machines/`, `path.py[:Class]` or `pkg.module[:Class]`."""
        place, _, cls = target.partition(":")
        if place.endswith(".py"):
            return find_machine(from_file(Path(place)), cls, target)
        if (named := self._named(place)) is not None:
            return find_machine(from_file(named), cls, target)
        if re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", place):
            return find_machine(from_module(place, self.root), cls, target)
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

    def load_trusted(self, reference: str) -> Machine:
        """The machine that a *file* names: nothing is followed that does not end under `machines/`, also by a link."""
        place, _, cls = reference.partition(":")
        named = self._named(place)
        if named is not None and self._inside(named):
            return find_machine(from_file(named), cls, reference)
        if place.endswith(".py") and self._inside(self.root / place):
            typed = str(self.root / place)  # a file's paths begin at the project, a person's where they are
            return find_machine(from_file(self.root / place), cls, f"{typed}:{cls}" if cls else typed)
        raise SessionError(
            f"the file names the machine {reference[:80]!r}, which is not under {MACHINES}/",
            "give the machine by hand: --machine TARGET",
        )

    def reference(self, machine: Machine) -> str:
        """How a file names `machine`: as it was given, a path relative to this project where it is inside."""
        place, colon, cls = machine.reference.partition(":")
        if place.endswith(".py"):
            place = self._stored(Path(place))
        return f"{place}{colon}{cls}"

    def is_trusted_reference(self, reference: str) -> bool:
        """Whether `load_named` would look at this reference."""
        place = reference.partition(":")[0]
        path = self.root / place if place.endswith(".py") else self._named(place)
        return path is not None and self._inside(path)

    def display_path(self, path: Path) -> str:
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


def _scan(path: Path) -> Iterator[MachineInfo]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        yield MachineInfo(path.stem, "?", path, "cannot be read as Python")
        return
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _derives(node)]
    for node in classes:
        doc = ast.get_docstring(node) or ast.get_docstring(tree) or ""
        name = path.stem if len(classes) == 1 else f"{path.stem}:{node.name}"
        yield MachineInfo(name, node.name, path, doc.strip().partition("\n")[0])


def _derives(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "StateMachine" for base in node.bases)
