"""Reports about simulations, checks and replayed traces."""

from dataclasses import dataclass, field
from typing import Any

from fasm_cli.reports import DIVERGED, FINDING, Report
from fasm_cli.reports.steps import FindingReport, StepReport
from fasm_cli.simulation.stats import Stats


@dataclass(frozen=True, slots=True)
class CheckedLaw:
    """One law: how often it was checked, whether it holds, and the locations of violations."""

    law: str
    times_checked: int
    holds: bool
    locations: list[str]


@dataclass(frozen=True, slots=True)
class Checked(Report):
    """A machine, law by law. `invariant_count` counts its own invariants."""

    machine: str
    seed: int
    laws: list[CheckedLaw]
    invariant_count: int
    findings: "list[FindingReport]"
    unreached: list[str]
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Simulated(Report):
    """A simulation; `warnings` state what it does not prove."""

    machine: str
    seed: int
    runs: int
    steps: int
    stats: Stats
    findings: list[FindingReport]
    unreached: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Replayed(Report):
    """A trace executed again: its steps, the violation found now, and the first difference from the records."""

    path: str
    steps: list[StepReport]
    recorded: FindingReport | None
    finding: FindingReport | None
    difference: str = ""  # empty if every step has the same result

    def exit_code(self) -> int:
        if self.finding is not None:
            return FINDING
        return DIVERGED if self.difference and self.recorded is None else 0


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A trace of a folder, executed again."""

    path: str
    steps: int
    recorded: FindingReport | None
    finding: FindingReport | None
    difference: str
    problem: str = ""  # why it could not be run


@dataclass(frozen=True, slots=True)
class Traces(Report):
    items: list[TraceLine]

    def all_findings(self) -> list[Any]:
        return [item.finding for item in self.items if item.finding is not None]

    def exit_code(self) -> int:
        if any(item.problem or (item.difference and item.recorded is None) for item in self.items):
            return DIVERGED
        return Report.exit_code(self)
