"""One step: the only place that calls `stf` and `restore`.

A `Process` is a machine with its committed state, up or down. Keyboard, seed, file, shrinker and explorer feed it
events; whoever wants to know what happened reads the `Step` that comes back. An STF that fails leaves no trace in
the state, whatever it did before it failed.
"""

from collections.abc import Iterable
from typing import Any

from fasm_cli.contract.database import ConnectionLost, Contention, DatabaseError
from fasm_cli.contract.state_machine import (
    Action,
    Actions,
    ActionsFull,
    Input,
    Normal,
    RestoreError,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
)
from fasm_cli.engine.coroutines import Defect
from fasm_cli.engine.events import AHEAD, Complete, Crash, Event, Failure, Fault, Lose, Point, Ref, Restore, Submit
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.engine.step_result import Emission, Outcome, Step
from fasm_cli.engine.store import Store
from fasm_cli.types.codec import Mismatch, render

ATTEMPTS = 10  # of a transition that other transactions come before


class Process:
    """A machine that is running, or has crashed and waits for `Restore`.

    `pending` maps the id of every tracked action that has no accepted result to where it was emitted, oldest first.
    `ahead` is the fault that waits for the next transition or restore.
    """

    __slots__ = (
        "_attempt",
        "_contended",
        "_drive",
        "_given",
        "_held",
        "_stf",
        "_tracks",
        "actions",
        "ahead",
        "machine",
        "number",
        "pending",
        "store",
        "up",
    )

    def __init__(self, machine: Machine, store: Store) -> None:
        self.machine = machine
        self._stf = machine.stf
        self._tracks = machine.tracked is not None
        self.store = store
        self._drive = store.drive
        self._contended = 0
        self.pending: dict[Any, Emission] = {}
        self.up = True
        self.ahead: Crash | Fault | None = None
        self.number = 0
        self.actions = Actions(fix=store.fix)
        self._attempt: tuple[Event, tuple[Action, ...]] | None = None
        self._held: list[tuple[Any, Any]] = []  # values of the last transition: as the author holds them, as they were
        self._given: Any = None  # the copy of its input that the transition works with

    def step(self, event: Event, number: int | None = None) -> Step:
        """Let `event` happen as step `number` (the next one where None)."""
        self.number = self.number + 1 if number is None else number
        kind = type(event)
        completes = kind is Complete
        if not completes and kind is not Submit:
            return self._no_transition(event)
        if not self.up:
            return self._skipped(event, "the process is down; restore it first")
        store, actions, ahead = self.store, self.actions, self.ahead
        input: Input
        if store.fix is not None:
            input = self._given_to(event)
        elif completes:
            input = TrackedActionCompleted(event.id, event.result)  # type: ignore[union-attr]
        else:
            input = Normal(event.value)  # type: ignore[union-attr]
        if ahead is None:
            actions.clear()
        else:
            ahead = self._met(ahead)
        state = store.begin()
        expected = completes and event.id in self.pending  # type: ignore[union-attr]
        if ahead is not None and ahead == _LOAD:
            return Step(self.number, event, Outcome.FAILED).but(expected=expected, why="the state could not be loaded")
        try:
            error = self._drive(self._stf(state, input, actions), state, ahead)
            emitted: tuple[Action, ...] = tuple(actions.items)
            altered = ""
            if store.fix is not None:
                altered = self._look_at_values(event, emitted)
                emitted = tuple(actions.fixed)
            if error is None and ahead is not None and ahead in (_COMMIT, _BEFORE_COMMIT):
                step = self._not_committed(event, ahead, emitted)
                step.expected = expected
                return step
            ended = error is None
            if ended:
                try:
                    moved = not completes or store.changed()
                    emitted = store.commit(emitted)
                except Mismatch as wrong:
                    error = Defect(str(wrong))
                except DatabaseError as refused:
                    error = refused
        except BaseException:  # Ctrl-C: nothing half done stays behind
            store.reload()
            raise
        if error is not None:
            dirty = store.rollback(error) and not (ended and isinstance(error, DatabaseError))  # it had come to its end
            outcome = _REJECTED if isinstance(error, TransitionError) else _DEFECT
            step = Step(self.number, event, outcome, error)
            if outcome is _DEFECT and (why := _cut_off(error, ahead)):
                if type(error) is Contention and self._contended < ATTEMPTS:
                    return self._again(event)
                step.outcome, step.why = Outcome.FAILED, why
            if dirty or expected or altered:
                step.dirty, step.expected, step.altered = dirty, expected, altered
            return step
        before = self._attempt
        if before is not None:
            self._attempt = None
        settled = self.pending.pop(event.id) if expected else None  # type: ignore[union-attr]
        reused = self._note(emitted) if emitted and self._tracks else ()
        if ahead is not None and ahead == _UNKNOWN:
            self.up = False
        step = Step(self.number, event, _COMMITTED, None, emitted)
        if completes:
            step.expected, step.settled, step.moved = expected, settled, moved
        if reused or altered:
            step.reused, step.altered = reused, altered
        if before is not None and before[0] == event:
            step.before = before[1]
        return step

    def _no_transition(self, event: Event) -> Step:
        """What happens to a process but inputs and results."""
        kind = type(event)
        if kind is Restore:
            return self._restore(event)
        if kind is Lose:
            return Step(self.number, event, _COMMITTED)
        if kind is Fault or event.point in AHEAD:  # type: ignore[union-attr]
            self.ahead = event  # type: ignore[assignment]
            return Step(self.number, event, _COMMITTED)
        return self._crash(event)

    def _given_to(self, event: Event) -> Input:
        """What the STF gets for an input or a result: its own copy, so that what it does to it is not done to the
        event."""
        machine = self.machine
        if type(event) is Complete:
            self._given = machine.copy_value(machine.result, event.result)
            return TrackedActionCompleted(event.id, self._given)
        self._given = machine.copy_value(machine.input, event.value)  # type: ignore[union-attr]
        return Normal(self._given)

    def _met(self, ahead: Crash | Fault) -> Crash | Fault | None:
        """The fault that waited, where it strikes this transition."""
        self.actions.clear(ahead.at - 1 if type(ahead) is Fault and ahead.failure is Failure.ADD else None)
        if type(ahead) is Crash and ahead.point is Point.IN_RESTORE:
            return None  # it waits on, for a restore
        self.ahead = None
        return ahead

    def _again(self, event: Event) -> Step:
        """The same transition from the state as it is now, another one having come before it."""
        self._contended += 1
        try:
            return self.step(event, self.number)
        finally:
            self._contended = 0

    def _look_at_values(self, event: Event, emitted: tuple[Action, ...]) -> str:
        """Whether an action or an input, of this transition or the last, is not what it was: in words, or empty."""
        fixed = self.actions.fixed
        was = event.value if type(event) is Submit else event.result  # type: ignore[union-attr]
        pairs: list[tuple[Any, Any]] = [*zip(emitted, fixed, strict=True), *self._held]
        self._held = [*zip(emitted, fixed, strict=True), (self._given, was)]
        return _altered([*pairs, (self._given, was)], equal=self.machine.comparable)

    def _not_committed(self, event: Event, ahead: Crash | Fault, emitted: tuple[Action, ...]) -> Step:
        self.store.reload()
        self._attempt = (event, emitted)
        why = "the store refused the commit"
        if type(ahead) is Crash:
            self.up = False
            why = "the process died before the commit"
        return Step(self.number, event, Outcome.FAILED).but(attempted=emitted, why=why)

    def _crash(self, event: Event) -> Step:
        if not self.up:
            return self._skipped(event, "the process is down already")
        self.store.reload()
        self.up = False
        return Step(self.number, event, Outcome.COMMITTED)

    def _restore(self, event: Event) -> Step:
        if self.up:
            return self._skipped(event, "the process is up; crash it first")
        ahead, self.ahead = self.ahead, None
        emitted, error, dirty = self.restored(ahead)
        if type(ahead) is Crash and ahead.point is Point.IN_RESTORE and type(error) in (ActionsFull, type(None)):
            step = Step(self.number, event, Outcome.FAILED)
            return step.but(dirty=dirty, attempted=emitted, why="the process died in restore")
        if error is not None:
            outcome = Outcome.REJECTED if isinstance(error, RestoreError | TransitionError) else Outcome.DEFECT
            if outcome is Outcome.DEFECT and (why := _cut_off(error, ahead)):
                return Step(self.number, event, Outcome.FAILED, error).but(dirty=dirty, attempted=emitted, why=why)
            return Step(self.number, event, outcome, error).but(dirty=dirty, attempted=emitted)
        self.up = True
        again = {action.id for action in emitted if type(action) is Tracked}
        missing = tuple(id for id in self.pending if id not in again)
        self._note(emitted)
        return Step(self.number, event, Outcome.COMMITTED, None, emitted).but(dirty=dirty, missing=missing)

    def restored(self, ahead: Crash | Fault | None = None) -> tuple[tuple[Action, ...], BaseException | None, bool]:
        """What `restore` emits for the committed state now, the exception it ended with, and whether it changed the
        state; nothing is kept of it. `ahead` strikes at one of its emissions or awaits."""
        actions = self.actions
        actions.clear(_room(ahead))
        try:
            state = self.store.begin()
            error = self._drive(self.machine.restore(state, actions), state, ahead)
        except BaseException:  # Ctrl-C
            self.store.reload()
            raise
        dirty = self.store.rollback(None)
        try:
            if self.store.fix is None:
                return tuple(actions), error, dirty
            for action in actions.fixed:
                self.machine.encode_action(action)
            return tuple(actions.fixed), error, dirty
        except Mismatch as wrong:
            return (), Defect(str(wrong)), dirty

    def _skipped(self, event: Event, why: str) -> Step:
        return Step(self.number, event, Outcome.SKIPPED).but(why=why)

    def _note(self, emitted: tuple[Action, ...]) -> tuple[Any, ...]:
        """Take the tracked actions among `emitted` into `pending`; gives the ids that were there already."""
        known = []
        for index, action in enumerate(emitted, 1):
            if type(action) is Tracked:
                before = self.pending.get(action.id)
                since = self.number
                if before is not None:
                    known.append(action.id)
                    since = before.since
                self.pending[action.id] = Emission(Ref(self.number, index), action, since)
        return tuple(known)


