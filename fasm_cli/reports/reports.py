"""What the use cases give back: plain facts, ready to be printed or written as JSON; nothing here prints.

Values come twice where a person and a program want different things: `text` in constructor syntax, `plain` as data.
"""

from dataclasses import dataclass, field
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.reports import repl as report_repl
from fasm_cli.reports.laws import Checked as Checked
from fasm_cli.reports.laws import Explained as Explained
from fasm_cli.reports.laws import LawList as LawList
from fasm_cli.reports.laws import Linted as Linted
from fasm_cli.reports.laws import LintLine as LintLine
from fasm_cli.reports.sessions import Compared as Compared
from fasm_cli.reports.sessions import HistoryImported as HistoryImported
from fasm_cli.reports.sessions import Migrated as Migrated
from fasm_cli.reports.sessions import MigratedDatabase as MigratedDatabase
from fasm_cli.reports.sessions import Removed as Removed
from fasm_cli.reports.sessions import SessionInfo as SessionInfo
from fasm_cli.reports.sessions import SessionLine as SessionLine
from fasm_cli.reports.sessions import Sessions as Sessions
from fasm_cli.reports.sessions import StepDifference as StepDifference
from fasm_cli.reports.sessions import StepPair as StepPair
from fasm_cli.reports.sessions import StepSummary as StepSummary
from fasm_cli.reports.sessions import Verified as Verified
from fasm_cli.reports.step import ActionLine as ActionLine
from fasm_cli.reports.step import Change as Change
from fasm_cli.reports.step import Finding as Finding
from fasm_cli.reports.step import Pending as Pending
from fasm_cli.reports.step import PendingLine as PendingLine
from fasm_cli.reports.step import State as State
from fasm_cli.reports.step import StepReport as StepReport
from fasm_cli.reports.step import TraceStep as TraceStep
from fasm_cli.simulation.stats import Stats


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
class HeadMoved:
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
class Simulated:
    """A simulation; `notes` are warnings about what it does not prove."""

    machine: str
    seed: int
    runs: int
    steps: int
    tally: Stats
    findings: list[Finding]
    unreached: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """A trace run again: its steps, the violation met now, and where it went another way than recorded."""

    path: str
    steps: list[StepReport]
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
    StepReport
    | Pending
    | State
    | Log
    | HeadMoved
    | Machines
    | Description
    | Sessions
    | SessionInfo
    | Compared
    | Verified
    | Migrated
    | MigratedDatabase
    | Removed
    | HistoryImported
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
