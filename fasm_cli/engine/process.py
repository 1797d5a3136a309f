"""One step: the only place that calls `stf` and `restore`.

A `Process` is a machine with its committed state, up or down. Keyboard, seed, file, shrinker and explorer feed it
events; whoever wants to know what happened reads the `Step` that comes back. An STF that fails leaves no trace in
the state, whatever it did before it failed.
"""

from collections.abc import Iterable
from typing import Any

from fasm_cli.contract.database import ConnectionLost, DatabaseError, SerializationConflict
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
from fasm_cli.engine.coroutines import ContractViolation
from fasm_cli.engine.events import (
    ARMED_POINTS,
    ActionRef,
    Completion,
    Crash,
    CrashPoint,
    Event,
    FaultKind,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
)
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.engine.step_result import Emission, Outcome, StepResult
from fasm_cli.engine.store import Store
from fasm_cli.types.codec import DecodeError, format_value

MAX_CONFLICT_RETRIES = 10  # of a transition that other transactions come before


class Process:
    """A machine that is running, or has crashed and waits for `Restore`.

    `pending` maps the id of every tracked action that has no accepted result to where it was emitted, oldest first.
    `ahead` is the fault that waits for the next transition or restore.
    """

    __slots__ = (
        "_attempt",
        "_contended",
        "_escaped_values",
        "_input_copy",
        "_run",
        "_stf",
        "_tracks",
        "actions",
        "armed_fault",
        "machine",
        "number",
        "pending",
        "running",
        "store",
    )

    def __init__(self, machine: Machine, store: Store) -> None:
        self.machine = machine
        self._stf = machine.stf
        self._tracks = machine.tracked_schema is not None
        self.store = store
        self._run = store.run
        self._contended = 0
        self.pending: dict[Any, Emission] = {}
        self.running = True
        self.armed_fault: Crash | InjectedFault | None = None
        self.number = 0
        self.actions = Actions(fix=store.fix)
        self._attempt: tuple[Event, tuple[Action, ...]] | None = None
        self._escaped_values: list[
            tuple[Any, Any]
        ] = []  # values of the last transition: as the author holds them, as they were
        self._input_copy: Any = None  # the copy of its input that the transition works with

    def step(self, event: Event, number: int | None = None) -> StepResult:
        """Let `event` happen as step `number` (the next one where None)."""
        self.number = self.number + 1 if number is None else number
        kind = type(event)
        completes = kind is Completion
        if not completes and kind is not InputReceived:
            return self._handle_non_transition(event)
        if not self.running:
            return self._skipped(event, "the process is down; restore it first")
        store, actions, ahead = self.store, self.actions, self.armed_fault
        input: Input
        if store.fix is not None:
            input = self._copy_input(event)
        elif completes:
            input = TrackedActionCompleted(event.id, event.result)  # type: ignore[union-attr]
        else:
            input = Normal(event.value)  # type: ignore[union-attr]
        if ahead is None:
            actions.clear()
        else:
            ahead = self._trigger(ahead)
        state = store.begin()
        expected = completes and event.id in self.pending  # type: ignore[union-attr]
        if ahead is not None and ahead == _LOAD:
            return StepResult(self.number, event, Outcome.ABORTED).but(
                was_pending=expected, reason="the state could not be loaded"
            )
        try:
            error = self._run(self._stf(state, input, actions), state, ahead)
            emitted: tuple[Action, ...] = tuple(actions.items)
            altered = ""
            if store.fix is not None:
                altered = self._detect_mutation(event, emitted)
                emitted = tuple(actions.frozen_copies)
            if error is None and ahead is not None and ahead in (_COMMIT, _BEFORE_COMMIT):
                step = self._not_committed(event, ahead, emitted)
                step.was_pending = expected
                return step
            ended = error is None
            if ended:
                try:
                    moved = not completes or store.is_dirty()
                    emitted = store.commit(emitted)
                except DecodeError as wrong:
                    error = ContractViolation(str(wrong))
                except DatabaseError as refused:
                    error = refused
        except BaseException:  # Ctrl-C: nothing half done stays behind
            store.reload()
            raise
        if error is not None:
            dirty = store.rollback(error) and not (ended and isinstance(error, DatabaseError))  # it had come to its end
            outcome = _REJECTED if isinstance(error, TransitionError) else _DEFECT
            step = StepResult(self.number, event, outcome, error)
            if outcome is _DEFECT and (why := _external_failure(error, ahead)):
                if type(error) is SerializationConflict and self._contended < MAX_CONFLICT_RETRIES:
                    return self._retry_on_conflict(event)
                step.outcome, step.reason = Outcome.ABORTED, why
            if dirty or expected or altered:
                step.state_leaked, step.was_pending, step.mutated_value = dirty, expected, altered
            return step
        before = self._attempt
        if before is not None:
            self._attempt = None
        settled = self.pending.pop(event.id) if expected else None  # type: ignore[union-attr]
        reused = self._register_pending(emitted) if emitted and self._tracks else ()
        if ahead is not None and ahead == _UNKNOWN:
            self.running = False
        step = StepResult(self.number, event, _COMMITTED, None, emitted)
        if completes:
            step.was_pending, step.completed_emission, step.changed_state = expected, settled, moved
        if reused or altered:
            step.reused_ids, step.mutated_value = reused, altered
        if before is not None and before[0] == event:
            step.previous_attempt = before[1]
        return step

    def _handle_non_transition(self, event: Event) -> StepResult:
        """What happens to a process but inputs and results."""
        kind = type(event)
        if kind is Restore:
            return self._restore(event)
        if kind is ResultLost:
            return StepResult(self.number, event, _COMMITTED)
        if kind is InjectedFault or event.point in ARMED_POINTS:  # type: ignore[union-attr]
            self.armed_fault = event  # type: ignore[assignment]
            return StepResult(self.number, event, _COMMITTED)
        return self._crash(event)

    def _copy_input(self, event: Event) -> Input:
        """What the STF gets for an input or a result: its own copy, so that what it does to it is not done to the
        event."""
        machine = self.machine
        if type(event) is Completion:
            self._input_copy = machine.copy_value(machine.result_schema, event.result)
            return TrackedActionCompleted(event.id, self._input_copy)
        self._input_copy = machine.copy_value(machine.input_schema, event.value)  # type: ignore[union-attr]
        return Normal(self._input_copy)

    def _trigger(self, ahead: Crash | InjectedFault) -> Crash | InjectedFault | None:
        """The fault that waited, where it strikes this transition."""
        self.actions.clear(ahead.nth - 1 if type(ahead) is InjectedFault and ahead.kind is FaultKind.ACTIONS_FULL else None)
        if type(ahead) is Crash and ahead.point is CrashPoint.IN_RESTORE:
            return None  # it waits on, for a restore
        self.armed_fault = None
        return ahead

    def _retry_on_conflict(self, event: Event) -> StepResult:
        """The same transition from the state as it is now, another one having come before it."""
        self._contended += 1
        try:
            return self.step(event, self.number)
        finally:
            self._contended = 0

    def _detect_mutation(self, event: Event, emitted: tuple[Action, ...]) -> str:
        """Whether an action or an input, of this transition or the last, is not what it was: in words, or empty."""
        fixed = self.actions.frozen_copies
        was = event.value if type(event) is InputReceived else event.result  # type: ignore[union-attr]
        pairs: list[tuple[Any, Any]] = [*zip(emitted, fixed, strict=True), *self._escaped_values]
        self._escaped_values = [*zip(emitted, fixed, strict=True), (self._input_copy, was)]
        return _first_mutation([*pairs, (self._input_copy, was)], equal=self.machine.eq_is_exact)

    def _not_committed(self, event: Event, ahead: Crash | InjectedFault, emitted: tuple[Action, ...]) -> StepResult:
        self.store.reload()
        self._attempt = (event, emitted)
        why = "the store refused the commit"
        if type(ahead) is Crash:
            self.running = False
            why = "the process died before the commit"
        return StepResult(self.number, event, Outcome.ABORTED).but(uncommitted_actions=emitted, reason=why)

    def _crash(self, event: Event) -> StepResult:
        if not self.running:
            return self._skipped(event, "the process is down already")
        self.store.reload()
        self.running = False
        return StepResult(self.number, event, Outcome.COMMITTED)

    def _restore(self, event: Event) -> StepResult:
        if self.running:
            return self._skipped(event, "the process is up; crash it first")
        ahead, self.armed_fault = self.armed_fault, None
        emitted, error, dirty = self.dry_run_restore(ahead)
        if type(ahead) is Crash and ahead.point is CrashPoint.IN_RESTORE and type(error) in (ActionsFull, type(None)):
            step = StepResult(self.number, event, Outcome.ABORTED)
            return step.but(state_leaked=dirty, uncommitted_actions=emitted, reason="the process died in restore")
        if error is not None:
            outcome = Outcome.REJECTED if isinstance(error, RestoreError | TransitionError) else Outcome.DEFECT
            if outcome is Outcome.DEFECT and (why := _external_failure(error, ahead)):
                return StepResult(self.number, event, Outcome.ABORTED, error).but(
                    state_leaked=dirty, uncommitted_actions=emitted, reason=why
                )
            return StepResult(self.number, event, outcome, error).but(state_leaked=dirty, uncommitted_actions=emitted)
        self.running = True
        again = {action.id for action in emitted if type(action) is Tracked}
        missing = tuple(id for id in self.pending if id not in again)
        self._register_pending(emitted)
        return StepResult(self.number, event, Outcome.COMMITTED, None, emitted).but(state_leaked=dirty, unrestored_ids=missing)

    def dry_run_restore(
        self, ahead: Crash | InjectedFault | None = None
    ) -> tuple[tuple[Action, ...], BaseException | None, bool]:
        """What `restore` emits for the committed state now, the exception it ended with, and whether it changed the
        state; nothing is kept of it. `ahead` strikes at one of its emissions or awaits."""
        actions = self.actions
        actions.clear(_capacity(ahead))
        try:
            state = self.store.begin()
            error = self._run(self.machine.restore(state, actions), state, ahead)
        except BaseException:  # Ctrl-C
            self.store.reload()
            raise
        dirty = self.store.rollback(None)
        try:
            if self.store.fix is None:
                return tuple(actions), error, dirty
            for action in actions.frozen_copies:
                self.machine.encode_action(action)
            return tuple(actions.frozen_copies), error, dirty
        except DecodeError as wrong:
            return (), ContractViolation(str(wrong)), dirty

    def _skipped(self, event: Event, why: str) -> StepResult:
        return StepResult(self.number, event, Outcome.SKIPPED).but(reason=why)

    def _register_pending(self, emitted: tuple[Action, ...]) -> tuple[Any, ...]:
        """Take the tracked actions among `emitted` into `pending`; gives the ids that were there already."""
        known = []
        for index, action in enumerate(emitted, 1):
            if type(action) is Tracked:
                before = self.pending.get(action.id)
                since = self.number
                if before is not None:
                    known.append(action.id)
                    since = before.first_step
                self.pending[action.id] = Emission(ActionRef(self.number, index), action, since)
        return tuple(known)


