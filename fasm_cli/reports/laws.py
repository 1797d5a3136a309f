"""What `fasm explain`, `fasm lint` and `fasm check` give back, as in `reports`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fasm_cli.reports.reports import Finding


@dataclass(frozen=True, slots=True)
class Explained:
    """A page of the lawbook; `sort` is `law` for one of the eleven and `check` for what else is found."""

    law: str
    sort: str
    rule: str
    why: str
    checked: str
    mend: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class LawLine:
    law: str
    sort: str
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
    tried: int
    kept: bool
    where: list[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """A machine, law by law. `promises` counts its invariants."""

    machine: str
    seed: int
    laws: list[CheckedLaw]
    invariant_count: int
    findings: "list[Finding]"
    never: list[str]
    interrupted: bool
