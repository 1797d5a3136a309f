"""What the use cases give back: plain facts, ready to be printed or written as JSON; nothing here prints.

Values come twice where a person and a program want different things: `text` in constructor syntax, `plain` as data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.app import report_repl
from fasm_cli.app.report_laws import Checked as Checked
from fasm_cli.app.report_laws import Explained as Explained
from fasm_cli.app.report_laws import LawList as LawList
from fasm_cli.app.report_laws import Linted as Linted
from fasm_cli.app.report_laws import LintLine as LintLine
from fasm_cli.app.report_sessions import Change as Change
from fasm_cli.app.report_sessions import Compared as Compared
from fasm_cli.app.report_sessions import Migrated as Migrated
from fasm_cli.app.report_sessions import Removed as Removed
from fasm_cli.app.report_sessions import SessionLine as SessionLine
from fasm_cli.app.report_sessions import Sessions as Sessions
from fasm_cli.app.report_sessions import StepDifference as StepDifference
from fasm_cli.app.report_sessions import StepPair as StepPair
from fasm_cli.app.report_sessions import StepTold as StepTold
from fasm_cli.app.report_sessions import Verified as Verified
from fasm_cli.core.record import Record
from fasm_cli.sim.tally import Tally


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
class Stepped:
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
class LogLine:
    record: Record
    event: str
    here: bool
    labels: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Log:
    lines: list[LogLine]
    head: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The head was moved from one step to another; `changed` is what that does to the state."""

    start: int
    end: int
    changed: list[str]
    pending: int
    up: bool
    branch: str


@dataclass(frozen=True, slots=True)
class MachineLine:
    name: str
    cls: str
    summary: str


@dataclass(frozen=True, slots=True)
class Machines:
    items: list[MachineLine]
    folder: str


@dataclass(frozen=True, slots=True)
class FieldLine:
    name: str
    type: str
    default: str


@dataclass(frozen=True, slots=True)
class TypeLine:
    """A class the machine's types mention; `role` is where (`Input`, `ActionResult`, …)."""

    role: str
    name: str
    fields: list[FieldLine]
    doc: str


@dataclass(frozen=True, slots=True)
class Description:
    name: str
    cls: str
    doc: str
    version: int
    fingerprint: str
    types: list[TypeLine]
    invariants: list[tuple[str, str]]
    sometimes: list[tuple[str, str]]
    initial: Any
    initial_text: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    path: str
    machine: str
    version: int
    origin: dict[str, Any]
    finding: Finding | None
    head: int
    records: Sequence[Record]
    state: Any
    dropped: str
    created: bool = False


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulation; `notes` are warnings about what it does not prove."""

    machine: str
    seed: int
    runs: int
    steps: int
    tally: Tally
    findings: list[Finding]
    never: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """A trace run again: its steps, the violation met now, and where it went another way than recorded."""

    path: str
    steps: list[Stepped]
    recorded: Finding | None
    finding: Finding | None
    difference: str = ""  # empty where every step led to the same


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A trace that was run again, in short."""

    path: str
    steps: int
    recorded: Finding | None
    finding: Finding | None
    difference: str
    problem: str = ""  # why it could not be run


@dataclass(frozen=True, slots=True)
class Traces:
    items: list[TraceLine]


@dataclass(frozen=True, slots=True)
class Message:
    """Lines of text: help, a note."""

    lines: list[str]


Report = (
    Stepped
    | Pending
    | State
    | Log
    | Moved
    | Machines
    | Description
    | Sessions
    | SessionInfo
    | Compared
    | Verified
    | Migrated
    | Removed
    | Simulated
    | Replayed
    | Traces
    | Checked
    | Explained
    | LawList
    | Linted
    | Message
    | report_repl.Part
)
