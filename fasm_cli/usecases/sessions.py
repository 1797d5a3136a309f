"""Use cases of session files: create, open, show, list, log and remove them, and check that a machine fits a file.

What only reads a file does not import its machine: a machine that is gone or has changed keeps nobody from reading.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from shlex import quote
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record
from fasm_cli.errors import FasmError, SessionError, UsageError
from fasm_cli.project.load import load, load_for_file
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import Log, LogLine, Removed, SessionInfo, SessionLine, Sessions
from fasm_cli.reports.steps import FindingReport, format_event_record
from fasm_cli.sessions.files import make_folder
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.model import Header, Marks, Stored
from fasm_cli.sessions.reader import read_session, scan_file
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.sessions.writer import SessionFile, remove_sessions
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.description import TypeChange, summarize, type_changes


def create(project: Project, target: str, name: str) -> SessionInfo:
    """Create an empty session of the machine `target`. Raises `UsageError`, `MachineError`, `SessionError`."""
    check_name(project, name)
    engine = load(project, target)
    path = new_path(project, name)
    SessionFile.create(path, header_of(project, engine, {"kind": "session"})).close()
    return info(project, name, created=True)


def check_name(project: Project, name: str) -> None:
    """Raise `UsageError` if a new session cannot have this name."""
    path = project.session_path(name)
    if path.suffix != ".toml" or not name.strip() or name.endswith("/") or path.stem in ("", ".toml"):
        raise UsageError(f"{name!r} is no name for a session", "give a name, or a path that ends in .toml")


def new_path(project: Project, name: str) -> Path:
    """The path of a new session. Creates the folder of the project's sessions. Raises `SessionError`."""
    path = project.session_path(name)
    if path.parent == project.sessions:
        try:
            make_folder(path.parent)
        except OSError as error:
            raise SessionError(f"cannot create {path.parent}: {error.strerror}") from None
    return path


def header_of(
    project: Project, engine: Engine, origin: dict[str, Any], finding: dict[str, Any] | None = None
) -> Header:
    """The header of a new file for the machine of `engine`, in its initial state."""
    machine = engine.machine
    initial = machine.encode_state(engine.initial())
    return Header.alone(project.reference(machine), machine.version, machine.types, initial, origin, finding)


def open_file(project: Project, name: str, target: str = "") -> tuple[Timeline, SessionFile]:
    """Open a session for writing: its history with the machine loaded, and the locked file to append steps to.

    The file is checked before its machine is imported. Raises `SessionError`, `MachineError`.
    """
    path = project.session_path(name)
    found = scan_file(path)
    engine = engine_of(project, path, found.stored, target)
    file = SessionFile.open(path, read=found)
    try:
        return timeline_of(engine, path, file.stored), file
    except BaseException:
        file.close()
        raise


def read_timeline(project: Project, name: str, target: str = "") -> tuple[Timeline, str]:
    """Open a session for reading; it is neither locked nor written. Returns its history and `dropped` of the file."""
    path = project.session_path(name)
    stored = read_session(path)
    return timeline_of(engine_of(project, path, stored, target), path, stored), dropped(path, stored)


def dropped(path: Path, stored: Stored) -> str:
    """A note on what was cut off after the last complete step; usually empty."""
    return f"{path}, {stored.dropped}" if stored.dropped else ""


def timeline_of(engine: Engine, path: Path, stored: Stored, at: int | None = None) -> Timeline:
    """The history in a file, with its head at step `at`, by default where the file has it.

    The machine executes only the steps after the last snapshot before the head. Raises `SessionError`.
    """
    head = stored.head if at is None else at
    try:
        initial = engine.decode_state(stored.header.machine.state)
        timeline = Timeline(engine, initial, stored.journal())
        timeline.goto(head)
    except DecodeError as wrong:
        raise SessionError(f"{path} does not fit {engine.machine.name}: {wrong}", "start a new session") from None
    except SessionError as error:
        raise SessionError(f"{path}: {error.message}", error.hint) from None
    return timeline


def info(project: Project, name: str, *, created: bool = False) -> SessionInfo:
    """What is in a session file. Raises `SessionError`."""
    path = project.session_path(name)
    stored = read_session(path)
    header = stored.header
    return SessionInfo(
        project.display_path(path),
        header.machine.name,
        header.machine.version,
        header.origin,
        recorded_finding(header),
        stored.head,
        stored.records,
        header.machine.state,
        stored.dropped,
        created,
    )


