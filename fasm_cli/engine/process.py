"""Executes one step: the only place that calls `stf` and `restore`.

A `Process` is a machine with its committed state, running or crashed. Keyboard, seed, file, shrinker and runtime feed
it events and read the `StepResult` that it returns. A transition that fails leaves the state as it was, whatever it
did before it failed. `ProcessState` is where a process stands between two steps; its `apply` is the only place that
knows how a step changes it, for a running process and for the reader of a session file alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, assert_never

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
from fasm_cli.engine.step_result import NO_DETAILS, Emission, Outcome, StepDetails, StepResult
from fasm_cli.engine.store import Store
from fasm_cli.types.codec import DecodeError, format_value

ArmedFault = Crash | InjectedFault
# Members of an enum and events that do not change, bound to names because an attribute look-up is slow here.
_COMMITTED, _REJECTED, _DEFECT = Outcome.COMMITTED, Outcome.REJECTED, Outcome.DEFECT
_ABORTED, _SKIPPED = Outcome.ABORTED, Outcome.SKIPPED
_LOAD, _COMMIT = InjectedFault(FaultKind.LOAD), InjectedFault(FaultKind.COMMIT)
_COMMIT_UNKNOWN = InjectedFault(FaultKind.UNKNOWN)
_BEFORE_COMMIT = Crash(CrashPoint.BEFORE_COMMIT)


@dataclass(slots=True)
class ProcessState:
    """`pending` maps the id of every tracked action without an accepted result to its emission, oldest first.
    `armed_fault` is the fault or crash that waits for the next transition or restore."""

    pending: dict[Any, Emission] = field(default_factory=dict)
    running: bool = True
    armed_fault: ArmedFault | None = None

    def copy(self) -> "ProcessState":
        """An independent copy; emissions are never changed and are shared."""
        return ProcessState(dict(self.pending), self.running, self.armed_fault)

    def apply(self, number: int, event: Event, outcome: Outcome, actions: Iterable[Action]) -> tuple[Any, ...]:
        """Step `number` happened. Returns the ids that it gave to an action while another one with the same id was
        pending."""
        if outcome is _SKIPPED or type(event) is ResultLost:
            return ()
        armed, committed = self.armed_fault, outcome is _COMMITTED
        if type(event) is InputReceived or type(event) is Completion:
            if armed is not None and not is_for_restore(armed):
                self.armed_fault = None
                fatal = _COMMIT_UNKNOWN if committed else _BEFORE_COMMIT if outcome is _ABORTED else None
                self.running = armed != fatal
            if not committed:
                return ()
            if type(event) is Completion:
                self.pending.pop(event.id, None)
            return self._register(number, actions, restored=False) if actions else ()
        if type(event) is InjectedFault:
            self.armed_fault = event
        elif type(event) is Crash:
            if event.point in ARMED_POINTS:
                self.armed_fault = event
            else:
                self.running = False
        elif type(event) is Restore:
            self.armed_fault = None
            if committed:
                self.running = True
                self._register(number, actions, restored=True)
        else:
            assert_never(event)
        return ()

    def _register(self, number: int, actions: Iterable[Action], *, restored: bool) -> tuple[Any, ...]:
        """Add the tracked actions to `pending`. An action that restore emits again keeps its name and its place."""
        pending = self.pending
        reused = []
        for position, action in enumerate(actions, 1):
            if type(action) is not Tracked:
                continue
            known = pending.get(action.id)
            ref = first = ActionRef(number, position)
            if known is not None:
                first = known.first
                if restored:
                    ref = first.emitted_again(number)
                else:
                    reused.append(action.id)
            pending[action.id] = Emission(ref, action, first, number, position)
        return tuple(reused)


def is_for_restore(armed: ArmedFault) -> bool:
    """Whether the fault waits for a restore and lets transitions pass."""
    return type(armed) is Crash and armed.point is CrashPoint.IN_RESTORE


MAX_CONFLICT_RETRIES = 10  # of a transition that other transactions come before


class Process:
    """A machine with its committed state in `store`. `state` is its process state."""

    __slots__ = (
        "_conflicts",
        "_escaped_values",
        "_input_copy",
        "_run",
        "_stf",
        "_tracks",
        "_uncommitted",
        "actions",
        "machine",
        "number",
        "state",
        "store",
    )

    def __init__(self, machine: Machine, store: Store, state: ProcessState | None = None) -> None:
        self.machine = machine
        self.store = store
        self.state = ProcessState() if state is None else state
        self.number = 0
        self.actions = Actions(freeze=store.fix)
        self._stf = machine.stf
        self._tracks = machine.tracked_schema is not None
        self._run = store.run
        self._uncommitted: tuple[Event, tuple[Action, ...]] | None = None  # the last attempt, if not committed
        self._escaped_values: list[tuple[Any, Any]] = []  # of the last transition: what the author holds, what it was
        self._conflicts = 0  # of the current transition with other transactions
        self._input_copy: Any = None  # the copy of its input that the transition works with

    @property
    def pending(self) -> dict[Any, Emission]:
        """The emissions of the pending tracked actions by id, oldest first."""
        return self.state.pending

    @property
    def running(self) -> bool:
        """Whether the process runs and has not crashed."""
        return self.state.running

    def step(self, event: Event, number: int | None = None) -> StepResult:
        """Let `event` happen as step `number`, or as the next one."""
        # The hot loop of a simulation: one function, positional arguments, rare cases in functions of their own.
        self.number = number = self.number + 1 if number is None else number
        state, store, actions = self.state, self.store, self.actions
        exact = store.fix is not None
        input: Input
        if not state.running:
            return self._step_aside(event)
        if type(event) is InputReceived:
            was_pending = False
            input = self._copy_input(event) if exact else Normal(event.value)
        elif type(event) is Completion:
            was_pending = event.id in state.pending
            input = self._copy_input(event) if exact else TrackedActionCompleted(event.id, event.result)
        else:
            return self._step_aside(event)
        armed = state.armed_fault
        if armed is None:
            fault = None
            actions.clear()
        else:
            fault = None if is_for_restore(armed) else armed
            actions.clear(None if fault is None else _capacity(fault))
        working = store.begin()
        if fault is not None and fault == _LOAD:
            return self._aborted(event, "the state could not be loaded", was_pending=was_pending)
        mutated, finished, changed = "", False, True
        try:
            error = self._run(self._stf(working, input, actions), working, fault)
            emitted: tuple[Action, ...] = tuple(actions.items)
            if exact:
                mutated = self._detect_mutation(event, emitted)
                emitted = tuple(actions.frozen_copies)
            if error is None:
                if fault is not None and fault in (_COMMIT, _BEFORE_COMMIT):
                    return self._not_committed(event, fault, emitted, was_pending=was_pending)
                finished = True
                try:
                    if type(event) is Completion:
                        changed = store.is_dirty()
                    emitted = store.commit(emitted)
                except DecodeError as wrong:
                    error = ContractViolation(str(wrong))
                except DatabaseError as refused:
                    error = refused
        except BaseException:  # Ctrl-C: nothing of the transition remains
            store.reload()
            raise
        if error is not None:
            leaked = store.rollback(error)
            if armed is None and not (leaked or mutated) and isinstance(error, TransitionError):
                return StepResult(number, event, _REJECTED, error, (), was_pending)
            # A database that refuses the commit says nothing about what the transition did.
            leaked = leaked and not (finished and isinstance(error, DatabaseError))
            return self._failed(event, error, fault, was_pending=was_pending, leaked=leaked, mutated=mutated)
        if mutated or self._uncommitted is not None:
            return self._committed(event, emitted, was_pending=was_pending, changed=changed, mutated=mutated)
        completed: Emission | None = None
        reused: tuple[Any, ...] = ()
        if type(event) is Completion or armed is not None or (emitted and self._tracks):
            if type(event) is Completion and was_pending:
                completed = state.pending[event.id]
            reused = state.apply(number, event, _COMMITTED, emitted)
        if reused:
            details = StepDetails(reused_ids=reused)
            return StepResult(number, event, _COMMITTED, None, emitted, was_pending, completed, changed, details)
        return StepResult(number, event, _COMMITTED, None, emitted, was_pending, completed, changed)

    def _step_aside(self, event: Event) -> StepResult:
        """A step that is no transition: one that does not apply now, or that happens to the process from outside."""
        reason = event.reason_to_skip(running=self.state.running)
        if reason:
            return StepResult(self.number, event, Outcome.SKIPPED, details=StepDetails(reason=reason))
        if type(event) is InjectedFault or type(event) is ResultLost:
            result = StepResult(self.number, event, _COMMITTED)
        elif type(event) is Crash:
            if event.point not in ARMED_POINTS:
                self.store.reload()
            result = StepResult(self.number, event, _COMMITTED)
        elif type(event) is Restore:
            result = self._restore(event)
        elif type(event) is InputReceived or type(event) is Completion:
            raise AssertionError("`step` executes the transitions of a process that runs")
        else:
            assert_never(event)
        self.state.apply(result.number, event, result.outcome, result.actions)
        return result

    # --- a transition that did not simply commit ----------------------------------------------------------------

    def _committed(
        self, event: Event, emitted: tuple[Action, ...], *, was_pending: bool, changed: bool, mutated: str
    ) -> StepResult:
        """A commit after an attempt that was not committed, or of a transition that mutated a value."""
        previous = None
        if self._uncommitted is not None:
            previous = self._uncommitted[1] if self._uncommitted[0] == event else None
            self._uncommitted = None
        completed = self.state.pending[event.id] if type(event) is Completion and was_pending else None
        reused = self.state.apply(self.number, event, _COMMITTED, emitted)
        details = StepDetails(reused_ids=reused, mutated_value=mutated, previous_attempt=previous)
        return StepResult(self.number, event, _COMMITTED, None, emitted, was_pending, completed, changed, details)

    def _failed(
        self,
        event: Event,
        error: BaseException,
        fault: ArmedFault | None,
        *,
        was_pending: bool,
        leaked: bool,
        mutated: str,
    ) -> StepResult:
        """A transition that raised, or whose commit failed. One that lost a conflict is executed again."""
        outcome, reason = _REJECTED, ""
        if not isinstance(error, TransitionError):
            reason = _external_failure(error, fault)
            outcome = _ABORTED if reason else _DEFECT
            if reason and type(error) is SerializationConflict and self._conflicts < MAX_CONFLICT_RETRIES:
                self._conflicts += 1
                try:
                    return self.step(event, self.number)
                finally:
                    self._conflicts = 0
        self.state.apply(self.number, event, outcome, ())
        details = StepDetails(state_leaked=leaked, mutated_value=mutated, reason=reason)
        return StepResult(self.number, event, outcome, error, (), was_pending, details=details)

    def _copy_input(self, event: InputReceived | Completion) -> Input:
        """The input for the STF: a copy, so that the event keeps its value whatever the STF does to the input."""
        machine = self.machine
        if type(event) is Completion:
            self._input_copy = machine.copy_value(machine.result_schema, event.result)
            return TrackedActionCompleted(event.id, self._input_copy)
        self._input_copy = machine.copy_value(machine.input_schema, event.value)
        return Normal(self._input_copy)

    def _detect_mutation(self, event: InputReceived | Completion, emitted: tuple[Action, ...]) -> str:
        """The first action or input of this transition or the last that is not what it was, in words; or empty."""
        copies = self.actions.frozen_copies
        original = event.result if type(event) is Completion else event.value
        current = [*zip(emitted, copies, strict=True), (self._input_copy, original)]
        pairs = [*current, *self._escaped_values]
        self._escaped_values = current
        return _first_mutation(pairs, equal_is_same=self.machine.eq_is_exact)

    def _not_committed(
        self, event: Event, fault: ArmedFault, emitted: tuple[Action, ...], *, was_pending: bool
    ) -> StepResult:
        self.store.reload()
        self._uncommitted = (event, emitted)
        crash = type(fault) is Crash
        reason = "the process died before the commit" if crash else "the store refused the commit"
        return self._aborted(event, reason, emitted, was_pending=was_pending)

    def _aborted(
        self, event: Event, reason: str, uncommitted: tuple[Action, ...] = (), *, was_pending: bool
    ) -> StepResult:
        self.state.apply(self.number, event, _ABORTED, ())
        details = StepDetails(uncommitted_actions=uncommitted, reason=reason)
        return StepResult(self.number, event, _ABORTED, None, (), was_pending, details=details)

    # --- restore ----------------------------------------------------------------------------------------------

    def _restore(self, event: Restore) -> StepResult:
        armed = self.state.armed_fault
        emitted, error, leaked = self.dry_run_restore(armed)
        if armed is not None and is_for_restore(armed) and (error is None or type(error) is ActionsFull):
            details = StepDetails(leaked, uncommitted_actions=emitted, reason="the process died in restore")
            return StepResult(self.number, event, _ABORTED, details=details)
        if error is not None:
            outcome, reason = _REJECTED, ""
            if not isinstance(error, RestoreError | TransitionError):
                reason = _external_failure(error, armed)
                outcome = _ABORTED if reason else _DEFECT
            details = StepDetails(leaked, uncommitted_actions=emitted, reason=reason)
            return StepResult(self.number, event, outcome, error, details=details)
        emitted_ids = {action.id for action in emitted if type(action) is Tracked}
        unrestored = tuple(id for id in self.state.pending if id not in emitted_ids)
        details = StepDetails(leaked, unrestored) if leaked or unrestored else NO_DETAILS
        return StepResult(self.number, event, _COMMITTED, None, emitted, details=details)

    def dry_run_restore(self, armed: ArmedFault | None = None) -> tuple[tuple[Action, ...], BaseException | None, bool]:
        """Run `restore` on the committed state and keep nothing of it. Returns what it emits, the exception it ends
        with, and whether it changed the state. `armed` strikes at one of its emissions or awaits."""
        actions = self.actions
        actions.clear(None if armed is None else _capacity(armed))
        try:
            state = self.store.begin()
            error = self._run(self.machine.restore(state, actions), state, armed)
        except BaseException:  # Ctrl-C
            self.store.reload()
            raise
        leaked = self.store.rollback(None)
        try:
            if self.store.fix is None:
                return tuple(actions), error, leaked
            for action in actions.frozen_copies:
                self.machine.encode_action(action)
            return tuple(actions.frozen_copies), error, leaked
        except DecodeError as wrong:
            return (), ContractViolation(str(wrong)), leaked


def _capacity(fault: ArmedFault) -> int | None:
    """How many actions the container accepts before the fault strikes; None if it does not strike there."""
    if type(fault) is Crash:
        return max(fault.nth - 1, 0) if fault.point is CrashPoint.IN_RESTORE else None
    strikes = type(fault) is InjectedFault and fault.kind is FaultKind.ACTIONS_FULL
    return max(fault.nth - 1, 0) if strikes else None


def _external_failure(error: BaseException, fault: ArmedFault | None) -> str:
    """The reason why a transition was aborted through no fault of the machine; empty if the error is a defect."""
    if isinstance(error, ConnectionLost | SerializationConflict):
        return str(error)
    cancels = type(fault) is InjectedFault and fault.kind is FaultKind.CANCEL
    return str(error) if cancels and not isinstance(error, Exception | Breach) else ""


def _first_mutation(pairs: Iterable[tuple[Any, Any]], *, equal_is_same: bool) -> str:
    """The first value that its author changed, in words. `equal_is_same`: equal values need no closer look."""
    for held, original in pairs:
        if equal_is_same and held == original:
            continue
        was, is_now = format_value(original), format_value(held)
        if was != is_now:
            return f"{was} became {is_now}"
    return ""
