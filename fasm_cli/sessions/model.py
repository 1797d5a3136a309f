"""What a session file holds, as plain data: a header, steps, snapshots, marks, and the position of the head."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fasm_cli.engine.process import ProcessState
from fasm_cli.sessions.journal import Journal, StepSequence
from fasm_cli.types.description import Types, fingerprint

FORMAT = 3  # of new files; `format.py` says what the older formats were
SNAPSHOT_EVERY = 50  # steps between two snapshots: the most that opening a session re-executes
ALONE = ""  # the key of the only machine of a session without a system


@dataclass(slots=True)
class MachineEntry:
    """One machine of a session. `name` is looked up under the project's machine folders and never run as a path.

    `types` describes every stored value, `state` is the initial state as plain data. A file of format 1 has only the
    fingerprint of its types: `types` is None then.
    """

    name: str
    version: int
    types: Types | None
    state: Any
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if self.types is not None:
            self.fingerprint = fingerprint(self.types)


@dataclass(slots=True)
class Header:
    """What every step is based on. `origin` says where the trace came from, `finding` what it shows.

    `machines` is keyed by the name that each has in the system, by `ALONE` for a machine that is alone. `format` is
    that of the file it was read from; `FORMAT` is the only one that is written.
    """

    machines: dict[str, MachineEntry]
    origin: dict[str, Any]
    finding: dict[str, Any] | None = None
    format: int = field(default=FORMAT, compare=False)

    @classmethod
    def alone(
        cls,
        name: str,
        version: int,
        types: Types | None,
        state: Any,
        origin: dict[str, Any],
        finding: dict[str, Any] | None = None,
    ) -> "Header":
        """The header of a session of one machine."""
        return cls({ALONE: MachineEntry(name, version, types, state)}, origin, finding)

    @property
    def machine(self) -> MachineEntry:
        """The machine of a session without a system."""
        return self.machines[ALONE]


@dataclass(slots=True)
class Stored:
    """The content of a file. `snapshots` are plain states by step number; the next step follows `head`.

    `dropped` describes what was cut off after the last complete block, "" if nothing was. `process_states` holds the
    process state at some of the snapshots, as the reader computed it.
    """

    header: Header
    records: StepSequence
    snapshots: Mapping[int, Any]
    head: int
    dropped: str = ""
    marks: "list[Mark]" = field(default_factory=list)
    process_states: Mapping[int, ProcessState] = field(default_factory=dict, compare=False)

    def journal(self) -> Journal:
        """The steps, to be read and added to. The file is not written."""
        return Journal(self.records, self.snapshots, self.process_states)


class MarkKind(StrEnum):
    """What a mark is, and what its `name` and `step` say."""

    LABEL = "label"  # `name` is the label of `step`
    BRANCH = "branch"  # `name` is that of the branch whose first step is `step` (0: the branch of the initial state)
    WATCH = "watch"  # `name` is a path: stop when its value changes
    BREAK = "break"  # `name` is an expression, or one of `EVENTS`: stop when it is true


EVENTS = ("invariant", "reject")  # breakpoints without an expression: a law was violated; an input was rejected


@dataclass(frozen=True, slots=True)
class Mark:
    """A label, branch name or breakpoint that was set, or (`removed`) removed again."""

    kind: MarkKind
    name: str
    step: int = 0
    removed: bool = False


@dataclass(slots=True)
class Marks:
    """The marks that are set now."""

    labels: dict[str, int] = field(default_factory=dict)  # step by label
    branches: dict[int, str] = field(default_factory=dict)  # name by first step
    breakpoints: list[Mark] = field(default_factory=list)  # watches and breaks, in the order in which they were set

    @classmethod
    def of(cls, marks: Iterable[Mark]) -> "Marks":
        """The result of `marks`, oldest first."""
        out = cls()
        for mark in marks:
            out.add(mark)
        return out

    def add(self, mark: Mark) -> None:
        """Apply the next mark; it replaces an earlier one of the same kind and name."""
        if mark.kind is MarkKind.LABEL:
            self.labels.pop(mark.name, None)
            if not mark.removed:
                self.labels[mark.name] = mark.step
        elif mark.kind is MarkKind.BRANCH:
            self.branches[mark.step] = mark.name
        else:
            self.breakpoints = [each for each in self.breakpoints if (each.kind, each.name) != (mark.kind, mark.name)]
            if not mark.removed:
                self.breakpoints.append(mark)

    def labels_by_step(self) -> dict[int, list[str]]:
        """The labels of each step that has any."""
        out: dict[int, list[str]] = {}
        for name, step in self.labels.items():
            out.setdefault(step, []).append(name)
        return out

    def current(self) -> list[Mark]:
        """The shortest list of marks with this result."""
        labels = [Mark(MarkKind.LABEL, name, step) for name, step in self.labels.items()]
        branches = [Mark(MarkKind.BRANCH, name, step) for step, name in self.branches.items()]
        return [*labels, *branches, *self.breakpoints]