def recorded_finding(header: Header) -> FindingReport | None:
    """The finding that a trace was saved for; None for a session."""
    found, origin = header.finding, header.origin
    if found is None:
        return None
    seed, run = origin.get("seed"), origin.get("run")
    return FindingReport(
        str(found.get("law")),
        str(found.get("reason", "")),
        int(found.get("step", 0)),
        seed,
        run,
        location=str(found.get("location", "")),
        size=int(found.get("size", 0)),
        events=int(origin.get("events", 0)),
    )


def listed(project: Project) -> Sessions:
    """Every file under `sessions/`; one that cannot be read is listed with the reason."""
    items = []
    for path in project.session_files():
        try:
            stored = read_session(path)
        except FasmError as error:
            items.append(SessionLine(path.stem, "", 0, 0, "", error.message))
            continue
        found = stored.header.finding
        law = str(found.get("law")) if found else ""
        items.append(
            SessionLine(path.stem, stored.header.machine.name, len(stored.records), stored.head, law, stored.dropped)
        )
    return Sessions(items, project.display_path(project.sessions))


def session_log(project: Project, name: str, last: int = 0) -> tuple[Log, str]:
    """Every step of every branch, or the `last` ones if that is not 0; and the note `dropped` of the file."""
    path = project.session_path(name)
    stored = read_session(path)
    journal = stored.journal()
    first = max(1, len(journal) - last + 1) if last else 1
    steps = range(first, len(journal) + 1)
    log = log_of(journal, stored.head, Marks.of(stored.marks), steps, lambda each: format_event_record(each.event))
    return log, dropped(path, stored)


def log_of(journal: Journal, head: int, marks: Marks, steps: Iterable[int], event_text: Callable[[Record], str]) -> Log:
    """Log lines for `steps`; those that lead to `head` are marked `on_path`."""
    here = set(journal.ancestor_numbers(head))
    labels = marks.labels_by_step()
    records = (journal[n] for n in steps)
    lines = [LogLine(each, event_text(each), each.n in here, labels.get(each.n, [])) for each in records]
    return Log(lines, head)


def remove(project: Project, names: list[str]) -> Removed:
    """Remove sessions; none of them if one is no session or in use (`SessionError`)."""
    gone = remove_sessions([project.session_path(name) for name in names])
    return Removed(
        {project.display_path(path): [project.display_path(each) for each in left] for path, left in gone.items()}
    )


# --- compatibility ------------------------------------------------------------------------------------------------


def engine_of(project: Project, path: Path, stored: Stored, target: str) -> Engine:
    """The machine that a file names, or `target`, which must have the same types. Raises `SessionError`."""
    engine = load_for_file(project, stored.header.machine.name, target)
    check_version(path, stored.header, engine.machine, given=bool(target))
    return engine


def check_version(path: Path, header: Header, machine: Machine, *, given: bool) -> None:
    """Raise `SessionError` if the file was written by another version of `machine`, or with other types.

    `given` is true if the user named the machine.
    """
    same = same_types(header, machine)
    if header.machine.version == machine.version and same:
        return
    session = f"{path} is a session of {header.machine.name}"
    changed = "" if same else what_changed(header, machine)
    migrate = f"`fasm session migrate {quote(str(path))}` writes a new file for it"
    if header.machine.version > machine.version:
        raise SessionError(
            f"{session} version {header.machine.version}; {machine.name} is version {machine.version}, which is older",
            f"use the machine of version {header.machine.version}",
        )
    if header.machine.version < machine.version:
        types = f": {changed}" if changed else ""
        raise SessionError(
            f"{session} version {header.machine.version}; {machine.name} is version {machine.version}{types}", migrate
        )
    if given:
        raise SessionError(
            f"{session}; the types of {machine.reference} differ: {changed}", "name the machine it was made with"
        )
    raise SessionError(f"{session}, whose types have changed since: {changed}", migrate)


def same_types(header: Header, machine: Machine) -> bool:
    """Whether every value in the file has a type that the machine still has."""
    return header.machine.fingerprint == machine.fingerprint or (
        header.machine.types is not None and not type_changes(header.machine.types, machine.types)
    )


def what_changed(header: Header, machine: Machine) -> str:
    """The types that differ, in one line: `Shop.points: int -> Decimal`."""
    if header.machine.types is not None:
        return summarize(type_changes(header.machine.types, machine.types))
    try:
        machine.codec.decode(machine.state_schema, header.machine.state)
    except DecodeError as wrong:
        return f"its initial state does not fit: {wrong}"
    return "a file of format 1 does not name them"


def changes_since(header: Header, machine: Machine) -> list[TypeChange]:
    """The types that differ, as far as the file describes them."""
    return [] if header.machine.types is None else type_changes(header.machine.types, machine.types)
