"""Whether a file and a machine are made for each other, and what is not the same where they are not."""

from pathlib import Path
from shlex import quote

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import SessionError
from fasm_cli.project.load import load_for_file
from fasm_cli.project.project import Project
from fasm_cli.sessions import Header, Stored
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.description import TypeChange, summarize, type_changes


def engine_of(project: Project, path: Path, stored: Stored, target: str) -> Engine:
    """The machine of a file, or the one given by hand, which must have the same types. Raises `SessionError`."""
    engine = load_for_file(project, stored.header.machine.name, target)
    check_version(path, stored.header, engine.machine, given=bool(target))
    return engine


def check_version(path: Path, header: Header, machine: Machine, *, given: bool) -> None:
    """Raises `SessionError` where `machine` is not the one the file was written with."""
    same = same_types(header, machine)
    if header.machine.version == machine.version and same:
        return
    kept = f"{path} is a session of {header.machine.name}"
    changed = "" if same else what_changed(header, machine)
    migrate = f"`fasm session migrate {quote(str(path))}` makes a new file of it"
    if header.machine.version > machine.version:
        raise SessionError(
            f"{kept} version {header.machine.version}; {machine.name} is version {machine.version}, which is older",
            f"use the machine of version {header.machine.version}",
        )
    if header.machine.version < machine.version:
        types = f": {changed}" if changed else ""
        raise SessionError(
            f"{kept} version {header.machine.version}; {machine.name} is version {machine.version}{types}", migrate
        )
    if given:
        raise SessionError(
            f"{kept}; the types of {machine.reference} are others: {changed}", "give the machine it was made with"
        )
    raise SessionError(f"{kept}, whose types have changed since: {changed}", migrate)


def same_types(header: Header, machine: Machine) -> bool:
    """Whether every value in the file is of a type the machine has."""
    return header.machine.fingerprint == machine.fingerprint or (
        header.machine.types is not None and not type_changes(header.machine.types, machine.types)
    )


def what_changed(header: Header, machine: Machine) -> str:
    """The types that are not the same, in one line: `Shop.points: int -> Decimal`."""
    if header.machine.types is not None:
        return summarize(type_changes(header.machine.types, machine.types))
    try:
        machine.codec.decode(machine.state_schema, header.machine.state)
    except DecodeError as wrong:
        return f"its initial state does not fit: {wrong}"
    return "a file of format 1 does not say which"


def changes_since(header: Header, machine: Machine) -> list[TypeChange]:
    """The types that are not the same, as far as the file says."""
    return [] if header.machine.types is None else type_changes(header.machine.types, machine.types)
