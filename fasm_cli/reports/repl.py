"""Reports of REPL verbs that are not about single steps."""

from dataclasses import dataclass, field
from typing import Any

from fasm_cli.reports import Report
from fasm_cli.reports.steps import Change, FindingReport, StepReport
from fasm_cli.sessions.model import Mark


@dataclass(frozen=True, slots=True)
class Value(Report):
    """The value of an expression."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Tree(Report):
    """Every branch: its name, the step it starts from, its steps, and whether the head is on it."""

    branches: "list[BranchLine]"
    head: int


@dataclass(frozen=True, slots=True)
class BranchLine:
    name: str
    parent: int  # the step it was taken from
    parent_branch: str  # the name of the branch that step is on
    first: int
    last: int
    steps: int
    is_current: bool
    labels: list[tuple[str, int]]
    violated_laws: list[str]


@dataclass(frozen=True, slots=True)
class Differences(Report):
    """The differences between two steps, by path."""

    before: str
    after: str
    changes: list[Change]
    pending: list[str]  # `+ 1.1 …` or `- 1.1 …`


@dataclass(frozen=True, slots=True)
class Stops(Report):
    """Where `run` and `replay` stop."""

    items: list[Mark]


@dataclass(frozen=True, slots=True)
class RunReport(Report):
    """Several steps in a row, and why they stopped."""

    title: str
    steps: list[StepReport]
    stop_reason: str
    finding: FindingReport | None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Reloaded(Report):
    """The machine imported again, and the first step that comes out differently."""

    machine: str
    steps: int
    difference: str  # empty if every step has the same result
    fields: list[str]  # what differs at that step, `field: old -> new`
    branch: str  # on which the steps are as they are now; empty where nothing differs
    finding: FindingReport | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckLine:
    name: str
    holds: bool
    reason: str
    values: list[str]  # of the fields that a violated check reads


@dataclass(frozen=True, slots=True)
class Checks(Report):
    """Invariants and laws at one state."""

    step: int
    lines: list[CheckLine]
    finding: FindingReport | None


@dataclass(frozen=True, slots=True)
class ProblemDetails(Report):
    """All that is known of the last error or finding."""

    title: str
    reason: str
    location: str = ""
    rule: str = ""
    law_reason: str = ""
    fix: str = ""
    frames: str = ""


@dataclass(frozen=True, slots=True)
class SampleLine:
    """An input, a sample of it, and the outcome that the sample would have now."""

    signature: str
    sample: str
    outcome: str
    error: str
    doc: str


@dataclass(frozen=True, slots=True)
class Samples(Report):
    items: list[SampleLine]


@dataclass(frozen=True, slots=True)
class Saved(Report):
    """What was written or noted."""

    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Expected(Report):
    """What a script expected, and what it got."""

    expected: str
    actual: str
    met: bool


@dataclass(frozen=True, slots=True)
class Message(Report):
    """Lines of text: help, a note."""

    lines: list[str]


@dataclass(frozen=True, slots=True)
class ScriptReport(Report):
    """The reports of the lines of a file."""

    path: str
    reports: list[Report] = field(default_factory=list)

    def all_findings(self) -> list[Any]:
        return [found for report in self.reports for found in report.all_findings()]