_COMMITTED, _REJECTED, _DEFECT = Outcome.COMMITTED, Outcome.REJECTED, Outcome.DEFECT  # an enum's look-up is slow
_LOAD, _COMMIT, _UNKNOWN = (
    InjectedFault(FaultKind.LOAD),
    InjectedFault(FaultKind.COMMIT),
    InjectedFault(FaultKind.UNKNOWN),
)
_BEFORE_COMMIT = Crash(CrashPoint.BEFORE_COMMIT)


def _capacity(ahead: Crash | InjectedFault | None) -> int | None:
    """How many actions the container takes in a restore, for a fault that strikes at one of them."""
    if ahead is None:
        return None
    strikes = ahead.kind is FaultKind.ACTIONS_FULL if type(ahead) is InjectedFault else ahead.point is CrashPoint.IN_RESTORE  # type: ignore[union-attr]
    return max(ahead.nth - 1, 0) if strikes else None


def _external_failure(error: BaseException, ahead: Crash | InjectedFault | None) -> str:
    """Why a transition that ended with `error` did not happen, where that is no fault of the machine's; else empty."""
    if isinstance(error, ConnectionLost | SerializationConflict):
        return str(error)
    cancels = type(ahead) is InjectedFault and ahead.kind is FaultKind.CANCEL
    return str(error) if cancels and not isinstance(error, Exception | Breach) else ""


def _first_mutation(pairs: Iterable[tuple[Any, Any]], *, equal: bool) -> str:
    """The first value that its author changed, in words; `equal` says that equal ones need no second look."""
    for held, given in pairs:
        if equal and held == given:
            continue
        was, is_now = format_value(given), format_value(held)
        if was != is_now:
            return f"{was} became {is_now}"
    return ""
