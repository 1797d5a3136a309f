"""A debug session: a timeline of one machine, its optional file, and the steps that a person or a script executes.

The REPL keeps one session open; a command such as `fasm step` opens one for a single call. Every step is on disk before
it is reported. The other modules of this package are functions of a session: `navigate` (time), `inspect` (values),
`breakpoints`, `autoplay` (many steps), `reload` and `export`.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from fasm_cli.contract.database import Tables
from fasm_cli.contract.state_machine import TrackedActionCompleted
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Completion, Crash, CrashPoint, Event, InputReceived, Restore, decode_event, parse_ref
from fasm_cli.engine.machine import Machine, check_variant
from fasm_cli.engine.step_result import Emission, StepResult
from fasm_cli.errors import FasmError, InputError
from fasm_cli.project.project import Project
from fasm_cli.sessions.model import SNAPSHOT_EVERY, Mark, Marks
from fasm_cli.sessions.timeline import TakenStep, Timeline
from fasm_cli.types.codec import format_value

if TYPE_CHECKING:
    from fasm_cli.reports.steps import FindingReport, Pending, State, StepReport
    from fasm_cli.sessions.writer import SessionFile

FORMATS = ("text", "json")


@dataclass(slots=True)
class Settings:
    """How the REPL writes reports and reads keys; set by configuration files and the verb `set`."""

    format: str = "text"
    time: bool = False  # report how long each line took
    keys: str = "emacs"  # or vi: the editing mode in which a prompt begins


@dataclass(slots=True)
class ReplState:
    """What the REPL remembers between lines; it ends with the process."""

    last: "StepReport | None" = None  # the step that `expect` checks
    last_problem: "FasmError | FindingReport | None" = None  # the error or finding that `why` explains
    typed: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    watching: bool = False  # reload the machine when its file changes
    nesting: list[str] = field(default_factory=list)  # the lines being executed, outermost first
    forward_target: int = 0  # the step from which the head went back: `forward` leads to it


class DebugSession:
    """A timeline of a machine. If `file` is given, each step is appended to it; `project` resolves names of files."""

    def __init__(
        self,
        timeline: Timeline,
        file: "SessionFile | None" = None,
        project: Project | None = None,
    ) -> None:
        self.timeline = timeline
        self.file = file
        self.project = project or Project(Path())
        self.marks = Marks.of(file.stored.marks if file is not None else ())
        self.repl_state = ReplState(forward_target=timeline.head)
        self.loaded = source_time(timeline.machine)

    @property
    def engine(self) -> Engine:
        return self.timeline.engine

    @property
    def machine(self) -> Machine:
        return self.timeline.machine

    @classmethod
    def fresh(cls, engine: Engine, project: Project | None = None) -> "DebugSession":
        """Return a session in memory that begins in the machine's initial state."""
        return cls(Timeline(engine, engine.initial()), None, project)

    def replace(self, other: "DebugSession") -> None:
        """Close what is open here and continue with what `other` holds."""
        self.close()
        self.timeline, self.file = other.timeline, other.file
        self.project, self.marks, self.loaded = other.project, other.marks, other.loaded
        self.repl_state.last, self.repl_state.forward_target = None, other.timeline.head

    def source_changed(self) -> bool:
        """Whether the machine's file was written after the machine was loaded."""
        return source_time(self.machine) != self.loaded

    def close(self) -> None:
        """Close the session file, if there is one."""
        if self.file is not None:
            self.file.close()

    def __enter__(self) -> "DebugSession":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- executing events -------------------------------------------------------------------------------------

    def submit(self, text: str) -> "StepReport":
        """Send an input written as a constructor call. Raises `InputError`."""
        return self.step(read_input(self.machine, text))

    def complete(self, action: str, result: str) -> "StepReport":
        """Deliver the result of a tracked action, given by its ref (`1.1`) or its id. Raises `InputError`."""
        return self.step(read_completion(self.timeline, action, result))

    def redeliver(self, action: str, result: str = "") -> "StepReport":
        """Deliver the result of a completed action again, or `result` instead. Raises `InputError`."""
        return self.step(read_redelivery(self.timeline, action, result))

    def crash(self, point: CrashPoint = CrashPoint.BETWEEN, nth: int = 0) -> "StepReport":
        """Crash the process at `point`; `nth` counts actions or emissions for the points that have a count."""
        return self.step(Crash(point, nth))

    def restore(self) -> "StepReport":
        """Start the process again from the committed state."""
        return self.step(Restore())

    def step(self, event: Event) -> "StepReport":
        """Execute `event` at the head and append the step to the timeline and the file."""
        return self.step_with_result(event)[0]

    def step_with_result(self, event: Event) -> "tuple[StepReport, StepResult]":
        """Do what `step` does; return the engine's result together with the report."""
        from fasm_cli.reports.steps import step_report  # the prompt is drawn before report code is imported

        timeline, before = self.timeline, self.timeline.now
        entry = timeline.try_event(event)  # author code: Ctrl-C discards the step
        with defer_sigint():
            timeline.append(entry)
            if self.file is not None:
                self._append(self.file, entry)
            self.repl_state.forward_target = entry.record.n
            fork = self.branch_name(entry.record.n) if entry.forks else ""
            self.repl_state.last = step_report(timeline, entry, before, fork=fork)
        return self.repl_state.last, entry.step

    def _append(self, file: "SessionFile", entry: TakenStep) -> None:
        snapshot = entry.record.n % SNAPSHOT_EVERY == 0
        try:
            file.append(entry.record, self.machine.encode_state(entry.state) if snapshot else None)
        except BaseException:
            if file.steps < entry.record.n:  # otherwise a second Ctrl-C came when the step was already on disk
                self.timeline.undo_last(entry.record)
            raise

    def preview(self, text: str) -> "StepReport":
        """Report what an input would do, and store nothing. Raises `InputError`."""
        from fasm_cli.reports.steps import step_report

        before = self.timeline.now
        entry = self.timeline.preview(read_input(self.machine, text))
        return step_report(self.timeline, entry, before, kept=False)

    def find_action(self, action: str) -> Emission:
        """Return the tracked action with this ref or id. Raises `InputError`."""
        return resolve_action(self.timeline, action)

    # --- moving and marking -----------------------------------------------------------------------------------

    def move(self, step: int) -> None:
        """Put the head at `step`, which must exist. On return the new head is on disk."""
        timeline = self.timeline
        if step == timeline.head:
            return
        start = timeline.head
        timeline.goto(step)  # may replay steps, that is, run author code
        with defer_sigint():
            if self.file is not None:
                try:
                    self.file.goto(step)
                except BaseException:
                    timeline.head = start
                    raise
            if not timeline.journal.is_ancestor(step, self.repl_state.forward_target):
                self.repl_state.forward_target = timeline.journal.branches.tips[
                    timeline.journal.branches.branch_of(step)
                ]

    def mark(self, mark: Mark) -> None:
        """Add a mark, or remove one. On return the change is on disk."""
        with defer_sigint():
            if self.file is not None:
                self.file.mark(mark)
            self.marks.add(mark)

    def branch_name(self, step: int | None = None) -> str:
        """Return the name of the branch that holds `step` (default: the head)."""
        branches = self.timeline.journal.branches
        branch = branches.branch_of(self.timeline.head if step is None else step)
        return self.marks.branches.get(branch) or branches.default_name(branch)

    # --- reports ----------------------------------------------------------------------------------------------

    def pending(self) -> "Pending":
        """Report the pending actions, oldest first."""
        from fasm_cli.reports.steps import Pending, PendingLine

        now = self.timeline.now
        items = [
            PendingLine(
                str(each.ref),
                format_value(id),
                format_value(each.tracked.action),
                self.machine.encode_action(each.tracked),
                each.first.step,
            )
            for id, each in now.pending.items()
        ]
        return Pending(items, now.running)

    def state(self) -> "State":
        """Report the committed state; the rows of a database are listed separately."""
        from fasm_cli.reports.steps import State

        state, name = self.timeline.now.state, self.machine.database
        plain = self.machine.encode_state(state)
        if not name:
            return State(self.timeline.head, format_value(state), plain)
        others = ", ".join(f"{key}={format_value(value)}" for key, value in vars(state).items() if key != name)
        rows = list(_format_rows(name, getattr(state, name)))
        return State(self.timeline.head, f"{type(state).__name__}({others})", plain, rows)


