"""Opening, creating and listing sessions: where a file and a machine meet."""

from pathlib import Path
from typing import Any

from fasm_cli.app.reports import Finding, SessionInfo, SessionLine, Sessions
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.codec import Mismatch
from fasm_cli.core.errors import FasmError, SessionError
from fasm_cli.core.machine import Machine
from fasm_cli.core.timeline import Timeline
from fasm_cli.store.catalog import Project
from fasm_cli.store.session import Header, SessionFile, Stored, read_session


def create(project: Project, target: str, name: str) -> SessionInfo:
    """An empty session of TARGET."""
    machine = project.load(target)
    path = project.session_path(name)
    SessionFile.create(path, header_of(project, machine, {"kind": "session"})).close()
    return info(project, name, created=True)


def header_of(
    project: Project, machine: Machine, origin: dict[str, Any], finding: dict[str, Any] | None = None
) -> Header:
    """The header of a new file for `machine`."""
    initial = machine.encode_state(machine.instance.initial())
    return Header(project.reference(machine), machine.version, machine.fingerprint, initial, origin, finding)


def open_session(project: Project, name: str, target: str = "") -> tuple[Workbench, str]:
    """The session to go on with, and a line that says what was dropped of a torn end (usually empty)."""
    path = project.session_path(name)
    stored = read_session(path)  # what is wrong with the file is said before its machine is imported
    machine = machine_of(project, path, stored, target)
    file = SessionFile.open(path)
    try:
        return Workbench(machine, timeline_of(machine, path, file.stored), file), file.stored.dropped
    except BaseException:
        file.close()
        raise


def view_session(project: Project, name: str, target: str = "") -> tuple[Workbench, str]:
    """The session to look at: nothing is locked and nothing written."""
    path = project.session_path(name)
    stored = read_session(path)
    machine = machine_of(project, path, stored, target)
    return Workbench(machine, timeline_of(machine, path, stored)), stored.dropped


def machine_of(project: Project, path: Path, stored: Stored, target: str) -> Machine:
    """The machine of a file, or the one given by hand, which must have the same types. Raises `SessionError`."""
    machine = project.load(target) if target else project.load_named(stored.header.machine)
    check_version(path, stored.header, machine)
    return machine


def check_version(path: Path, header: Header, machine: Machine) -> None:
    """Raises `SessionError` where `machine` is not the one the file was written with."""
    if header.version > machine.version:
        text = f"{path} is of version {header.version} of {header.machine}; {machine.name} is version {machine.version}"
        raise SessionError(text, "use the newer machine")
    if header.version < machine.version or header.fingerprint != machine.fingerprint:
        was = f"{header.machine} version {header.version}, types {header.fingerprint}"
        text = f"{path} belongs to {was}; {machine.name} is version {machine.version}, types {machine.fingerprint}"
        raise SessionError(text, "another machine, or its types have changed since: start a new session")


def timeline_of(machine: Machine, path: Path, stored: Stored) -> Timeline:
    """The history in a file; its machine runs only what comes after the last snapshot."""
    try:
        timeline = Timeline(machine, machine.codec.decode(machine.state, stored.header.state), stored.records)
        on_path = {record.n for record in timeline.path(stored.head)}
        nearest = max((n for n in stored.snapshots if n in on_path), default=0)
        if nearest:
            timeline.keep(nearest, machine.codec.decode(machine.state, stored.snapshots[nearest]))
        timeline.goto(stored.head)
    except Mismatch as wrong:
        raise SessionError(f"{path} does not fit {machine.name}: {wrong}", "start a new session") from None
    except SessionError as error:
        raise SessionError(f"{path}: {error.message}", error.hint) from None
    return timeline


def info(project: Project, name: str, *, created: bool = False) -> SessionInfo:
    """What is in a file; its machine is not imported."""
    path = project.session_path(name)
    stored = read_session(path)
    header = stored.header
    return SessionInfo(
        project.shown(path),
        header.machine,
        header.version,
        header.origin,
        recorded_finding(header),
        stored.head,
        list(stored.records),
        header.state,
        stored.dropped,
        created,
    )


def recorded_finding(header: Header) -> Finding | None:
    """The finding that a trace was saved for."""
    found, origin = header.finding, header.origin
    if found is None:
        return None
    seed, run = origin.get("seed"), origin.get("run")
    return Finding(str(found.get("law")), str(found.get("why", "")), int(found.get("step", 0)), seed, run)


def listed(project: Project) -> Sessions:
    """Every file under `sessions/`; one that cannot be read is listed with the reason."""
    items = []
    for path in sorted(project.sessions.glob("*.toml")):
        try:
            stored = read_session(path)
        except FasmError as error:
            items.append(SessionLine(path.stem, "", 0, 0, "", error.message))
            continue
        found = stored.header.finding
        law = str(found.get("law")) if found else ""
        items.append(
            SessionLine(path.stem, stored.header.machine, len(stored.records), stored.head, law, stored.dropped)
        )
    return Sessions(items, project.shown(project.sessions))
