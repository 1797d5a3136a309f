"""Steps in words: what happened as it is typed, what was emitted in place of what, what a crash cost."""

from collections.abc import Iterator
from typing import Any

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import AHEAD, Complete, Crash, Event, Fault, Lose, Point, Ref, Restore, Submit
from fasm_cli.engine.laws import Violation, invariants_held
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.memory_store import open_store
from fasm_cli.engine.process import Process
from fasm_cli.engine.records import Record, decode_action, decode_event
from fasm_cli.engine.step_result import Outcome
from fasm_cli.project.tracebacks import raised_at
from fasm_cli.reports.event_text import event_told
from fasm_cli.reports.step import ActionLine, Change, Finding, Stepped
from fasm_cli.sessions.timeline import Entry, Moment, Timeline
from fasm_cli.types.codec import Mismatch, render
from fasm_cli.types.diff import changes


def stepped(timeline: Timeline, entry: Entry, before: Moment, *, kept: bool = True, fork: str = "") -> Stepped:
    """`entry` as a report; `before` is what there was before it, `fork` the name of the branch it started."""
    step, machine = entry.step, timeline.machine
    error = step.error if step.outcome is Outcome.DEFECT else None
    return Stepped(
        entry.record,
        describe_event(step.event),
        list(_actions(machine, entry, before)),
        [render(id) for id in step.missing],
        invariants_held(machine, entry.state),
        len(timeline.moment(entry.record.n).pending) if kept else 0,
        finding_of(entry.violation, entry.record.n, error),
        kept,
        list(_lost(timeline, entry, before)),
        fork,
    )


def _actions(machine: Machine, entry: Entry, before: Moment) -> Iterator[ActionLine]:
    step = entry.step
    for index, action in enumerate(step.actions, 1):
        handle, text, plain = f"{step.number}.{index}", render(action.action), machine.encode_action(action)
        if not isinstance(action, Tracked):
            yield ActionLine(handle, tracked=False, id="", text=text, plain=plain)
            continue
        known = before.pending.get(action.id) if isinstance(step.event, Restore) else None
        was = ""
        if known is not None:
            same = known.tracked == action
            was = f"kept, was {known.ref}" if same else f"changed, was {known.ref} {render(known.tracked.action)}"
        yield ActionLine(handle, tracked=True, id=render(action.id), text=text, plain=plain, was=was)


def _lost(timeline: Timeline, entry: Entry, before: Moment) -> Iterator[str]:
    """What did not survive the step, in words."""
    step = entry.step
    if step.outcome is Outcome.FAILED:
        yield from (f"never happened: {change}" for change in _unwritten(timeline, entry, before))
        yield from (f"never emitted: {render(action.action)}" for action in step.attempted)
    if not isinstance(step.event, Crash) or step.outcome is not Outcome.COMMITTED:
        return
    if step.event.point in AHEAD:
        what = "transition" if step.event.point is Point.BEFORE_COMMIT else "restore"
        yield f"nothing yet: it strikes in the next {what}"
        return
    unsent = list(_unsent(timeline, entry.record, step.event))
    for ref, action in unsent:
        again = "; restore may emit it again" if isinstance(action, Tracked) else " for ever"
        yield f"never sent: {ref} {render(action.action)}{again}"
    refs = {ref for ref, _ in unsent}
    yield from (
        f"on its way: what came of {each.ref} {render(each.tracked.action)}"
        for each in before.pending.values()
        if each.ref not in refs
    )


def _unsent(timeline: Timeline, crash: Record, event: Crash) -> Iterator[tuple[Ref, Any]]:
    """The actions of the step before the crash that were not sent out."""
    sent = {Point.AFTER_COMMIT: 0, Point.AFTER_ACTION: event.at}.get(event.point)
    last = timeline.records.get(crash.parent)
    if sent is None or last is None or last.outcome != Outcome.COMMITTED:
        return
    for index, plain in enumerate(last.actions[sent:], sent + 1):
        yield Ref(last.n, index), decode_action(timeline.machine, plain)


def _unwritten(timeline: Timeline, entry: Entry, before: Moment) -> list[str]:
    """What a transition would have changed, had it been committed."""
    process = Process(timeline.machine, open_store(timeline.machine, before.state))
    process.pending = dict(before.pending)
    process.step(entry.step.event, entry.record.n)
    return [str(change) for change in changes(before.state, process.store.committed)]


def changes_told(before: Any, after: Any) -> list[Change]:
    """Every path at which two states differ."""
    return [Change(each.sign, each.path, *each.texts) for each in changes(before, after)]


def event_text(timeline: Timeline, record: Record) -> str:
    """The event of a record as it is typed; as near to that as it goes where it no longer fits its machine."""
    try:
        return describe_event(decode_event(timeline.machine, record.event, timeline.id_of))
    except Mismatch:
        return event_told(record.event)


def finding_of(violation: Violation | None, step: int, error: BaseException | None = None) -> Finding | None:
    """The finding that a violation is; `error` is the exception behind it, if there is one."""
    if violation is None:
        return None
    return Finding(violation.law, violation.why, step, where="" if error is None else raised_at(error))


def describe_event(event: Event) -> str:
    """An event as it is typed."""
    match event:
        case Submit(value):
            return render(value)
        case Complete(None, id, result):
            return f"TrackedActionCompleted(id={render(id)}, result={render(result)})"
        case Complete(of, _, result):
            return f"complete {of} {render(result)}"
        case Lose(of, _):
            return f"drop {of}"
        case Crash(Point.BETWEEN, _):
            return "crash"
        case Crash(point, at):
            return f"crash {point}{f' {at}' if at else ''}"
        case Restore():
            return "restore"
        case Fault(failure, at):
            return f"fault {failure}{f' {at}' if at else ''}"
