"""The laws that every machine must keep, checked on a step, on what `restore` emits, on the state, or at rest.

Each check is registered in `CHECKS` under its scope, in the order in which a violation names the fault most
specifically. To add a law, write its check with `@check(scope)`; nothing else has to know it.

    step      (step)                     what the result of a step shows; costs nothing that grows with the state
    restore   (process)                  what restore emits for the committed state
    state     (machine, before, after)   invariants, after a commit
    rest      (process)                  liveness, when nothing is in flight any more
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fasm_cli.contract.state_machine import Action, RestoreError, StateMachine, Tracked, TransitionError
from fasm_cli.engine.events import Completion, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.engine.step_result import NO_DETAILS, Outcome, StepResult
from fasm_cli.types.format import format_value


@dataclass(frozen=True, slots=True)
class Violation:
    """A violated law: its id (`completion`, `invariant:never_in_debt`) and the reason in one line.

    `signature` tells apart the ways in which one law is violated, without the values of one trace. `at` names the
    machine of a system, "" for a machine that is alone.
    """

    law: str
    reason: str
    signature: str = field(default="", compare=False, repr=False)
    at: str = ""


_COMMITTED = Outcome.COMMITTED  # looking up a member of an enum is slow
Check = TypeVar("Check", bound=Callable[..., "Violation | Iterable[Violation] | None"])
CHECKS: dict[str, list[Callable[..., Any]]] = {"step": [], "restore": [], "state": [], "rest": []}


def check(scope: str) -> Callable[[Check], Check]:
    """Register a check under `scope`: a function that returns a `Violation` or None, or that yields violations."""

    def register(function: Check) -> Check:
        CHECKS[scope].append(function)
        return function

    return register


def _run_checks(scope: str, *subject: Any) -> Iterator[Violation]:
    for each in CHECKS[scope]:
        found = each(*subject)
        if type(found) is Violation:
            yield found
        elif found is not None:
            yield from found


def violations(process: Process, step: StepResult, before: Any) -> Iterator[Violation]:
    """Every law that `step` violated, the most specific first. `before` is the committed state before it."""
    yield from _run_checks("step", step)
    if step.outcome is Outcome.COMMITTED:
        if has_restore(process.machine):
            yield from _run_checks("restore", process)
        yield from _run_checks("state", process.machine, before, process.store.committed)


def first_violation(process: Process, step: StepResult, before: Any) -> Violation | None:
    """The most specific law that `step` violated. `before` is the committed state before it."""
    return next(violations(process, step, before), None)


def check_step(step: StepResult) -> Violation | None:
    """The first law whose violation the result of a step shows."""
    if step.details is NO_DETAILS and step.outcome is _COMMITTED and type(step.event) is not Completion:
        return None  # most steps of a simulation
    return next(_run_checks("step", step), None)


def check_restore(process: Process) -> Violation | None:
    """The first law that what `restore` emits for the committed state violates."""
    return next(_run_checks("restore", process), None)


def check_state(machine: Machine, before: Any, after: Any) -> Violation | None:
    """The first invariant that a committed transition violated."""
    return next(_run_checks("state", machine, before, after), None)


def check_invariants(machine: Machine, state: Any) -> Violation | None:
    """The first invariant that `state` violates."""
    return next(_invariants(machine, state), None)


def check_rest(process: Process) -> Violation | None:
    """The first liveness law that is violated now that nothing is in flight any more."""
    return next(_run_checks("rest", process), None)


def compile_fast_check(machine: Machine) -> Callable[[Any, Any], bool]:
    """A function that says whether `check_state` finds nothing, as fast as it can be said."""
    invariants = tuple(machine.invariants.values())
    transitions = tuple(machine.transition_invariants.values())
    assertions = machine.instance.check_invariants if machine.checks_invariants else None

    def holds(before: Any, after: Any) -> bool:
        try:
            for invariant in invariants:
                if invariant(after) is not True:
                    return False
            for invariant in transitions:
                if invariant(before, after) is not True:
                    return False
            if assertions is not None:
                assertions(after)
        except Exception:
            return False
        return True

    return holds


def has_restore(machine: Machine) -> bool:
    """Whether there is a `restore` to check."""
    return machine.cls.restore is not StateMachine.restore or machine.tracked_schema is not None


def count_holding(machine: Machine, state: Any) -> tuple[int, int]:
    """How many invariants hold in `state`, and how many there are."""
    total = len(machine.invariants) + machine.checks_invariants
    return total - sum(1 for _ in _invariants(machine, state)), total


def sometimes_reached(machine: Machine, state: Any, known: Container[str] = ()) -> list[str]:
    """The names of the `@sometimes` predicates that hold in `state`, without the `known` ones, which are not called."""
    return [name for name, holds in machine.sometimes.items() if name not in known and holds(state) is True]


# --- checks of a step: plain functions, since a simulation calls them for every unusual step ---


@check("step")
def _defect(step: StepResult) -> Violation | None:
    return _violation_of(step.error) if step.outcome is Outcome.DEFECT else None


def _violation_of(error: BaseException | None) -> Violation:
    if isinstance(error, Breach):
        return Violation(error.law, str(error), error.call)
    return Violation("defect", f"{type(error).__name__}: {error}", type(error).__name__)


@check("step")
def _mutation(step: StepResult) -> Violation | None:
    if not step.details.mutated_value:
        return None
    return Violation(
        "hidden", f"an action or an input was changed after it was handed over: {step.details.mutated_value}"
    )


@check("step")
def _retry(step: StepResult) -> Violation | None:
    previous = step.details.previous_attempt
    if previous is None or previous == step.actions:
        return None
    first, second = (_tracked_ids(actions) for actions in (previous, step.actions))
    if first == second:
        reason = "the same input from the same state emitted other actions when it came again"
        return Violation("deterministic", reason)
    ids = f"{', '.join(map(format_value, first))}, then {', '.join(map(format_value, second))}"
    return Violation("ids", f"the same input from the same state was given other ids when it came again: {ids}")


def _tracked_ids(actions: tuple[Action, ...]) -> list[Any]:
    return [action.id for action in actions if type(action) is Tracked]


@check("step")
def _reused_ids(step: StepResult) -> Violation | None:
    if not step.details.reused_ids:
        return None
    ids = ", ".join(map(format_value, step.details.reused_ids))
    return Violation("ids", f"the id {ids} was given to another action while it was pending", "reused")


@check("step")
def _state_leak(step: StepResult) -> Violation | None:
    if not step.details.state_leaked:
        return None
    if type(step.event) is Restore:
        return Violation("restore", "restore changed the state")
    if step.outcome is Outcome.ABORTED:
        reason = f"the state was changed, and then the transition was aborted: {step.details.reason}"
    else:
        reason = f"the state was changed before {step.error} was raised"
    return Violation("atomic", reason, type(step.error).__name__)


@check("step")
def _unrestored(step: StepResult) -> Violation | None:
    if not step.details.unrestored_ids:
        return None
    ids = ", ".join(map(format_value, step.details.unrestored_ids))
    return Violation("stored", f"restore does not emit the pending action {ids} again")


@check("step")
def _failed_restore(step: StepResult) -> Violation | None:
    if step.outcome is not Outcome.REJECTED or type(step.event) is not Restore:
        return None
    return None if isinstance(step.error, TransitionError) else Violation("restore", f"restore failed: {step.error}")


@check("step")
def _completion(step: StepResult) -> Violation | None:
    event = step.event
    if type(event) is not Completion or step.outcome is not _COMMITTED:
        return None
    emits = any(type(action) is Tracked for action in step.actions)
    if step.was_pending:
        if emits or step.changed_state:
            return None
        reason = f"the result of action {format_value(event.id)} was accepted and had no effect"
        return Violation("completion", reason, "ignored")
    if emits or step.changed_state:
        effect, signature = ("led to a new action", "emits") if emits else ("changed the state", "changes")
        reason = f"a result for {format_value(event.id)}, which is not pending, was accepted and {effect}"
        return Violation("completion", reason, signature)
    return None


# --- checks of restore ------------------------------------------------------------------------------------------------


@check("restore")
def _restorable(process: Process) -> Iterator[Violation]:
    first, error, leaked = process.dry_run_restore()
    if error is not None:
        if isinstance(error, RestoreError | TransitionError):
            yield Violation("restore", f"restore fails on the committed state: {error}")
        else:
            yield _violation_of(error)
        return
    second, _, leaked_again = process.dry_run_restore()
    if leaked or leaked_again:
        yield Violation("restore", "restore changed the state")
    if first != second:
        yield Violation("restore", "restore emits other actions, or in another order, the second time")
    emitted = set(_tracked_ids(first))
    missing = [format_value(id) for id in process.pending if id not in emitted]
    if missing:
        yield Violation("stored", f"the state cannot restore the pending action {', '.join(missing)}")


# --- checks of the state ----------------------------------------------------------------------------------------------


@check("state")
def _transition_invariants(machine: Machine, before: Any, after: Any) -> Iterator[Violation]:
    for name, invariant in machine.transition_invariants.items():
        reason = _why_false(invariant, before, after)
        if reason:
            yield Violation(f"transition:{name}", reason)


@check("state")
def _state_invariants(machine: Machine, before: Any, after: Any) -> Iterator[Violation]:
    yield from _invariants(machine, after)


def _invariants(machine: Machine, state: Any) -> Iterator[Violation]:
    return (Violation(f"invariant:{name}", reason) for name, reason in invariants(machine, state) if reason)


def invariants(machine: Machine, state: Any) -> Iterator[tuple[str, str]]:
    """Every invariant by name, with the reason why it does not hold in `state`; empty if it holds."""
    for name, invariant in machine.invariants.items():
        yield name, _why_false(invariant, state)
    if machine.checks_invariants:
        try:
            machine.instance.check_invariants(state)
        except Exception as error:
            message = str(error) if isinstance(error, AssertionError) else ""
            yield "check_invariants", message or f"{type(error).__name__}: {error}"
        else:
            yield "check_invariants", ""


def transitions(machine: Machine, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Every transition invariant by name, with the reason why it does not hold; empty if it holds."""
    return ((name, _why_false(each, before, after)) for name, each in machine.transition_invariants.items())


def _why_false(predicate: Callable[..., Any], *states: Any) -> str:
    try:
        value = predicate(*states)
    except Exception as error:
        return f"it raised {type(error).__name__}: {error}"
    if value is True:
        return ""
    return "it is false" if value is False else f"it returned {value!r}; an invariant returns True or False"


# --- checks at rest ---------------------------------------------------------------------------------------------------


@check("rest")
def _stuck(process: Process) -> Iterator[Violation]:
    if process.pending:
        action = format_value(next(iter(process.pending.values())).tracked)
        yield Violation("stuck", f"{action} is still pending after every result was delivered and every restart")


@check("rest")
def _eventually(process: Process) -> Iterator[Violation]:
    for name, predicate in process.machine.eventually.items():
        reason = _why_false(predicate, process.store.committed)
        if reason:
            yield Violation(f"eventually:{name}", f"{reason} although nothing is in flight any more")
