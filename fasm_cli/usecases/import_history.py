"""What a machine that ran for real has been through, as a session: to be stepped through, verified and replayed.

Every step is taken again on the way into the file. One that emits other actions than it did then is told: the machine
has changed since, or it is not deterministic.
"""

from dataclasses import replace
from typing import Any

from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import ActionRef, Completion, Event, decode_event
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import SessionError
from fasm_cli.project.load import load
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import HistoryImported
from fasm_cli.sessions import Header, SessionFile
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.stores.journal import JournalEntry, read_history
from fasm_cli.types.codec import DecodeError
from fasm_cli.usecases import sessions


def import_history(project: Project, target: str, url: str, name: str) -> HistoryImported:
    """Write the history at `url` into the session `name`, or what it does not have yet to its end."""
    machine = load(project, target)
    past = read_history(machine, url)
    first, rows = past[0], past[1:]
    path = project.session_path(name)
    if path.exists():
        workbench, _ = sessions.open_session(project, name, target)
    else:
        workbench = _create(project, machine, name, first)
    with workbench:
        origin = workbench.file.stored.header.origin if workbench.file is not None else {}
        if origin.get("kind") != "run" or origin.get("from") != first.step:
            raise SessionError(f"{path} is no copy of this history", "give another name")
        known = workbench.timeline.last
        if known > len(rows):
            raise SessionError(f"{path} has {known} steps, and the history {len(rows)}", "give another name")
        workbench.timeline.goto(known)
        for row in rows[known:]:
            _take(workbench, row, first.step)
    return HistoryImported(project.display_path(path), machine.reference, len(rows) - known, len(rows))


def _create(project: Project, machine: Machine, name: str, first: JournalEntry) -> DebugSession:
    try:
        initial = machine.decode_state(first.event["state"])
    except DecodeError as wrong:
        raise SessionError(f"the history does not fit {machine.name}: {wrong}") from None
    path = sessions.new_path(project, name)
    types = (machine.version, machine.types, first.event["state"])
    header = Header(project.reference(machine), *types, {"kind": "run", "from": first.step}, None)
    return DebugSession(machine, Timeline(machine, initial), SessionFile.create(path, header))


def _take(workbench: DebugSession, row: JournalEntry, base: int) -> None:
    number = row.step - base
    record = workbench.take(_event(workbench.machine, row.event, base)).record
    if record.n != number or record.outcome != "committed" or record.actions != row.actions:
        was = f"committed with {len(row.actions)} actions" if record.actions != row.actions else "committed"
        raise SessionError(
            f"step {number} is not what it was: {record.outcome} {record.error}, then {was}".replace("  ", " "),
            "the machine has changed since it ran, or is not deterministic; the session holds what came before",
        )


def _event(machine: Machine, plain: dict[str, Any], base: int) -> Event:
    """The event, with causes counted from the beginning of the history."""
    try:
        event = decode_event(machine, plain, None)
    except DecodeError as wrong:
        raise SessionError(f"the history does not fit {machine.name}: {wrong}") from None
    if type(event) is Completion and event.of is not None:
        of = ActionRef(event.of.step - base, event.of.index)
        return replace(event, of=of if of.step > 0 else None)
    return event
