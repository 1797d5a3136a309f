"""Reports about machines: lists, descriptions, laws, lint, simulations and replayed traces."""

from dataclasses import dataclass, field
from typing import Any

from fasm_cli.reports.steps import Finding, StepReport
from fasm_cli.simulation.stats import Stats


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
class Explained:
    """A page of the lawbook; `kind` is `law` for one of the eleven and `check` for what else is found."""

    law: str
    kind: str
    rule: str
    why: str
    checked: str
    fix: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class LawLine:
    law: str
    kind: str
    rule: str


@dataclass(frozen=True, slots=True)
class LawList:
    items: list[LawLine]


@dataclass(frozen=True, slots=True)
class LintLine:
    """A finding in the text of a machine; line and column count from 1. `law` may also be `syntax` or `allow`."""

    path: str
    line: int
    column: int
    law: str
    message: str


@dataclass(frozen=True, slots=True)
class Linted:
    findings: list[LintLine]
    files: int


@dataclass(frozen=True, slots=True)
class CheckedLaw:
    """One law: how often it was looked at, whether it was kept, and where it was not."""

    law: str
    times_checked: int
    holds: bool
    locations: list[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """A machine, law by law. `promises` counts its invariants."""

    machine: str
    seed: int
    laws: list[CheckedLaw]
    invariant_count: int
    findings: "list[Finding]"
    unreached: list[str]
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulation; `notes` are warnings about what it does not prove."""

    machine: str
    seed: int
    runs: int
    steps: int
    stats: Stats
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
