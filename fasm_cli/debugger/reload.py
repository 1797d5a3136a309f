"""The machine's file was edited: import it again, take the same steps again, say where they first go another way."""

from typing import Any

from fasm_cli.debugger.autoplay import play_events
from fasm_cli.debugger.session import DebugSession, source_time
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import decode_event
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.project.load import reload_machine
from fasm_cli.reports.repl import Reloaded
from fasm_cli.reports.steps import Finding, finding_of
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.timeline import Timeline, difference
from fasm_cli.simulation.trace import TraceEvent
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.diff import diff_values
from fasm_cli.types.plain import canonical_text


def reload(workbench: DebugSession) -> Reloaded:
    """Go on with the machine as its file is now. Where its steps lead elsewhere they are taken again on a branch of
    their own; where its types have changed, the session's file stays behind. Raises `MachineError`: nothing changed."""
    old, before = workbench.machine, workbench.timeline
    workbench.loaded = source_time(old)  # seen, even where it cannot be loaded
    engine = reload_machine(workbench.project, old)
    machine = engine.machine
    path = before.ancestors()
    initial, note = _initial(engine, before)
    scratch = Timeline(engine, initial)
    found, finding = _compare(scratch, path, before)
    records = before.journal
    if machine.fingerprint != old.fingerprint:
        records = Journal()
        if workbench.file is not None:
            note = f"the types have changed: {workbench.file.path} stays as it was; `save FILE` keeps what follows"
            workbench.file.close()
            workbench.file = None
        found = found or ("the types have changed", [])
    if found is None:
        workbench.timeline = Timeline(engine, initial, records)
        workbench.timeline.goto(before.head)
        return Reloaded(machine.reference, len(path), "", [], "", finding, note)
    workbench.timeline = Timeline(engine, initial, records)
    workbench.timeline.head = 0
    items = []
    for record in path:
        try:
            items.append(TraceEvent(record.n, decode_event(machine, record.event, None)))
        except DecodeError:
            break
    told = play_events(workbench, items, "reload", lambda _: "")
    if len(told.steps) < len(path):
        note = f"{len(told.steps)} of {len(path)} steps could be taken again"
    last = told.steps[-1].finding if told.steps else None
    branch = workbench.branch_name() if told.steps else ""
    return Reloaded(machine.reference, len(told.steps), found[0], found[1], branch, last, note)


def _initial(engine: Engine, before: Timeline) -> tuple[Any, str]:
    """The state that the session began in, or the machine's own where that fits no more."""
    plain = before.machine.encode_state(before.snapshot(0).state)
    try:
        return engine.decode_state(plain), ""
    except DecodeError as wrong:
        return engine.initial(), f"the initial state fits no more ({wrong}); it is the machine's own now"


def _compare(
    scratch: Timeline, path: list[Record], before: Timeline
) -> tuple[tuple[str, list[str]] | None, Finding | None]:
    """The first difference, and the finding of the last step where there is none."""
    finding = None
    try:
        for record, taken in scratch.replay(path):
            now = taken.record
            if not record.same_outcome_as(now) or record.violated_law != now.violated_law:
                return (f"step {record.n} {_what(record, now)}", _fields(scratch, record, now, before)), None
            finding = finding_of(taken.violation, record.n, taken.step.error)
    except CannotReplay as failed:
        return (f"step {failed.recorded.n} can no longer be taken: {failed.reason}", []), None
    return None, finding


def _what(record: Record, now: Record) -> str:
    if record.same_outcome_as(now):
        return (
            f"broke {record.violated_law}; now {now.violated_law or 'nothing'}"
            if record.violated_law
            else f"now breaks {now.violated_law}"
        )
    if (record.outcome, record.error, record.actions) == (now.outcome, now.error, now.actions):
        return "leads to another state"
    return difference(record, now)


def _fields(scratch: Timeline, record: Record, now: Record, before: Timeline) -> list[str]:
    """What differs at a step, `field: old -> new`."""
    out = []
    for name, attribute in (("outcome", "outcome"), ("error", "error"), ("violated law", "violated_law")):
        old, new = getattr(record, attribute), getattr(now, attribute)
        if old != new:
            out.append(f"{name}: {old or 'none'} -> {new or 'none'}")
    for index in range(max(len(record.actions), len(now.actions))):
        old, new = (each[index] if index < len(each) else None for each in (record.actions, now.actions))
        if old != new:
            out.append(f"action {index + 1}: {_action(old)} -> {_action(new)}")
    try:
        plain = before.machine.encode_state(before.snapshot(record.n).state)
        state = scratch.engine.decode_state(plain)
    except DecodeError:
        return out
    return out + [f"state.{change}" for change in diff_values(state, scratch.now.state)]


def _action(plain: dict[str, Any] | None) -> str:
    return "none" if plain is None else canonical_text(plain.get("action"))
