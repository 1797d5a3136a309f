"""Steps that fork and are never lost: the history of one session, with a head that can be moved.

A `Timeline` holds plain records and, for those that were lived through, the moment they led to. A moment that is
missing (the file was just opened, a long way back) is found by running the events again from the nearest one that is
there, and a record that does not come out the same is a divergence: the session no longer fits its machine.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import ActionRef, Completion, Event, InputReceived, decode_event
from fasm_cli.engine.laws import Violation, first_violation
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.memory_store import open_store
from fasm_cli.engine.process import Process
from fasm_cli.engine.process_state import ArmedFault, ProcessState
from fasm_cli.engine.records import Record, apply_record, decode_action, record_step
from fasm_cli.engine.step_result import Emission, Outcome, StepResult
from fasm_cli.errors import InputError, SessionError
from fasm_cli.sessions.branches import Branches
from fasm_cli.sessions.step_log import History
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
    """A step that was just taken: what is kept of it, what it was, and what it broke."""

    record: Record
    step: StepResult
    state: Any
    violation: Violation | None
    forks: bool = False  # it started a branch


class Timeline:
    """The history of one machine from `initial`; `head` is the number of the step that comes before the next one.

    `snapshots` are plain states by step number, known from elsewhere: nothing before one is run again to go there.
    Where the process stood then is told from the records before it, back to the nearest step `standings` knows it of.
    """

    def __init__(
        self,
        machine: Machine,
        initial: Any,
        records: Iterable[Record] | History = (),
        snapshots: Mapping[int, Any] | None = None,
        standings: Mapping[int, ProcessState] | None = None,
    ) -> None:
        self.machine = machine
        self.records = records if isinstance(records, History) else History(records)
        self.branches = Branches(self.records.parents())
        self._snapshots = snapshots or {}
        self._standings = standings or {}
        self._moments: dict[int, Snapshot] = {0: Snapshot(initial)}
        self._process: tuple[int, Process] | None = None  # the one that took the last step
        self.last = len(self.records)  # the highest number given to a step, on any branch
        self.head = self.last

    def _load_snapshot(self, n: int) -> None:
        """Take the state after step `n` from its snapshot. Raises `SessionError` where that does not fit."""
        try:
            state = self.machine.decode_state(self._snapshots[n])
            process = self._process_state(n)
            emissions = [
                replace(each, tracked=self._action(each.step, each.position)) for each in process.pending.values()
            ]
        except DecodeError as wrong:
            raise SessionError(f"step {n} does not fit {self.machine.name}: {wrong}", _DIVERGED) from None
        pending = {each.tracked.id: each for each in emissions}
        self._moments[n] = Snapshot(state, ProcessState(pending, process.running, process.armed_fault))

    def _process_state(self, n: int) -> ProcessState:
        """Where the process stands after step `n`, from the records alone. Raises `DecodeError`."""
        since = []
        while n and n not in self._standings:
            since.append(n)
            n = self.records.parent(n)
        state = self._standings[n].copy() if n else ProcessState()
        for number in reversed(since):
            apply_record(state, self.records[number])
        return state

    @property
    def now(self) -> Snapshot:
        return self.moment(self.head)

    def ancestors(self, n: int | None = None) -> list[Record]:
        """The records that lead from the initial state to step `n` (the head where None)."""
        return self.records.ancestors(self.head if n is None else n)

    def is_ancestor(self, n: int, to: int) -> bool:
        """Whether step `n` is on the way from the initial state to step `to`, or is it."""
        while to > n:
            to = self.records.parent(to)
        return to == n

    def steps_between(self, n: int, to: int) -> list[int]:
        """The steps after `n` that lead to `to`; `n` must lead there."""
        out = []
        while to != n:
            out.append(to)
            to = self.records.parent(to)
        return out[::-1]

    def goto(self, n: int) -> None:
        """Move the head; the steps after it stay where they are."""
        if n != 0 and n not in self.records:
            raise InputError(f"no step {n}", f"steps go from 0 to {self.last}")
        self.moment(n)
        self.head = n

    def step(self, event: Event) -> TakenStep:
        """Let `event` happen at the head. A head in the past starts a branch."""
        return self.append(self.execute(event))

    def execute(self, event: Event) -> TakenStep:
        """What comes of `event` at the head, to be kept or not."""
        return self._run(self.now, event, self.last + 1, self.head)

    def append(self, entry: TakenStep) -> TakenStep:
        """Put what has just happened at the head behind it."""
        self.records.add(entry.record)
        entry.forks = self.branches.add(entry.record.n, entry.record.parent)
        self.head = self.last = entry.record.n
        return entry

    def undo_last(self, record: Record) -> None:
        """Take back a step that could not be written down; it must be the last one."""
        self.records.remove(record.n)
        self.branches.forget(record.n, record.parent)
        del self._moments[record.n]
        self._process = None
        self.head, self.last = record.parent, record.n - 1

    def replay(self, record: Record) -> TakenStep:
        """Let the event of a record from elsewhere happen under the same number and parent. Raises `Mismatch` where
        it does not fit the machine."""
        event = decode_event(self.machine, record.event, self.id_of)
        entry = self._run(self.moment(record.parent), event, record.n, record.parent)
        self.records.add(entry.record)
        self.branches.add(record.n, record.parent)
        self.head, self.last = record.n, max(self.last, record.n)
        return entry

    def evict(self, n: int) -> None:
        """Nothing is taken from step `n` any more: what it led to need not be kept."""
        if n != 0:
            self._moments.pop(n, None)

    def preview(self, event: Event) -> TakenStep:
        """What `take` would give; nothing is kept."""
        entry = self.execute(event)
        del self._moments[entry.record.n]
        self._process = None
        return entry

    def _run(self, before: Snapshot, event: Event, number: int, parent: int) -> TakenStep:
        process, self._process = self._process_after(parent, before), None
        step = process.step(event, number)
        after = process.store.committed
        changed = [str(change) for change in diff_values(before.state, after)]
        violation = first_violation(process, step, before.state)
        record = record_step(self.machine, step, parent, after, changed, violation.law if violation else "")
        commits = step.outcome is Outcome.COMMITTED and type(event) in (InputReceived, Completion)
        state = after if commits else before.state  # what did not change is kept once
        self._moments[number] = Snapshot(state, process.state.copy())
        self._process = (number, process)
        return TakenStep(record, step, after, violation)

    def _process_after(self, n: int, moment: Snapshot) -> Process:
        """The process that took step `n` last, where it is still there; else one like it.

        Going on with it matters: only then is it seen that what a step gave out was changed by a later one.
        """
        if self._process is not None and self._process[0] == n:
            return self._process[1]
        return Process(self.machine, open_store(self.machine, moment.state), moment.process.copy())

    @property
    def process(self) -> Process:
        """The process at the head, to be looked at only."""
        return self._process_after(self.head, self.now)

    def moment(self, n: int) -> Snapshot:
        """What there was after step `n`. Raises `SessionError` where running the steps again gives something else."""
        missing = []
        while n not in self._moments and n not in self._snapshots:
            missing.append(n)
            n = self.records.parent(n)
        if n not in self._moments:
            self._load_snapshot(n)
        for number in reversed(missing):
            self._reexecute(self.records[number])
        return self._moments[missing[0] if missing else n]

    def _reexecute(self, record: Record) -> None:
        before = self._moments[record.parent]
        try:
            event = decode_event(self.machine, record.event, self.id_of)
        except DecodeError as wrong:
            raise SessionError(f"step {record.n} does not fit {self.machine.name}: {wrong}", _DIVERGED) from None
        entry = self._run(before, event, record.n, record.parent)
        if not record.same_outcome_as(entry.record):
            del self._moments[record.n]
            raise SessionError(f"step {record.n} {difference(record, entry.record)}", _DIVERGED)

    def id_of(self, ref: ActionRef) -> Any:
        """The id under which the action `ref` was emitted. Raises KeyError."""
        return self.emitted(ref).id

    def emitted(self, ref: ActionRef) -> Tracked:
        """The tracked action `ref`. Raises `KeyError` if that step emitted no such action."""
        return self.emission(ref).tracked

    def emission(self, ref: ActionRef) -> Emission:
        """The emission that `ref` names: by the place in its step, or, of an action that a restore emitted again, by
        its first emission. Raises `KeyError`."""
        if not ref.again:
            return Emission(ref, self._action(ref.step, ref.index), ref, ref.step, ref.index)
        id = self._action(ref.step, ref.index).id
        record = self.records.get(ref.again)
        for position in range(1, len(record.actions) + 1) if record is not None else ():
            with suppress(KeyError):
                action = self._action(ref.again, position)
                if action.id == id:
                    return Emission(ref, action, ref.first, ref.again, position)
        raise KeyError(ref)

    def _action(self, step: int, position: int) -> Tracked:
        """The tracked action at `position` of `step`. Raises `KeyError`."""
        record = self.records.get(step)
        if record is None or not 1 <= position <= len(record.actions):
            raise KeyError(step, position)
        action = decode_action(self.machine, record.actions[position - 1])
        if not isinstance(action, Tracked):
            raise KeyError(step, position)
        return action


_DIVERGED = "the machine has changed since; `fasm replay` shows the whole difference"


def difference(recorded: Record, now: Record) -> str:
    """In what two records of one event differ, in words: `was committed, is rejected (InsufficientPoints(…))`."""
    if recorded.outcome != now.outcome or recorded.error != now.error:
        return f"was {_outcome(recorded)}, is {_outcome(now)}"
    if recorded.actions != now.actions:
        return f"emitted {len(recorded.actions)} actions that are not the {len(now.actions)} it emits now"
    was, is_now = (", ".join(record.changed_paths) or "nothing" for record in (recorded, now))
    return f"led to another state: it changed {was}; now {is_now}"


def _outcome(record: Record) -> str:
    return f"{record.outcome} ({record.error})" if record.error else record.outcome
