"""A session one works in: a timeline, perhaps with its file, and the steps that are taken in it.

The REPL keeps one open; a shell verb such as `fasm step` opens one for a single call. Every step is on disk before it
is reported. What can be done besides stepping is in the modules beside this one, as functions of a workbench: `travel`
(time), `look` (the state), `stops`, `going` (many steps), `reload`, `export`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from fasm_cli.contract.database import Tables
from fasm_cli.debugger import input_parser as typed
from fasm_cli.debugger.defer_sigint import defer_sigint
from fasm_cli.debugger.settings import Settings
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Crash, CrashPoint, Event, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.step_result import Emission, StepResult
from fasm_cli.errors import FasmError
from fasm_cli.project.project import Project
from fasm_cli.sessions import SNAPSHOT_EVERY
from fasm_cli.sessions.model import Mark, Marks
from fasm_cli.sessions.timeline import TakenStep, Timeline
from fasm_cli.types.codec import format_value

if TYPE_CHECKING:
    from fasm_cli.reports.steps import Finding, Pending, State, StepReport
    from fasm_cli.sessions import SessionFile


@dataclass(slots=True)
class ReplState:
    """What one person's sitting is about; it ends with the process."""

    last: "StepReport | None" = None  # what `expect` asks about
    last_problem: "FasmError | Finding | None" = None  # what `why` tells of
    typed: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    watching: bool = False  # reload when the machine's file was written
    depth: int = 0  # of lines that perform lines
    forward_target: int = 0  # the step one came from, going back: the way `forward` goes


class DebugSession:
    """A timeline of a machine; with `file`, each step is appended to it. `project` is where names are looked up."""

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
        """From the machine's initial state, in memory."""
        return cls(Timeline(engine, engine.initial()), None, project)

    def replace(self, other: "DebugSession") -> None:
        """Go on with what `other` holds; what was open here is closed."""
        self.close()
        self.timeline, self.file = other.timeline, other.file
        self.project, self.marks, self.loaded = other.project, other.marks, other.loaded
        self.repl_state.last, self.repl_state.forward_target = None, other.timeline.head

    def source_changed(self) -> bool:
        """Whether the machine's file was written since it was loaded."""
        return source_time(self.machine) != self.loaded

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def __enter__(self) -> "DebugSession":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- going forward ----------------------------------------------------------------------------------------

    def submit(self, text: str) -> "StepReport":
        """An input in constructor syntax."""
        return self.take(typed.read_input(self.machine, text))

    def complete(self, action: str, result: str) -> "StepReport":
        """The result of a tracked action, named by its handle (`1.1`) or its id."""
        return self.take(typed.read_completion(self.timeline, action, result))

    def redeliver(self, action: str, result: str = "") -> "StepReport":
        """The result of a completed action again, or another one."""
        return self.take(typed.read_redelivery(self.timeline, action, result))

    def crash(self, point: CrashPoint = CrashPoint.BETWEEN, at: int = 0) -> "StepReport":
        return self.take(Crash(point, at))

    def restore(self) -> "StepReport":
        return self.take(Restore())

    def take(self, event: Event) -> "StepReport":
        """Let `event` happen at the head and keep it."""
        return self.take_step(event)[0]

    def take_step(self, event: Event) -> "tuple[StepReport, StepResult]":
        """As `take`, with the step as it was."""
        from fasm_cli.reports.steps import step_report  # a prompt is drawn without what tells of steps

        timeline, before = self.timeline, self.timeline.now
        entry = timeline.try_event(event)  # the author's code: Ctrl-C takes it back
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
            if file.steps < entry.record.n:  # else a second Ctrl-C came when it was on the disk already
                self.timeline.undo_last(entry.record)
            raise

    def preview(self, text: str) -> "StepReport":
        """What an input would do; nothing is kept."""
        from fasm_cli.reports.steps import step_report

        before = self.timeline.now
        entry = self.timeline.preview(typed.read_input(self.machine, text))
        return step_report(self.timeline, entry, before, kept=False)

    def find(self, action: str) -> Emission:
        """The tracked action that a handle or an id names."""
        return typed.resolve_action(self.timeline, action)

    # --- going anywhere ---------------------------------------------------------------------------------------

    def move(self, step: int) -> None:
        """Put the head at `step`, which must be there; on the disk on return."""
        timeline = self.timeline
        if step == timeline.head:
            return
        start = timeline.head
        timeline.goto(step)  # may take steps again: the author's code
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
        """Pin something, or take it off; on the disk on return."""
        with defer_sigint():
            if self.file is not None:
                self.file.mark(mark)
            self.marks.add(mark)

    def branch_name(self, step: int | None = None) -> str:
        """The name of the branch that `step` (the head where None) is on."""
        branches = self.timeline.journal.branches
        branch = branches.branch_of(self.timeline.head if step is None else step)
        return self.marks.branches.get(branch) or branches.default_name(branch)

    # --- looking ----------------------------------------------------------------------------------------------

    def pending(self) -> "Pending":
        """The pending actions, oldest first."""
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
        """The committed state; the rows of a database beside the rest."""
        from fasm_cli.reports.steps import State

        state, name = self.timeline.now.state, self.machine.database
        plain = self.machine.encode_state(state)
        if not name:
            return State(self.timeline.head, format_value(state), plain)
        others = ", ".join(f"{key}={format_value(value)}" for key, value in vars(state).items() if key != name)
        rows = list(_rows(name, getattr(state, name)))
        return State(self.timeline.head, f"{type(state).__name__}({others})", plain, rows)


def _rows(database: str, tables: Tables) -> Iterator[str]:
    """Every row, by the path under which its changes are told."""
    for name in tables.by_name:
        rows = tables.table(name)
        yield from (f"{database}.{name}[{format_value(key)}]: {row!r}" for key, row in rows.items())
        if not rows:
            yield f"{database}.{name}: empty"


def source_time(machine: Machine) -> int:
    """When the machine's file was written last, in nanoseconds; 0 where that cannot be told."""
    try:
        return Path(machine.source).stat().st_mtime_ns
    except OSError:
        return 0
