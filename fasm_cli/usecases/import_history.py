"""Imports the event history of a machine that ran in production into a session.

Each step is executed again before it is appended. A step whose outcome or actions differ from the recorded ones is an
error: the machine has changed since, or it is not deterministic.
"""

from dataclasses import replace

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import ActionRef, Completion, Event, decode_event
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay, replay
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import SessionError
from fasm_cli.project.load import load
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import HistoryImported
from fasm_cli.sessions.model import SNAPSHOT_EVERY, Header
from fasm_cli.sessions.timeline import TakenStep, Timeline
from fasm_cli.sessions.writer import SessionFile
from fasm_cli.stores.open import read_journal
from fasm_cli.stores.tables import JournalEntry
from fasm_cli.types.codec import DecodeError
from fasm_cli.usecases.sessions import new_path, open_file


def import_history(project: Project, target: str, url: str, name: str) -> HistoryImported:
    """Write the history of `target` at the database `url` into the session `name`, or append what the session lacks.

    Raises `SessionError` if the session is no copy of this history, or if a step comes out differently; the steps
    before that one are kept.
    """
    engine = load(project, target)
    machine = engine.machine
    first, *rows = read_journal(machine, url)
    path = project.session_path(name)
    if path.exists():
        timeline, file = open_file(project, name, target)
    else:
        timeline, file = _create(project, engine, name, first)
    with file:
        origin = file.stored.header.origin
        if origin.get("kind") != "run" or origin.get("from") != first.step:
            raise SessionError(f"{path} is no copy of this history", "give another name")
        known = timeline.last
        if known > len(rows):
            raise SessionError(f"{path} has {known} steps, and the history {len(rows)}", "give another name")
        timeline.goto(known)
        try:
            for row, taken in replay(_HistoryStage(timeline, first.step), rows[known:]):
                _check_unchanged(row, taken.record)
                timeline.append(taken)
                snapshot = machine.encode_state(taken.state) if taken.record.n % SNAPSHOT_EVERY == 0 else None
                file.append(taken.record, snapshot)
        except CannotReplay as failed:
            raise SessionError(f"the history does not fit {machine.name}: {failed.reason}") from None
    return HistoryImported(project.display_path(path), machine.reference, len(rows) - known, len(rows))


def _create(project: Project, engine: Engine, name: str, first: JournalEntry) -> tuple[Timeline, SessionFile]:
    machine = engine.machine
    try:
        initial = engine.decode_state(first.event["state"])
    except DecodeError as wrong:
        raise SessionError(f"the history does not fit {machine.name}: {wrong}") from None
    path = new_path(project, name)
    types = (machine.version, machine.types, first.event["state"])
    header = Header.alone(project.reference(machine), *types, {"kind": "run", "from": first.step})
    return Timeline(engine, initial), SessionFile.create(path, header)


class _HistoryStage:
    """Executes the rows of a production history at the head of a timeline. The history begins after step `offset`."""

    def __init__(self, timeline: Timeline, offset: int) -> None:
        self._timeline = timeline
        self._offset = offset

    def resolve(self, recorded: JournalEntry) -> Event:
        """The event, which names actions by the steps of the session."""
        event = decode_event(self._timeline.machine, recorded.event, None)
        if type(event) is Completion and event.of is not None:
            step = event.of.step - self._offset
            return replace(event, of=ActionRef(step, event.of.index) if step > 0 else None)
        return event

    def execute(self, recorded: JournalEntry, event: Event) -> TakenStep:
        return self._timeline.try_event(event)


def _check_unchanged(row: JournalEntry, record: Record) -> None:
    """Raise `SessionError` if the step did not commit with the same actions as in production."""
    if record.outcome != Outcome.COMMITTED or record.actions != row.actions:
        was = f"committed with {len(row.actions)} actions" if record.actions != row.actions else "committed"
        raise SessionError(
            f"step {record.n} is not what it was: {record.outcome} {record.error}, then {was}".replace("  ", " "),
            "the machine has changed since it ran, or is not deterministic; the session holds what came before",
        )
