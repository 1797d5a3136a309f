"""One step: the only place that calls `stf` and `restore`.

A `Process` is a machine with its committed state, up or down. Keyboard, seed, file, shrinker and explorer feed it
events; whoever wants to know what happened reads the `Step` that comes back. An STF that fails leaves no trace in
the state, whatever it did before it failed.
"""

from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from fasm_cli.core.codec import Mismatch
from fasm_cli.core.event import Complete, Crash, Event, Ref, Restore, Submit
from fasm_cli.core.machine import Machine
from fasm_cli.core.model import (
    Action,
    Actions,
    Input,
    Normal,
    RestoreError,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
)


class Outcome(StrEnum):
    COMMITTED = "committed"
    REJECTED = "rejected"  # a TransitionError or RestoreError
    DEFECT = "defect"  # any other exception, or a value that cannot be stored
    SKIPPED = "skipped"  # the event does not apply here


class Defect(Exception):
    """A fault of the machine that is not an exception of its own: what it did and what to write."""


@dataclass(slots=True)
class Emission:
    """A pending tracked action, the step that emitted it last, and the first one that did."""

    ref: Ref
    tracked: Tracked
    since: int


@dataclass(slots=True)
class Step:
    """What one event led to."""

    number: int
    event: Event
    outcome: Outcome
    error: BaseException | None = None
    actions: tuple[Action, ...] = ()
    dirty: bool = False  # the state had been changed by a transition that failed (undone), or by restore
    missing: tuple[Any, ...] = ()  # pending ids that restore did not emit again
    why: str = ""  # why the event was skipped


class Store(Protocol):
    """Where a machine's state lives. `begin` gives the state to work on; then exactly one of the others follows."""

    def begin(self) -> Any: ...
    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        """Keep the state as it is now. Gives the actions to emit; raises `Mismatch` where either cannot be stored."""
        ...

    def rollback(self) -> bool:
        """Forget what was done since `begin`; true where anything had been."""
        ...


class Memory:
    """State in memory with a committed copy beside it: exact at the cost of a copy for each commit."""

    def __init__(self, machine: Machine, state: Any) -> None:
        self._machine = machine
        self._copy = machine.copiers.of(machine.state)
        self.committed = self._copy(state)
        self._live = self._copy(state)

    def begin(self) -> Any:
        return self._live

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        self._machine.encode_state(self._live)
        fixed = tuple(self._machine.fixed(action) for action in actions)
        self.committed = self._copy(self._live)
        return fixed

    def rollback(self) -> bool:
        try:
            before, after = map(self._machine.encode_state, (self.committed, self._live))
            changed = bool(before != after)
        except Mismatch:
            changed = True
        self._live = self._copy(self.committed)
        return changed


class Process:
    """A machine that is running, or has crashed and waits for `Restore`.

    `pending` maps the id of every tracked action that has no accepted result to where it was emitted, oldest first.
    """

    __slots__ = ("machine", "store", "pending", "up", "number", "_actions")

    def __init__(self, machine: Machine, store: Store, number: int = 0) -> None:
        self.machine = machine
        self.store = store
        self.pending: dict[Any, Emission] = {}
        self.up = True
        self.number = number
        self._actions = Actions()

    def step(self, event: Event, number: int | None = None) -> Step:
        """Let `event` happen as step `number` (the next one where None)."""
        self.number = self.number + 1 if number is None else number
        match event:
            case Submit(value):
                return self._transition(event, Normal(value))
            case Complete(_, id, result):
                return self._transition(event, TrackedActionCompleted(id, result))
            case Crash():
                return self._crash(event)
            case Restore():
                return self._restore(event)

    def _transition(self, event: Submit | Complete, input: Input) -> Step:
        if not self.up:
            return Step(self.number, event, Outcome.SKIPPED, why="the process is down; restore it first")
        actions = self._actions
        actions.clear()
        state = self.store.begin()
        try:
            error = drive(self.machine.stf(state, input, actions))
            emitted: tuple[Action, ...] = tuple(actions)
            if error is None:
                try:
                    emitted = self.store.commit(emitted)
                except Mismatch as wrong:
                    error = Defect(str(wrong))
        except BaseException:  # Ctrl-C: nothing half done stays behind
            self.store.rollback()
            raise
        if error is not None:
            dirty = self.store.rollback()
            outcome = Outcome.REJECTED if isinstance(error, TransitionError) else Outcome.DEFECT
            return Step(self.number, event, outcome, error, dirty=dirty)
        if type(input) is TrackedActionCompleted:
            self.pending.pop(input.id, None)
        self._note(emitted)
        return Step(self.number, event, Outcome.COMMITTED, actions=emitted)

    def _crash(self, event: Crash) -> Step:
        if not self.up:
            return Step(self.number, event, Outcome.SKIPPED, why="the process is down already")
        self.store.begin()
        self.store.rollback()
        self.up = False
        return Step(self.number, event, Outcome.COMMITTED)

    def _restore(self, event: Restore) -> Step:
        if self.up:
            return Step(self.number, event, Outcome.SKIPPED, why="the process is up; crash it first")
        actions = self._actions
        actions.clear()
        state = self.store.begin()
        try:
            error = drive(self.machine.restore(state, actions))
        finally:
            dirty = self.store.rollback()  # restore may not change the state; if it did, it is told
        try:
            emitted = tuple(self.machine.fixed(action) for action in actions)
        except Mismatch as wrong:
            error = Defect(str(wrong))
        if error is not None:
            outcome = Outcome.REJECTED if isinstance(error, RestoreError) else Outcome.DEFECT
            return Step(self.number, event, outcome, error, dirty=dirty)
        self.up = True
        again = {action.id for action in emitted if type(action) is Tracked}
        missing = tuple(id for id in self.pending if id not in again)
        self._note(emitted)
        return Step(self.number, event, Outcome.COMMITTED, actions=emitted, dirty=dirty, missing=missing)

    def _note(self, emitted: tuple[Action, ...]) -> None:
        for index, action in enumerate(emitted, 1):
            if type(action) is Tracked:
                known = self.pending.get(action.id)
                since = self.number if known is None else known.since
                self.pending[action.id] = Emission(Ref(self.number, index), action, since)


def drive(coroutine: Coroutine[Any, Any, Any]) -> BaseException | None:
    """Run an STF or a restore to its end without an event loop; gives the exception it ended with, if any.

    An STF over state in memory has nothing to wait for: its first `send` is its last. One that suspends waits for
    something that is not the state.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration as done:
        if done.value is None:
            return None
        return Defect(f"returned {done.value!r}; change the state in place and return None")
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        return error
    try:
        coroutine.close()
    except RuntimeError:
        pass  # it swallows GeneratorExit: it is a defect already
    return Defect(f"awaits {type(awaited).__name__}, which is not the state; send the effect out as an action")
