"""Reports about steps, and how they are made: events as text, actions with what they replace, losses of a crash."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import ARMED_POINTS, ActionRef, Crash, CrashPoint, PlainValues, Restore, decode_event
from fasm_cli.engine.laws import Violation, count_holding
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import ProcessState
from fasm_cli.engine.records import Record, decode_action
from fasm_cli.engine.step_result import Outcome
from fasm_cli.project.tracebacks import author_location
from fasm_cli.reports import FINDING, REJECTED, Report
from fasm_cli.sessions.timeline import Snapshot, TakenStep, Timeline
from fasm_cli.types.codec import DecodeError, format_value
from fasm_cli.types.diff import diff_values
from fasm_cli.types.plain import TAG, original_key


@dataclass(frozen=True, slots=True)
class FindingReport:
    """What a command reports of a finding or violation: text to show, and where the trace was saved."""

    law: str
    reason: str
    step: int = 0
    seed: int | None = None
    run: int | None = None
    trace: str = ""  # the file it was saved in
    reproduce: str = ""  # a line that can be pasted
    problem: str = ""  # why it could not be saved
    location: str = ""  # file and line of the author's code, if known
    size: int = 0  # of the trace: inputs, completions, crashes and faults
    events: int = 0  # the size before shrinking
    steps: "list[StepSummary]" = field(default_factory=list)
    fix: str = ""  # how to fix a violation of this law

    @property
    def line(self) -> int:
        """The line of `location`; 0 if it is unknown."""
        number = self.location.rpartition(":")[2]
        return int(number) if number.isdigit() else 0


@dataclass(frozen=True, slots=True)
class StepSummary:
    """One step in short."""

    step: int
    event: str
    outcome: str
    error: str
    changes: list[str]


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An emitted action. `ref` names it (`7.2`); `replaces` is the pending action that a restore replaced by it."""

    ref: str
    tracked: bool
    id: str
    text: str
    data: Any
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class PendingLine:
    """A pending tracked action, its last emission, and the step since which it is pending."""

    ref: str
    id: str
    text: str
    data: Any
    since_step: int


@dataclass(frozen=True, slots=True)
class StepReport(Report):
    """One step."""

    record: Record
    event: str
    actions: list[ActionLine]
    unrestored: list[str]
    invariants: tuple[int, int]  # how many hold, of how many
    pending: int
    finding: FindingReport | None
    saved: bool = True  # false for a preview
    lost: list[str] = field(default_factory=list)  # what did not survive it, in words
    branch: str = ""  # the branch it started, if it did

    def exit_code(self) -> int:
        if self.finding is not None:
            return FINDING
        return 0 if self.record.outcome == "committed" else REJECTED


@dataclass(frozen=True, slots=True)
class Pending(Report):
    items: list[PendingLine]
    running: bool


@dataclass(frozen=True, slots=True)
class State(Report):
    """`rows` are those of a database, one a line under the `text` of the rest."""

    step: int
    text: str
    data: Any
    rows: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """One path at which two states differ: `sign` is `+` (only in the second), `-` (only in the first) or `~`."""

    sign: str
    path: str
    old: str
    new: str


def step_report(
    timeline: Timeline, entry: TakenStep, before: Snapshot, *, kept: bool = True, fork: str = ""
) -> StepReport:
    """Report the step `entry`. `before` is the snapshot before it, `fork` the name of the branch that it started."""
    step, machine = entry.step, timeline.machine
    error = step.error if step.outcome is Outcome.DEFECT else None
    return StepReport(
        entry.record,
        step.event.format(),
        list(_actions(machine, entry, before)),
        [format_value(id) for id in step.details.unrestored_ids],
        count_holding(machine, entry.state),
        len(timeline.snapshot(entry.record.n).pending) if kept else 0,
        finding_of(entry.violation, entry.record.n, error),
        kept,
        list(lost_lines(timeline, entry, before)),
        fork,
    )


