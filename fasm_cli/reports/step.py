"""What single steps give back, and what one sees between two of them."""

from dataclasses import dataclass, field
from typing import Any

from fasm_cli.engine.records import Record


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken law, a broken invariant or a defect."""

    law: str
    why: str
    step: int = 0
    seed: int | None = None
    run: int | None = None
    trace: str = ""  # the file it was saved in
    reproduce: str = ""  # a line that can be pasted
    problem: str = ""  # why it could not be saved
    where: str = ""  # file and line of the author's that did it, where one can be told
    size: int = 0  # of the trace: inputs, completions, crashes and faults
    events: int = 0  # how many there were before it was shrunk
    steps: "list[TraceStep]" = field(default_factory=list)
    mend: str = ""  # how such a fault is mended

    @property
    def line(self) -> int:
        """The line of `where`; 0 where none is known."""
        number = self.where.rpartition(":")[2]
        return int(number) if number.isdigit() else 0


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of a finding's trace."""

    number: int
    event: str
    outcome: str
    error: str
    changed: list[str]


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One action as it was emitted; `handle` names it (`7.2`), `was` is what a restore emitted it in place of."""

    handle: str
    tracked: bool
    id: str
    text: str
    plain: Any
    was: str = ""


@dataclass(frozen=True, slots=True)
class PendingLine:
    """A pending tracked action, where it was emitted last, and since which step it is pending."""

    handle: str
    id: str
    text: str
    plain: Any
    since: int


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step."""

    record: Record
    event: str
    actions: list[ActionLine]
    missing: list[str]
    invariants: tuple[int, int]  # how many hold, of how many
    pending: int
    finding: Finding | None
    kept: bool = True  # false for a preview
    lost: list[str] = field(default_factory=list)  # what did not survive it, in words
    fork: str = ""  # the branch it started, if it did


@dataclass(frozen=True, slots=True)
class Pending:
    items: list[PendingLine]
    up: bool


@dataclass(frozen=True, slots=True)
class State:
    """`rows` are those of a database, one a line under the `text` of the rest."""

    step: int
    text: str
    plain: Any
    rows: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """One path at which two states differ: `sign` is `+` (only in the second), `-` (only in the first) or `~`."""

    sign: str
    path: str
    old: str
    new: str
