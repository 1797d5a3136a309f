"""Reports about machines that do not run: lists, descriptions, the laws and lint."""

from dataclasses import dataclass
from typing import Any

from fasm_cli.project.project import MachineInfo
from fasm_cli.reports import Report


@dataclass(frozen=True, slots=True)
class Machines(Report):
    items: list[MachineInfo]
    folder: str


@dataclass(frozen=True, slots=True)
class FieldLine:
    name: str
    type: str
    default: str


@dataclass(frozen=True, slots=True)
class TypeLine:
    """A class of a machine; `role` is the associated type it belongs to (`Input`, `ActionResult`, …)."""

    role: str
    name: str
    fields: list[FieldLine]
    doc: str


@dataclass(frozen=True, slots=True)
class Description(Report):
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
class Explained(Report):
    """The page of a law; `kind` is `law` for one of the eleven laws, `check` for other findings."""

    law: str
    kind: str
    rule: str
    why: str
    checked: str
    fix: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class LawList(Report):
    items: list[Explained]


@dataclass(frozen=True, slots=True)
class LintLine:
    """A finding in the source of a machine; line and column count from 1. `law` may also be `syntax` or `allow`."""

    path: str
    line: int
    column: int
    law: str
    message: str


@dataclass(frozen=True, slots=True)
class Linted(Report):
    findings: list[LintLine]
    files: int
