"""A session one works in: a timeline, perhaps with its file, and what can be done with it.

The REPL keeps one open; a shell verb such as `fasm step` opens one for a single call. Every step is on disk before it
is reported.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from types import TracebackType
from typing import Any

from fasm_cli.app.reports import ActionLine, Finding, Log, LogLine, Moved, Pending, PendingLine, State, Stepped
from fasm_cli.core.codec import Mismatch, render
from fasm_cli.core.codec.shape import Record as RecordShape
from fasm_cli.core.codec.shape import Shape
from fasm_cli.core.database import Tables
from fasm_cli.core.diff import changes
from fasm_cli.core.errors import InputError, UsageError
from fasm_cli.core.event import Complete, Crash, Event, Fault, Lose, Point, Restore, Submit, read_ref
from fasm_cli.core.laws import Violation, invariants_held
from fasm_cli.core.machine import Machine, input_types
from fasm_cli.core.model import Tracked, TrackedActionCompleted
from fasm_cli.core.record import Record, decode_event
from fasm_cli.core.step import Emission, Outcome
from fasm_cli.core.timeline import Entry, Timeline
from fasm_cli.store.catalog import raised_at
from fasm_cli.store.session import SessionFile

SNAPSHOT_EVERY = 50  # steps between two states kept whole: what opening a session has to run again at most


class Workbench:
    """A timeline of `machine`; with `file`, each step is appended to it."""

    def __init__(self, machine: Machine, timeline: Timeline, file: SessionFile | None = None) -> None:
        self.machine = machine
        self.timeline = timeline
        self.file = file

    @classmethod
    def fresh(cls, machine: Machine) -> "Workbench":
        """From the machine's initial state, in memory."""
        return cls(machine, Timeline(machine, machine.initial()))

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- going forward ----------------------------------------------------------------------------------------

    def submit(self, text: str) -> Stepped:
        """An input in constructor syntax."""
        return self.take(self.read_input(text))

    def complete(self, action: str, result: str) -> Stepped:
        """The result of a tracked action, named by its handle (`1.1`) or its id."""
        machine = self.machine
        if machine.result is None:
            raise InputError(f"{machine.name} has no tracked actions to complete")
        emission = self.find(action)
        check_name(machine.result, result, "result")
        value = machine.codec.read(machine.result, result)
        return self.take(Complete(emission.ref, emission.tracked.id, value))

    def crash(self, point: Point = Point.BETWEEN, at: int = 0) -> Stepped:
        return self.take(Crash(point, at))

    def restore(self) -> Stepped:
        return self.take(Restore())

    def take(self, event: Event) -> Stepped:
        """Let `event` happen at the head and keep it."""
        before = dict(self.timeline.now.pending)
        entry = self.timeline.take(event)
        if self.file is not None:
            snapshot = entry.record.n % SNAPSHOT_EVERY == 0
            try:
                self.file.append(entry.record, self.machine.encode_state(entry.state) if snapshot else None)
            except BaseException:
                self.timeline.forget(entry.record)
                raise
        return self.stepped(entry, before)

    def preview(self, text: str) -> Stepped:
        """What an input would do; nothing is kept."""
        before = dict(self.timeline.now.pending)
        entry = self.timeline.preview(self.read_input(text))
        return self.stepped(entry, before, kept=False)

    def read_input(self, text: str) -> Event:
        """`Name(field=value)`, or a raw `TrackedActionCompleted(id=…, result=…)` for what was never emitted."""
        machine = self.machine
        name = TrackedActionCompleted.__name__
        if text.lstrip().startswith(f"{name}(") and machine.result is not None and machine.action_id is not None:
            id, result = machine.codec.parser.arguments(text, name, ("id", "result"))
            return Complete(
                None, machine.codec.check(machine.action_id, id), machine.codec.check(machine.result, result)
            )
        check_name(machine.input, text, "input")
        return Submit(machine.codec.read(machine.input, text))

    def find(self, action: str) -> Emission:
        """The tracked action that a handle or an id names."""
        now, machine = self.timeline.now, self.machine
        if machine.action_id is None:
            raise InputError(f"{machine.name} has no tracked actions")
        known = ", ".join(f"{each.ref} (id {render(id)})" for id, each in now.pending.items()) or "nothing"
        if "." in action and action.replace(".", "").isdigit():
            ref = read_ref(action)
            try:
                return Emission(ref, self.timeline.emitted(ref), ref.step)
            except KeyError:
                raise InputError(f"no tracked action {action}", f"pending: {known}") from None
        id = machine.codec.read(machine.action_id, action)
        if id not in now.pending:
            raise InputError(f"no pending action has the id {render(id)}", f"pending: {known}")
        return now.pending[id]

    # --- going back -------------------------------------------------------------------------------------------

    def back(self, count: int = 1) -> Moved:
        """Move the head `count` steps towards the initial state."""
        path = self.timeline.path()
        if count < 1 or count > len(path):
            raise UsageError(f"cannot go back {count} of {len(path)} steps", "`goto 0` is the initial state")
        return self.goto(path[-count].parent)

    def goto(self, step: int) -> Moved:
        """Move the head to `step`; nothing is lost, and the next step forks."""
        start, before = self.timeline.head, self.timeline.now
        if step != 0 and step not in self.timeline.records:
            raise UsageError(f"no step {step}", f"steps go from 0 to {self.timeline.last}")
        self.timeline.goto(step)
        if self.file is not None and step != start:
            self.file.goto(step)
        now = self.timeline.now
        changed = [str(change) for change in changes(before.state, now.state)]
        return Moved(start, step, changed, len(now.pending), now.up)

    # --- looking ----------------------------------------------------------------------------------------------

    def pending(self) -> Pending:
        """The pending actions, oldest first."""
        now = self.timeline.now
        items = [
            PendingLine(str(each.ref), render(id), render(each.tracked.action), self.plain(each.tracked), each.since)
            for id, each in now.pending.items()
        ]
        return Pending(items, now.up)

    def state(self) -> State:
        state, name = self.timeline.now.state, self.machine.database
        plain = self.machine.encode_state(state)
        if not name:
            return State(self.timeline.head, render(state), plain)
        others = ", ".join(f"{key}={render(value)}" for key, value in vars(state).items() if key != name)
        rows = list(_rows(name, getattr(state, name)))
        return State(self.timeline.head, f"{type(state).__name__}({others})", plain, rows)

    def log(self) -> Log:
        """Every step of every branch, in the order they were taken; `here` marks those that lead to the head."""
        here = {record.n for record in self.timeline.path()}
        lines = [
            LogLine(record, self.event_text(record), record.n in here) for record in self.timeline.records.values()
        ]
        return Log(lines, self.timeline.head)

    # --- in words ---------------------------------------------------------------------------------------------

    def plain(self, tracked: Tracked) -> Any:
        return self.machine.encode_action(tracked)

    def event_text(self, record: Record) -> str:
        try:
            return describe_event(decode_event(self.machine, record.event, self.timeline.id_of))
        except Mismatch:
            return str(record.event.get("type"))

    def stepped(self, entry: Entry, before: dict[Any, Emission], *, kept: bool = True) -> Stepped:
        """`entry` as a report; `before` is what was pending before it."""
        step, machine = entry.step, self.machine
        restored = isinstance(step.event, Restore)
        lines = []
        for index, action in enumerate(step.actions, 1):
            tracked = isinstance(action, Tracked)
            id = action.id if isinstance(action, Tracked) else None
            known = before.get(id) if restored and tracked else None
            was = ""
            if known is not None:
                was = f"{known.ref} {render(known.tracked.action)}" if known.tracked != action else f"{known.ref}"
            handle = f"{step.number}.{index}"
            text = render(action.action)
            lines.append(
                ActionLine(handle, tracked, render(id) if tracked else "", text, machine.encode_action(action), was)
            )
        pending = self.timeline.moment(entry.record.n).pending if kept else {}
        return Stepped(
            entry.record,
            describe_event(step.event),
            lines,
            [render(id) for id in step.missing],
            invariants_held(machine, entry.state),
            len(pending),
            finding_of(entry.violation, entry.record.n, step.error if step.outcome is Outcome.DEFECT else None),
            kept,
        )


def _rows(database: str, tables: Tables) -> Iterator[str]:
    """Every row, by the path under which its changes are told."""
    for name in tables.found:
        rows = tables.table(name)
        yield from (f"{database}.{name}[{render(key)}]: {row!r}" for key, row in rows.items())
        if not rows:
            yield f"{database}.{name}: empty"


def check_name(shape: Shape, text: str, what: str) -> None:
    """Raises `InputError` where `text` is `Name(…)` or `Name`, and none of the messages of `shape` is called so."""
    known = input_types(shape)
    found = re.match(r"\s*([^\W\d]\w*)\s*(\(|\Z)", text)
    if found is None or found[1] in known or not all(isinstance(each, RecordShape) for each in known.values()):
        return
    near = get_close_matches(found[1], known, n=1, cutoff=0.5)  # few names, so a distant one is a fair guess
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise InputError(f"no {what} {found[1][:60]!r}", f"{meant}{what}s: {', '.join(sorted(known))}")


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
