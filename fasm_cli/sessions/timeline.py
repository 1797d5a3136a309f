"""A machine with its journal: it executes steps anywhere in the journal and knows what was there after each of them.

A `Snapshot` is the state and the process state after one step. Snapshots of recent steps are kept; any other is found
by executing the recorded events again from the nearest one. A record whose outcome differs then is a divergence: the
session no longer fits its machine.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import ActionRef, Completion, Event, InputReceived, decode_event
from fasm_cli.engine.laws import Violation, first_violation
from fasm_cli.engine.process import ArmedFault, Process, ProcessState
from fasm_cli.engine.records import Record, decode_action, record_step
from fasm_cli.engine.replayer import CannotReplay, replay
from fasm_cli.engine.step_result import Emission, Outcome, StepResult
from fasm_cli.errors import InputError, SessionError
from fasm_cli.sessions.journal import Journal
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.diff import diff_values


@dataclass(slots=True)
class Snapshot:
    """A process between two steps: its committed state and where it stands. Never changed once made."""

    state: Any
    process: ProcessState = field(default_factory=ProcessState)

    @property
    def pending(self) -> dict[Any, Emission]:
        """The emissions of the pending tracked actions by id, oldest first."""
        return self.process.pending

    @property
    def running(self) -> bool:
        """Whether the process runs and has not crashed."""
        return self.process.running

    @property
    def armed_fault(self) -> ArmedFault | None:
        """The fault that waits for the next transition or restore."""
        return self.process.armed_fault


@dataclass(slots=True)
class TakenStep:
    """A step that was just executed: its record, its result, the committed state after it, and what it violated."""

    record: Record
    step: StepResult
    state: Any
    violation: Violation | None
    forks: bool = False  # it started a branch


class Timeline:
    """The journal of one machine from `initial`; the next step follows step `head`."""

    def __init__(self, engine: Engine, initial: Any, journal: Journal | Iterable[Record] = ()) -> None:
        self.engine = engine
        self.machine = engine.machine
        self.journal = journal if isinstance(journal, Journal) else Journal(journal)
        self._snapshots: dict[int, Snapshot] = {0: Snapshot(initial)}
        self._process: tuple[int, Process] | None = None  # the one that executed the last step
        self.last = len(self.journal)  # the highest number of a step, on any branch
        self.head = self.last

    # --- looking ----------------------------------------------------------------------------------------------

    @property
    def now(self) -> Snapshot:
        """The snapshot at the head. Raises `SessionError` if the session no longer fits its machine."""
        return self.snapshot(self.head)

    @property
    def process(self) -> Process:
        """The process at the head, for reading only."""
        return self._process_after(self.head, self.now)

    def ancestors(self, n: int | None = None) -> list[Record]:
        """The records from the initial state to step `n`, or to the head."""
        return self.journal.ancestors(self.head if n is None else n)

    def snapshot(self, n: int) -> Snapshot:
        """What there was after step `n`. Raises `SessionError` if executing the steps again leads elsewhere."""
        if n in self._snapshots:
            return self._snapshots[n]
        missing = []
        while n not in self._snapshots and n not in self.journal.snapshots:
            missing.append(n)
            n = self.journal.parent(n)
        if n not in self._snapshots:
            self._snapshots[n] = self._load_snapshot(n)
        try:
            for recorded, taken in replay(self, (self.journal[number] for number in reversed(missing))):
                n = recorded.n
                if not recorded.same_outcome_as(taken.record):
                    del self._snapshots[n]
                    raise SessionError(f"step {n} {difference(recorded, taken.record)}", _DIVERGED)
        except CannotReplay as failed:
            text = f"step {failed.recorded.n} does not fit {self.machine.name}: {failed.reason}"
            raise SessionError(text, _DIVERGED) from None
        return self._snapshots[n]

    def _load_snapshot(self, n: int) -> Snapshot:
        """The stored snapshot after step `n`. Raises `SessionError` if it does not fit the machine."""
        try:
            state = self.engine.decode_state(self.journal.snapshots[n])
            process = self.journal.process_state(n)
            emissions = [
                replace(each, tracked=self._action(each.step, each.position)) for each in process.pending.values()
            ]
        except DecodeError as wrong:
            raise SessionError(f"step {n} does not fit {self.machine.name}: {wrong}", _DIVERGED) from None
        pending = {each.tracked.id: each for each in emissions}
        return Snapshot(state, ProcessState(pending, process.running, process.armed_fault))

    def id_of(self, ref: ActionRef) -> Any:
        """The id under which the action was emitted. Raises `KeyError`."""
        return self.emission(ref).tracked.id

    def emission(self, ref: ActionRef) -> Emission:
        """The emission that `ref` names: by its place in a step, or, of an action that a restore emitted again, by its
        first emission. Raises `KeyError`."""
        if not ref.again:
            return Emission(ref, self._action(ref.step, ref.index), ref, ref.step, ref.index)
        id = self._action(ref.step, ref.index).id
        record = self.journal.get(ref.again)
        for position in range(1, len(record.actions) + 1) if record is not None else ():
            with suppress(KeyError):
                action = self._action(ref.again, position)
                if action.id == id:
                    return Emission(ref, action, ref.first, ref.again, position)
        raise KeyError(ref)

    def _action(self, step: int, position: int) -> Tracked:
        """The tracked action at `position` of `step`. Raises `KeyError`."""
        record = self.journal.get(step)
        if record is None or not 1 <= position <= len(record.actions):
            raise KeyError(step, position)
        action = decode_action(self.machine, record.actions[position - 1])
        if not isinstance(action, Tracked):
            raise KeyError(step, position)
        return action

    # --- moving and stepping ----------------------------------------------------------------------------------

    def goto(self, n: int) -> None:
        """Move the head. No step is removed. Raises `InputError` if there is no step `n`."""
        if n != 0 and n not in self.journal:
            raise InputError(f"no step {n}", f"steps go from 0 to {self.last}")
        self.snapshot(n)
        self.head = n

    def step(self, event: Event) -> TakenStep:
        """Execute `event` at the head and append it. If the head is in the past, this starts a branch."""
        return self.append(self.try_event(event))

    def try_event(self, event: Event) -> TakenStep:
        """Execute `event` at the head; the caller decides whether to `append` it."""
        return self._run(self.now, event, self.last + 1, self.head)

    def append(self, taken: TakenStep) -> TakenStep:
        """Append the step that `try_event` has just executed, and move the head to it."""
        taken.forks = self.journal.append(taken.record)
        self.head = self.last = taken.record.n
        return taken

    def undo_last(self, record: Record) -> None:
        """Remove the last step, because it could not be saved."""
        self.journal.remove_last(record)
        del self._snapshots[record.n]
        self._process = None
        self.head, self.last = record.parent, record.n - 1

    def preview(self, event: Event) -> TakenStep:
        """What `step` would return; nothing is kept."""
        taken = self.try_event(event)
        del self._snapshots[taken.record.n]
        self._process = None
        return taken

    def replay(self, records: Iterable[Record]) -> Iterator[tuple[Record, TakenStep]]:
        """Execute and append records from elsewhere under their own numbers and parents. Yields each with the result of
        it. Raises `CannotReplay` for one that does not fit the machine."""
        for recorded, taken in replay(self, records):
            self.journal.append(taken.record)
            self.head, self.last = recorded.n, max(self.last, recorded.n)
            yield recorded, taken

    def evict(self, n: int) -> None:
        """Drop the snapshot after step `n`, which no later step follows."""
        if n != 0:
            self._snapshots.pop(n, None)

    def resolve(self, recorded: Record) -> Event | None:
        """The event of a record, about the action of this journal that it names. Raises `DecodeError`."""
        return decode_event(self.machine, recorded.event, self.id_of)

    def execute(self, recorded: Record, event: Event) -> TakenStep:
        """Execute `event` after the parent of a record, under the record's number; nothing is appended."""
        return self._run(self.snapshot(recorded.parent), event, recorded.n, recorded.parent)

    def _run(self, before: Snapshot, event: Event, number: int, parent: int) -> TakenStep:
        process, self._process = self._process_after(parent, before), None
        step = process.step(event, number)
        after = process.store.committed
        changed = [str(change) for change in diff_values(before.state, after)]
        violation = first_violation(process, step, before.state)
        record = record_step(self.machine, step, parent, after, changed, violation.law if violation else "")
        commits = step.outcome is Outcome.COMMITTED and type(event) in (InputReceived, Completion)
        state = after if commits else before.state  # keep one object for a state that did not change
        self._snapshots[number] = Snapshot(state, process.state.copy())
        self._process = (number, process)
        return TakenStep(record, step, after, violation)

    def _process_after(self, n: int, snapshot: Snapshot) -> Process:
        """The process that executed step `n`, if it is still there, or one like it.

        Only the same process notices that a value which an earlier step handed out was changed by a later one.
        """
        if self._process is not None and self._process[0] == n:
            return self._process[1]
        return self.engine.start(snapshot.state, snapshot.process.copy())


_DIVERGED = "the machine has changed since; `fasm replay` shows the whole difference"


def difference(recorded: Record, now: Record) -> str:
    """How two records of one event differ: `was committed, is rejected (InsufficientPoints(…))`."""
    if recorded.outcome != now.outcome or recorded.error != now.error:
        return f"was {_outcome(recorded)}, is {_outcome(now)}"
    if recorded.actions != now.actions:
        return f"emitted {len(recorded.actions)} actions that are not the {len(now.actions)} it emits now"
    was, is_now = (", ".join(record.changed_paths) or "nothing" for record in (recorded, now))
    return f"led to another state: it changed {was}; now {is_now}"


def _outcome(record: Record) -> str:
    return f"{record.outcome} ({record.error})" if record.error else record.outcome
