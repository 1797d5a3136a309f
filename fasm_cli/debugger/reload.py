"""Import an edited machine again, replay the steps of the session, and report the first one whose result differs."""

from typing import Any

from fasm_cli.debugger.autoplay import play_events
from fasm_cli.debugger.session import DebugSession, source_time
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import decode_event
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.engine.trace import Occurrence
from fasm_cli.project.load import reload_machine
from fasm_cli.reports.repl import Reloaded
from fasm_cli.reports.steps import FindingReport, finding_of
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.timeline import Timeline, difference
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.diff import diff_values
from fasm_cli.types.plain import canonical_text


def reload(session: DebugSession) -> Reloaded:
    """Continue with the machine as its file is now.

    If a step has another result now, the steps are executed again on a new branch. If the machine's types changed, the
    session continues without its file. Raises `MachineError` if the machine cannot be loaded; then nothing changes.
    """
    old, before = session.machine, session.timeline
    session.loaded = source_time(old)  # before the import: a machine that cannot be loaded is not tried again
    engine = reload_machine(session.project, old)
    machine = engine.machine
    path = before.ancestors()
    initial, note = _initial_state(engine, before)
    scratch = Timeline(engine, initial)
    found, finding = _compare(scratch, path, before)
    journal = before.journal
    if machine.fingerprint != old.fingerprint:
        journal = Journal()
        if session.file is not None:
            note = f"the types changed: {session.file.path} is left as it was; `save FILE` stores the steps from now on"
            session.file.close()
            session.file = None
        found = found or ("the types changed", [])
    session.timeline = Timeline(engine, initial, journal)
    if found is None:
        session.timeline.goto(before.head)
        return Reloaded(machine.reference, len(path), "", [], "", finding, note)
    session.timeline.head = 0
    items = []
    for record in path:
        try:
            items.append(Occurrence(record.n, record.parent, decode_event(machine, record.event, None)))
        except DecodeError:
            break
    replayed = play_events(session, items, "reload", lambda _: "")
    if len(replayed.steps) < len(path):
        note = f"{len(replayed.steps)} of {len(path)} steps could be replayed"
    last = replayed.steps[-1].finding if replayed.steps else None
    branch = session.branch_name() if replayed.steps else ""
    return Reloaded(machine.reference, len(replayed.steps), found[0], found[1], branch, last, note)


def _initial_state(engine: Engine, before: Timeline) -> tuple[Any, str]:
    """Return the initial state of the session, or the machine's own and a note if the old one no longer fits."""
    plain = before.machine.encode_state(before.snapshot(0).state)
    try:
        return engine.decode_state(plain), ""
    except DecodeError as error:
        return engine.initial(), f"the initial state no longer fits ({error}); the machine's own is used"


def _compare(
    scratch: Timeline, path: list[Record], before: Timeline
) -> tuple[tuple[str, list[str]] | None, FindingReport | None]:
    """Return the first difference, or None and the finding of the last step."""
    finding = None
    try:
        for record, replayed in scratch.replay(path):
            now = replayed.record
            if not record.same_outcome_as(now) or record.violated_law != now.violated_law:
                differences = _list_differences(scratch, record, now, before)
                return (f"step {record.n} {_summarize(record, now)}", differences), None
            finding = finding_of(replayed.violation, record.n, replayed.step.error)
    except CannotReplay as failed:
        return (f"cannot replay step {failed.recorded.n}: {failed.reason}", []), None
    return None, finding


def _summarize(record: Record, now: Record) -> str:
    """Say in a few words how the result of a step differs."""
    if record.same_outcome_as(now):
        if not record.violated_law:
            return f"now breaks {now.violated_law}"
        return f"broke {record.violated_law}, now breaks {now.violated_law or 'nothing'}"
    if (record.outcome, record.error, record.actions) == (now.outcome, now.error, now.actions):
        return "leads to another state"
    return difference(record, now)


def _list_differences(scratch: Timeline, record: Record, now: Record, before: Timeline) -> list[str]:
    """List what differs at a step, each as `field: old -> new`."""
    out = []
    for name, old, new in (
        ("outcome", record.outcome, now.outcome),
        ("error", record.error, now.error),
        ("violated law", record.violated_law, now.violated_law),
    ):
        if old != new:
            out.append(f"{name}: {old or 'none'} -> {new or 'none'}")
    for index in range(max(len(record.actions), len(now.actions))):
        first, second = (each[index] if index < len(each) else None for each in (record.actions, now.actions))
        if first != second:
            out.append(f"action {index + 1}: {_format_action(first)} -> {_format_action(second)}")
    try:
        plain = before.machine.encode_state(before.snapshot(record.n).state)
        state = scratch.engine.decode_state(plain)
    except DecodeError:
        return out
    return out + [f"state.{change}" for change in diff_values(state, scratch.now.state)]


def _format_action(plain: dict[str, Any] | None) -> str:
    return "none" if plain is None else canonical_text(plain.get("action"))
