"""What `fasm explain` and `fasm lint` give back, as in `reports`."""

from dataclasses import dataclass


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
