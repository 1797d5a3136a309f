"""What a session file holds, as plain data: a header, steps, snapshots, marks, and where the head stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.engine.process_state import ProcessState
from fasm_cli.sessions.journal import Journal, StepSequence
from fasm_cli.sessions.pins import Mark
from fasm_cli.types.description import Types, fingerprint

FORMAT = 2  # what new files are written in; `migrations` says what the older ones were
SNAPSHOT_EVERY = 50  # steps between two stored states: the most that opening a session re-executes


@dataclass(slots=True)
class Header:
    """What every step rests on. `machine` is a name to be looked up, never a path to be run; `types` are those its
    values are of; `state` is the initial one, plain. `origin` says where the trace came from.

    A file of format 1 kept only the fingerprint of its types: then `types` is None, and it is written as it was.
    """

    machine: str
    version: int
    types: Types | None
    state: Any
    origin: dict[str, Any]
    finding: dict[str, Any] | None = None
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if self.types is not None:
            self.fingerprint = fingerprint(self.types)

    @property
    def format(self) -> int:
        """The format that the file is, or will be, in."""
        return 1 if self.types is None else FORMAT


@dataclass(slots=True)
class Stored:
    """A file's content. `snapshots` are plain states by step number; the next step is taken from `head`.

    `dropped` is one line on what was cut off behind the last whole step, empty if nothing was. `process_states` tells
    where the process stood at some of the steps with a snapshot, as it was told on the way.
    """

    header: Header
    records: StepSequence
    snapshots: Mapping[int, Any]
    head: int
    dropped: str = ""
    marks: list[Mark] = field(default_factory=list)
    process_states: Mapping[int, ProcessState] = field(default_factory=dict, compare=False)

    def journal(self) -> Journal:
        """The steps, to be read and added to; the file is not written."""
        return Journal(self.records, self.snapshots, self.process_states)