def _actions(machine: Machine, entry: TakenStep, before: Snapshot) -> Iterator[ActionLine]:
    step = entry.step
    for index, action in enumerate(step.actions, 1):
        ref, text, plain = ActionRef(step.number, index), format_value(action.action), machine.encode_action(action)
        if not isinstance(action, Tracked):
            yield ActionLine(str(ref), tracked=False, id="", text=text, data=plain)
            continue
        known = before.pending.get(action.id) if isinstance(step.event, Restore) else None
        was = ""
        if known is not None:
            ref = known.ref.emitted_again(step.number)
            same = known.tracked == action
            was = f"same as {known.ref}" if same else f"replaces {known.ref} {format_value(known.tracked.action)}"
        yield ActionLine(str(ref), tracked=True, id=format_value(action.id), text=text, data=plain, replaces=was)


def lost_lines(timeline: Timeline, entry: TakenStep, before: Snapshot) -> Iterator[str]:
    """Lines about changes, actions and results that the step rolled back or lost."""
    step = entry.step
    if step.outcome is Outcome.ABORTED:
        yield from (f"rolled back: {change}" for change in _unwritten(timeline, entry, before))
        yield from (f"not emitted: {format_value(action.action)}" for action in step.details.uncommitted_actions)
    if not isinstance(step.event, Crash) or step.outcome is not Outcome.COMMITTED:
        return
    if step.event.point in ARMED_POINTS:
        what = "transition" if step.event.point is CrashPoint.BEFORE_COMMIT else "restore"
        yield f"armed for the next {what}"
        return
    unsent = list(undelivered(timeline, entry.record, step.event))
    for ref, action in unsent:
        text = f"{ref} {format_value(action.action)}"
        yield f"not sent: {text}; restore may emit it again" if isinstance(action, Tracked) else f"lost: {text}"
    refs = {ref for ref, _ in unsent}
    yield from (
        f"in flight: result of {each.ref} {format_value(each.tracked.action)}"
        for each in before.pending.values()
        if each.ref not in refs
    )


def undelivered(timeline: Timeline, crash: Record, event: Crash) -> Iterator[tuple[ActionRef, Any]]:
    """The actions of the step before the crash that were not sent."""
    sent = {CrashPoint.AFTER_COMMIT: 0, CrashPoint.AFTER_ACTION: event.nth}.get(event.point)
    last = timeline.journal.get(crash.parent)
    if sent is None or last is None or last.outcome != Outcome.COMMITTED:
        return
    for index, plain in enumerate(last.actions[sent:], sent + 1):
        yield ActionRef(last.n, index), decode_action(timeline.machine, plain)


def _unwritten(timeline: Timeline, entry: TakenStep, before: Snapshot) -> list[str]:
    """The changes that a rolled back transition would have made."""
    process = timeline.engine.start(before.state, ProcessState(dict(before.pending)))
    process.step(entry.step.event, entry.record.n)
    return [str(change) for change in diff_values(before.state, process.store.committed)]


def diff_report(before: Any, after: Any) -> list[Change]:
    """Every path at which two states differ."""
    return [Change(each.sign, each.path, *each.before_after) for each in diff_values(before, after)]


def event_text(timeline: Timeline, record: Record) -> str:
    """The event of a record as it is typed; an approximation if it no longer fits its machine."""
    try:
        return decode_event(timeline.machine, record.event, timeline.id_of).format()
    except DecodeError:
        return format_event_record(record.event)


def finding_of(violation: Violation | None, step: int, error: BaseException | None = None) -> FindingReport | None:
    """The finding for a violation; `error` is the exception that caused it, if there is one."""
    if violation is None:
        return None
    location = "" if error is None else author_location(error)
    return FindingReport(violation.law, violation.reason, step, location=location)


def format_event_record(event: dict[str, Any]) -> str:
    """The event of a record as a line, without its machine; it may hold anything."""
    try:
        return decode_event(PlainValues(), event, None).format(format_plain)
    except DecodeError:
        return format_plain(event)


def format_plain(plain: Any) -> str:
    """Plain data in constructor syntax: a table with a `type` is a call of it."""
    if isinstance(plain, list):
        return f"[{', '.join(map(format_plain, plain))}]"
    if not isinstance(plain, dict):
        return repr(plain)
    tag = plain.get(TAG)
    if type(tag) is str:
        fields = [f"{original_key(key)}={format_plain(value)}" for key, value in plain.items() if key != TAG]
        return f"{tag}({', '.join(fields)})"
    return f"{{{', '.join(f'{original_key(key)!r}: {format_plain(value)}' for key, value in plain.items())}}}"
