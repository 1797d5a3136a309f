"""Finds machines and sessions: which module a TARGET names, and what a session file may refer to. Imports nothing.

A name is looked up under `machines/` only, so that a session file can never make another module run. Paths elsewhere
and dotted modules are accepted only from a person.
"""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fasm_cli.errors import SessionError, UsageError, did_you_mean

if TYPE_CHECKING:  # importing the engine would double the start-up time of the shell completion
    from fasm_cli.engine.machine import Machine

MACHINES = "machines"
SESSIONS = "sessions"
TARGETS = "TARGET is a name under machines/, path.py[:Class] or pkg.module[:Class]"


@dataclass(frozen=True, slots=True)
class MachineInfo:
    """A machine as its source describes it. `summary` is the first line of its docstring."""

    name: str
    cls: str
    path: Path
    summary: str


@dataclass(frozen=True, slots=True)
class Location:
    """Where a machine is: the file `path`, or else the module `module`, looked up from `root`.

    `reference` is the target that named it, with the class after a colon if there was one.
    """

    reference: str
    path: Path | None
    module: str = ""
    root: Path = Path()


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that holds `machines/` and `sessions/`.

    `db` is the URL of the database for states; if empty, each machine's `store` decides.
    """

    root: Path
    db: str = ""

    @classmethod
    def find(cls, start: Path, db: str = "") -> "Project":
        """The project around `start`, the working directory, or `start` itself. Paths stay relative to it, as typed."""
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
        """The file of a session: `name` is a path, or a name under `sessions/`."""
        if "/" in name or name.endswith(".toml"):
            return Path(name)
        return self.sessions / f"{name}.toml"

    def is_session(self, target: str) -> bool:
        """Whether `target`, a machine or a session, names a session. A machine of that name takes precedence."""
        name, colon, _ = target.partition(":")
        if target.endswith(".toml"):
            return True
        if colon or name.endswith(".py") or self.has_machine(name):
            return False
        return self.session_path(target).is_file()

    def has_machine(self, name: str) -> bool:
        """Whether `machines/` has a file of this name."""
        return self._machine_file(name) is not None

    def session_files(self) -> list[Path]:
        """The files under `sessions/`, sorted by name."""
        return sorted(path for path in self.sessions.glob("*.toml") if path.is_file())

    def list_machines(self) -> list[MachineInfo]:
        """Every machine under `machines/`, sorted by name."""
        files = (path for path in sorted(self.machines.glob("*.py")) if path.is_file())
        return [found for path in files for found in _scan(path)]

    def locate(self, target: str) -> Location:
        """The machine that a person names: a name under `machines/`, `path.py[:Class]` or `pkg.module[:Class]`.

        Raises `UsageError` if there is none.
        """
        name, _, _ = target.partition(":")
        if name.endswith(".py"):
            return Location(target, Path(name))
        if (path := self._machine_file(name)) is not None:
            return Location(target, path)
        if re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", name):
            return Location(target, None, name, self.root)
        names = sorted({found.name for found in self.list_machines()})
        raise UsageError(f"no machine {name!r} under {MACHINES}/", did_you_mean(name, names))

    def locate_trusted(self, reference: str) -> Location:
        """The machine that a session file names.

        Raises `SessionError` unless it is under `machines/`, links resolved.
        """
        name, _, cls = reference.partition(":")
        path = self._machine_file(name)
        if path is not None and self._is_under_machines(path):
            return Location(reference, path)
        path = self.root / name
        if name.endswith(".py") and self._is_under_machines(path):  # relative to the project, not to where a person is
            return Location(f"{path}:{cls}" if cls else str(path), path)
        raise SessionError(
            f"the file names the machine {reference[:80]!r}, which is not under {MACHINES}/",
            "name the machine yourself: --machine TARGET",
        )

    def reference(self, machine: "Machine") -> str:
        """How a session file names `machine`: as it was given, and a path inside this project relative to it."""
        name, colon, cls = machine.reference.partition(":")
        if name.endswith(".py"):
            name = self._stored_path(Path(name))
        return f"{name}{colon}{cls}"

    def is_trusted_reference(self, reference: str) -> bool:
        """Whether `locate_trusted` accepts this reference."""
        name = reference.partition(":")[0]
        path = self.root / name if name.endswith(".py") else self._machine_file(name)
        return path is not None and self._is_under_machines(path)

    def display_path(self, path: Path) -> str:
        """`path` as a person would type it: relative to the working directory if it is inside this project."""
        full, root = path.resolve(), self.root.resolve()
        return str(self.root / full.relative_to(root)) if full.is_relative_to(root) else str(path)

    def _stored_path(self, path: Path) -> str:
        """`path` as a session file stores it: relative to this project if it is inside."""
        full, root = path.resolve(), self.root.resolve()
        return full.relative_to(root).as_posix() if full.is_relative_to(root) else str(path)

    def _machine_file(self, name: str) -> Path | None:
        if not re.fullmatch(r"[^\W\d]\w*", name):
            return None
        path = self.machines / f"{name}.py"
        return path if os.path.isfile(path) else None  # noqa: PTH113  the name may be too long for a file

    def _is_under_machines(self, path: Path) -> bool:
        """Whether `path`, links resolved, is a file under `machines/`."""
        try:
            return path.is_file() and path.resolve().is_relative_to(self.machines.resolve())
        except (OSError, ValueError):  # too long, or contains a NUL
            return False


def _scan(path: Path) -> Iterator[MachineInfo]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        yield MachineInfo(path.stem, "?", path, "not valid Python")
        return
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _is_machine(node)]
    for node in classes:
        doc = ast.get_docstring(node) or ast.get_docstring(tree) or ""
        name = path.stem if len(classes) == 1 else f"{path.stem}:{node.name}"
        yield MachineInfo(name, node.name, path, doc.strip().partition("\n")[0])


def _is_machine(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "StateMachine" for base in node.bases)
