"""Reports about session files: contents, lists, logs, comparison, verification, migration, removal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.reports import DIVERGED, FINDING, Report
from fasm_cli.reports.steps import Change, FindingReport, StepSummary


@dataclass(frozen=True, slots=True)
class SessionInfo(Report):
    path: str
    machine: str
    version: int
    origin: dict[str, Any]
    recorded: FindingReport | None
    head: int
    records: Sequence[Record]
    state: Any
    dropped: str
    created: bool = False


@dataclass(frozen=True, slots=True)
class SessionLine:
    name: str
    machine: str
    steps: int
    head: int
    law: str
    problem: str  # why it cannot be read, or what was dropped


@dataclass(frozen=True, slots=True)
class Sessions(Report):
    items: list[SessionLine]
    folder: str


@dataclass(frozen=True, slots=True)
class StepDifference:
    """The first step that differs from its record, and the part of it that differs (outcome, action 2, state, …)."""

    step: int
    part: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Verified(Report):
    """Steps executed again in fresh processes: all of a session, or those that lead to the head if `path` is empty."""

    path: str
    machine: str
    steps: int
    snapshots: int
    finding: StepDifference | FindingReport | None


@dataclass(frozen=True, slots=True)
class StepPair:
    """The steps at one position of two paths; None after the end of a path."""

    position: int
    a: StepSummary | None
    b: StepSummary | None


@dataclass(frozen=True, slots=True)
class Compared(Report):
    """Two sessions, or the states at two steps.

    `compares_paths` is false if only the states were compared. `first_difference` is the first position at which the
    paths differ: 0 is the initial state, -1 means none. `problem` says why the states could not be compared.
    """

    a: str
    b: str
    compares_paths: bool
    steps: tuple[int, int]  # how many lead to each state
    first_difference: int
    pairs: list[StepPair]
    states: list[Change]
    problem: str = ""

    @property
    def differ(self) -> bool:
        """Whether the steps or the states differ."""
        return self.first_difference >= 0 or bool(self.states)

    def exit_code(self) -> int:
        return FINDING if self.differ else DIVERGED if self.problem else 0


@dataclass(frozen=True, slots=True)
class Migrated(Report):
    """A session migrated to the present version of its machine.

    `target` is the new file, empty if none is needed. `written` is false for a dry run, and if `finding` names a step
    that came out differently. `types` are the changes of the types as far as the old file describes them.
    """

    path: str
    target: str
    machine: str
    versions: tuple[int, int]
    formats: tuple[int, int]
    types: list[str]
    steps: int
    written: bool
    dry_run: bool = False
    finding: StepDifference | None = None


@dataclass(frozen=True, slots=True)
class MigratedDatabase(Report):
    """The database of a production machine, migrated to the present version of the machine.

    `types` are the changes of the types, `pending` the actions that `restore` emits for the new state. It was a dry
    run if it was `needed` and is not `written`.
    """

    url: str
    machine: str
    versions: tuple[int, int]
    types: list[str]
    pending: list[str]
    needed: bool
    written: bool


@dataclass(frozen=True, slots=True)
class Removed(Report):
    """Removed sessions, each with the files that were removed beside it."""

    items: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HistoryImported(Report):
    """A production history imported into the session `path`: `new` of its `steps` were added."""

    path: str
    machine: str
    new: int
    steps: int


@dataclass(frozen=True, slots=True)
class LogLine:
    record: Record
    event: str
    on_path: bool
    labels: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Log(Report):
    lines: list[LogLine]
    head: int


@dataclass(frozen=True, slots=True)
class HeadMoved(Report):
    """The head was moved from one step to another; `changes` are the differences of the states."""

    start: int
    end: int
    changes: list[str]
    pending: int
    running: bool
    branch: str
