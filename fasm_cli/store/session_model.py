"""What a session file holds, as plain data: a header, steps, snapshots, marks, and where the head stands."""

from dataclasses import dataclass, field
from typing import Any

from fasm_cli.core.marks import Mark
from fasm_cli.core.record import Record

FORMAT = 1


@dataclass(slots=True)
class Header:
    """What every step rests on. `machine` is a name to be looked up, never a path to be run; `fingerprint` changes
    when a stored type does; `state` is the initial one, plain. `origin` says where the trace came from."""

    machine: str
    version: int
    fingerprint: str
    state: Any
    origin: dict[str, Any]
    finding: dict[str, Any] | None = None


@dataclass(slots=True)
class Stored:
    """A file's content. `snapshots` are plain states by step number; the next step is taken from `head`.

    `dropped` is one line on what was cut off behind the last whole step, empty where nothing was.
    """

    header: Header
    records: list[Record]
    snapshots: dict[int, Any]
    head: int
    dropped: str = ""
    marks: list[Mark] = field(default_factory=list)
