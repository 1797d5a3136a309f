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
from fasm_cli.debugger.defer_sigint import whole
from fasm_cli.debugger.settings import Settings
from fasm_cli.engine.events import Crash, Event, Point, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.step_result import Emission, Step
from fasm_cli.errors import FasmError
from fasm_cli.project.project import Project
from fasm_cli.sessions.pins import Mark, Marks
from fasm_cli.sessions.timeline import Entry, Timeline
from fasm_cli.types.codec import render

if TYPE_CHECKING:
    from fasm_cli.reports.step import Finding, Pending, State, Stepped
    from fasm_cli.sessions import SessionFile

SNAPSHOT_EVERY = 50  # steps between two states kept whole: what opening a session has to run again at most


@dataclass(slots=True)
class Memo:
    """What one person's sitting is about; it ends with the process."""

    last: "Stepped | None" = None  # what `expect` asks about
    trouble: "FasmError | Finding | None" = None  # what `why` tells of
    typed: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    watching: bool = False  # reload when the machine's file was written
    depth: int = 0  # of lines that perform lines
    walked: int = 0  # the step one came from, going back: the way `forward` goes


class Workbench:
    """A timeline of `machine`; with `file`, each step is appended to it. `project` is where names are looked up."""

    def __init__(
        self,
        machine: Machine,
        timeline: Timeline,
        file: "SessionFile | None" = None,
        project: Project | None = None,
    ) -> None:
        self.machine = machine
        self.timeline = timeline
        self.file = file
        self.project = project or Project(Path())
        self.marks = Marks.of(file.stored.marks if file is not None else ())
        self.memo = Memo(walked=timeline.head)
        self.loaded = source_time(machine)

    @classmethod
    def fresh(cls, machine: Machine, project: Project | None = None) -> "Workbench":
        """From the machine's initial state, in memory."""
        return cls(machine, Timeline(machine, machine.initial()), None, project)

    def replace(self, other: "Workbench") -> None:
        """Go on with what `other` holds; what was open here is closed."""
        self.close()
        self.machine, self.timeline, self.file = other.machine, other.timeline, other.file
        self.project, self.marks, self.loaded = other.project, other.marks, other.loaded
        self.memo.last, self.memo.walked = None, other.timeline.head

    def stale(self) -> bool:
        """Whether the machine's file was written since it was loaded."""
        return source_time(self.machine) != self.loaded

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- going forward ----------------------------------------------------------------------------------------

    def submit(self, text: str) -> "Stepped":
        """An input in constructor syntax."""
        return self.take(typed.read_input(self.machine, text))

    def complete(self, action: str, result: str) -> "Stepped":
        """The result of a tracked action, named by its handle (`1.1`) or its id."""
        return self.take(typed.read_completion(self.timeline, action, result))

    def redeliver(self, action: str, result: str = "") -> "Stepped":
        """The result of a completed action again, or another one."""
        return self.take(typed.read_redelivery(self.timeline, action, result))

    def crash(self, point: Point = Point.BETWEEN, at: int = 0) -> "Stepped":
        return self.take(Crash(point, at))

    def restore(self) -> "Stepped":
        return self.take(Restore())

    def take(self, event: Event) -> "Stepped":
        """Let `event` happen at the head and keep it."""
        return self.take_step(event)[0]

    def take_step(self, event: Event) -> "tuple[Stepped, Step]":
        """As `take`, with the step as it was."""
        from fasm_cli.reports.step_view import stepped  # a prompt is drawn without what tells of steps

        timeline, before = self.timeline, self.timeline.now
        entry = timeline.happen(event)  # the author's code: Ctrl-C takes it back
        with whole():
            timeline.keep(entry)
            if self.file is not None:
                self._append(self.file, entry)
            self.memo.walked = entry.record.n
            fork = self.branch_name(entry.record.n) if entry.forks else ""
            self.memo.last = stepped(timeline, entry, before, fork=fork)
        return self.memo.last, entry.step

    def _append(self, file: "SessionFile", entry: Entry) -> None:
        snapshot = entry.record.n % SNAPSHOT_EVERY == 0
        try:
            file.append(entry.record, self.machine.encode_state(entry.state) if snapshot else None)
        except BaseException:
            if file.steps < entry.record.n:  # else a second Ctrl-C came when it was on the disk already
                self.timeline.forget(entry.record)
            raise

    def preview(self, text: str) -> "Stepped":
        """What an input would do; nothing is kept."""
        from fasm_cli.reports.step_view import stepped

        before = self.timeline.now
        entry = self.timeline.preview(typed.read_input(self.machine, text))
        return stepped(self.timeline, entry, before, kept=False)

    def find(self, action: str) -> Emission:
        """The tracked action that a handle or an id names."""
        return typed.find(self.timeline, action)

    # --- going anywhere ---------------------------------------------------------------------------------------

    def move(self, step: int) -> None:
        """Put the head at `step`, which must be there; on the disk on return."""
        timeline = self.timeline
        if step == timeline.head:
            return
        start = timeline.head
        timeline.goto(step)  # may take steps again: the author's code
        with whole():
            if self.file is not None:
                try:
                    self.file.goto(step)
                except BaseException:
                    timeline.head = start
                    raise
            if not timeline.leads(step, self.memo.walked):
                self.memo.walked = timeline.branches.tips[timeline.branches.of(step)]

    def mark(self, mark: Mark) -> None:
        """Pin something, or take it off; on the disk on return."""
        with whole():
            if self.file is not None:
                self.file.mark(mark)
            self.marks.add(mark)

    def branch_name(self, step: int | None = None) -> str:
        """The name of the branch that `step` (the head where None) is on."""
        branches = self.timeline.branches
        branch = branches.of(self.timeline.head if step is None else step)
        return self.marks.branches.get(branch) or branches.given_name(branch)

    # --- looking ----------------------------------------------------------------------------------------------

    def pending(self) -> "Pending":
        """The pending actions, oldest first."""
        from fasm_cli.reports.step import Pending, PendingLine

        now = self.timeline.now
        items = [
            PendingLine(
                str(each.ref),
                render(id),
                render(each.tracked.action),
                self.machine.encode_action(each.tracked),
                each.since,
            )
            for id, each in now.pending.items()
        ]
        return Pending(items, now.up)

    def state(self) -> "State":
        """The committed state; the rows of a database beside the rest."""
        from fasm_cli.reports.step import State

        state, name = self.timeline.now.state, self.machine.database
        plain = self.machine.encode_state(state)
        if not name:
            return State(self.timeline.head, render(state), plain)
        others = ", ".join(f"{key}={render(value)}" for key, value in vars(state).items() if key != name)
        rows = list(_rows(name, getattr(state, name)))
        return State(self.timeline.head, f"{type(state).__name__}({others})", plain, rows)


def _rows(database: str, tables: Tables) -> Iterator[str]:
    """Every row, by the path under which its changes are told."""
    for name in tables.found:
        rows = tables.table(name)
        yield from (f"{database}.{name}[{render(key)}]: {row!r}" for key, row in rows.items())
        if not rows:
            yield f"{database}.{name}: empty"


def source_time(machine: Machine) -> int:
    """When the machine's file was written last, in nanoseconds; 0 where that cannot be told."""
    try:
        return Path(machine.source).stat().st_mtime_ns
    except OSError:
        return 0