_COMMITTED, _REJECTED, _DEFECT = Outcome.COMMITTED, Outcome.REJECTED, Outcome.DEFECT  # an enum's look-up is slow
_LOAD, _COMMIT, _UNKNOWN = Fault(Failure.LOAD), Fault(Failure.COMMIT), Fault(Failure.UNKNOWN)
_BEFORE_COMMIT = Crash(Point.BEFORE_COMMIT)


def _room(ahead: Crash | Fault | None) -> int | None:
    """How many actions the container takes in a restore, for a fault that strikes at one of them."""
    if ahead is None:
        return None
    strikes = ahead.failure is Failure.ADD if type(ahead) is Fault else ahead.point is Point.IN_RESTORE  # type: ignore[union-attr]
    return max(ahead.at - 1, 0) if strikes else None


def _cut_off(error: BaseException, ahead: Crash | Fault | None) -> str:
    """Why a transition that ended with `error` did not happen, where that is no fault of the machine's; else empty."""
    if isinstance(error, ConnectionLost | Contention):
        return str(error)
    cancels = type(ahead) is Fault and ahead.failure is Failure.CANCEL
    return str(error) if cancels and not isinstance(error, Exception | Breach) else ""


def _altered(pairs: Iterable[tuple[Any, Any]], *, equal: bool) -> str:
    """The first value that its author changed, in words; `equal` says that equal ones need no second look."""
    for held, given in pairs:
        if equal and held == given:
            continue
        was, is_now = render(given), render(held)
        if was != is_now:
            return f"{was} became {is_now}"
    return ""