def _format_rows(database: str, tables: Tables) -> Iterator[str]:
    """Yield every row after the path that a diff would give it."""
    for name in tables.by_name:
        rows = tables.table(name)
        yield from (f"{database}.{name}[{format_value(key)}]: {row!r}" for key, row in rows.items())
        if not rows:
            yield f"{database}.{name}: empty"


def source_time(machine: Machine) -> int:
    """Return the modification time of the machine's file in nanoseconds, or 0 if the file cannot be read."""
    try:
        return Path(machine.source).stat().st_mtime_ns
    except OSError:
        return 0


@contextmanager
def defer_sigint() -> Iterator[None]:
    """Delay Ctrl-C to the end of the block, so that a step is both in memory and on disk, or in neither.

    A second Ctrl-C interrupts at once, in case the disk never answers. Author code must not run inside the block: the
    first Ctrl-C has to stop code that never ends.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield  # another handler is installed, or no signal arrives in this thread: nothing raises inside the block
        return
    interrupted = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            signal.default_int_handler(number, frame)
        interrupted = True

    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if interrupted:
            raise KeyboardInterrupt


def read_input(machine: Machine, text: str) -> Event:
    """Parse `Name(field=value)`, or `TrackedActionCompleted(id=…, result=…)` for an action that was never emitted."""
    name = TrackedActionCompleted.__name__
    if (
        text.lstrip().startswith(f"{name}(")
        and machine.result_schema is not None
        and machine.action_id_schema is not None
    ):
        id, result = machine.codec.parser.arguments(text, name, ("id", "result"))
        return Completion(
            None,
            machine.codec.validate(machine.action_id_schema, id),
            machine.codec.validate(machine.result_schema, result),
        )
    check_variant(machine.input_schema, text, "input")
    return InputReceived(machine.codec.parse(machine.input_schema, text))


def read_completion(timeline: Timeline, action: str, result: str) -> Event:
    """Parse the result of the tracked action with the ref (`1.1`) or id `action`."""
    machine = timeline.machine
    if machine.result_schema is None:
        raise InputError(f"{machine.name} has no tracked actions to complete")
    emission = resolve_action(timeline, action)
    check_variant(machine.result_schema, result, "result")
    return Completion(emission.ref, emission.tracked.id, machine.codec.parse(machine.result_schema, result))


def read_redelivery(timeline: Timeline, action: str, result: str) -> Event:
    """Return the completion of `action` once more, or one with another `result`, as a message broker may deliver it."""
    machine = timeline.machine
    if machine.result_schema is None or machine.action_id_schema is None:
        raise InputError(f"{machine.name} has no tracked actions")
    key, wanted = "of", action
    if "." not in action:
        id = machine.codec.parse(machine.action_id_schema, action)
        key, wanted = "id", machine.codec.encode(machine.action_id_schema, id)
    newest = (timeline.journal[n].event for n in reversed(timeline.journal.ancestor_numbers(timeline.head)))
    given = (each for each in newest if each.get("type") == "completion" and "of" in each and each[key] == wanted)
    last = next(given, None)
    if last is None:
        raise InputError(f"{action[:60]} has no result to deliver again", "usage: redeliver ACTION [RESULT]")
    before = decode_event(machine, last, timeline.id_of)
    if not result:
        return before
    check_variant(machine.result_schema, result, "result")
    assert isinstance(before, Completion)
    return Completion(before.of, before.id, machine.codec.parse(machine.result_schema, result))


def resolve_action(timeline: Timeline, action: str) -> Emission:
    """Return the tracked action with the ref or id `action`. A ref may name an action that is no longer pending."""
    now, machine = timeline.now, timeline.machine
    if machine.action_id_schema is None:
        raise InputError(f"{machine.name} has no tracked actions")
    known = ", ".join(f"{each.ref} (id {format_value(id)})" for id, each in now.pending.items()) or "nothing"
    if "." in action and action.replace(".", "").replace("@", "").isdigit():
        ref = parse_ref(action)
        try:
            emission = timeline.emission(ref)
        except KeyError:
            raise InputError(f"no tracked action {action}", f"pending: {known}") from None
        if not timeline.journal.is_ancestor(ref.step, timeline.head):
            raise InputError(f"{action} was not emitted on this branch", f"pending: {known}")
        return emission
    id = machine.codec.parse(machine.action_id_schema, action)
    if id not in now.pending:
        raise InputError(f"no pending action has the id {format_value(id)}", f"pending: {known}")
    return now.pending[id]
