"""The laws every machine must keep, and what it is called when one is broken.

`violations` looks at one step, exactly; whoever runs millions of steps may ask its parts more rarely. It reads a `Step`
and the process it was taken in. To add a law, add it to the part that has what it needs to see: the step, what restore
gives, or the state.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.contract.state_machine import Action, RestoreError, StateMachine, Tracked, TransitionError
from fasm_cli.engine.events import Completion, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.types.format import format_value


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken law. `law` is its id (`completion`, `invariant:never_in_debt`), `why` one line for a person."""

    law: str
    reason: str
    signature: str = field(
        default="", compare=False, repr=False
    )  # tells apart the ways in which one law is broken, without the values of one trace


def first_violation(process: Process, step: StepResult, before: Any) -> Violation | None:
    """The first law that `step` broke; `before` is the committed state before it."""
    return next(violations(process, step, before), None)


def violations(process: Process, step: StepResult, before: Any) -> Iterator[Violation]:
    """Every law that `step` broke, the most specific first; `before` is the committed state before it."""
    yield from _by_step(step)
    if step.outcome is Outcome.COMMITTED:
        if has_restore(process.machine):
            yield from _by_restore(process)
        yield from _by_state(process.machine, before, process.store.committed)


# --- the parts, for who cannot look at everything after every step -----------------------------------------------


def check_step(step: StepResult) -> Violation | None:
    """The first law that the step itself shows to be broken; costs nothing that grows with the state."""
    return next(_by_step(step), None)


def check_restore(process: Process) -> Violation | None:
    """Whether the committed state can restore all that is pending, the same way twice, without being changed."""
    return next(_by_restore(process), None)


def check_state(machine: Machine, before: Any, after: Any) -> Violation | None:
    """The first invariant that a committed transition broke."""
    return next(_by_state(machine, before, after), None)


def compile_fast_check(machine: Machine) -> Callable[[Any, Any], bool]:
    """The question of `broken_state`, asked as quickly as it can be: whether all that it looks at holds."""
    invariants = tuple(machine.invariants.values())
    transitions = tuple(machine.transition_invariants.values())
    more = machine.instance.check_invariants if machine.checks_invariants else None

    def hold(before: Any, after: Any) -> bool:
        try:
            for check in invariants:
                if check(after) is not True:
                    return False
            for check in transitions:
                if check(before, after) is not True:
                    return False
            if more is not None:
                more(after)
        except Exception:
            return False
        return True

    return hold


def check_invariants(machine: Machine, state: Any) -> Violation | None:
    """The first invariant that `state` breaks."""
    return next(_invariants(machine, state), None)


def check_eventually(machine: Machine, state: Any) -> Violation | None:
    """The first `@eventually` that does not hold in `state`, the world being quiet."""
    for name, check in machine.eventually.items():
        why = _failure(check, state)
        if why:
            return Violation(f"eventually:{name}", f"{why} though the world is quiet")
    return None


# --- what each law looks at ----------------------------------------------------------------------------------------


def _by_step(step: StepResult) -> Iterator[Violation]:
    if step.outcome is Outcome.DEFECT:
        yield _defect(step.error)
    if step.details.mutated_value:
        yield Violation(
            "hidden", f"an action or an input was changed after it was handed over: {step.details.mutated_value}"
        )
    if step.details.previous_attempt is not None and step.details.previous_attempt != step.actions:
        yield _check_retry(step.details.previous_attempt, step.actions)
    if step.details.reused_ids and type(step.event) is not Restore:
        ids = ", ".join(map(format_value, step.details.reused_ids))
        yield Violation("ids", f"the id {ids} was given to another action while it was pending", "reused")
    if type(step.event) is Restore:
        yield from _restore(step)
    elif step.details.state_leaked:
        yield Violation("atomic", _changed_before(step), type(step.error).__name__)
    elif type(step.event) is Completion and step.outcome is Outcome.COMMITTED:
        yield from _completion(step)


def _changed_before(step: StepResult) -> str:
    if step.outcome is Outcome.ABORTED:
        return f"the state was changed, and then the transition was cut off: {step.details.reason}"
    return f"the state was changed before {step.error} was raised"


def _defect(error: BaseException | None) -> Violation:
    if isinstance(error, Breach):
        return Violation(error.law, str(error), error.call)
    return Violation("defect", f"{type(error).__name__}: {error}", type(error).__name__)


def _check_retry(before: tuple[Action, ...], now: tuple[Action, ...]) -> Violation:
    """The same input from the same state, after a commit that did not happen, led to something else."""
    first, second = ([action.id for action in actions if type(action) is Tracked] for actions in (before, now))
    if first != second:
        ids = f"{', '.join(map(format_value, first))}, then {', '.join(map(format_value, second))}"
        return Violation("ids", f"the same input from the same state was given other ids when it came again: {ids}")
    return Violation("deterministic", "the same input from the same state emitted other actions when it came again")


def _restore(step: StepResult) -> Iterator[Violation]:
    if step.details.state_leaked:
        yield Violation("restore", "restore changed the state")
    if step.details.unrestored_ids:
        ids = ", ".join(map(format_value, step.details.unrestored_ids))
        yield Violation("stored", f"restore does not emit the pending action {ids} again")
    if step.outcome is Outcome.REJECTED and not isinstance(step.error, TransitionError):
        yield Violation("restore", f"restore failed: {step.error}")


def _completion(step: StepResult) -> Iterator[Violation]:
    emits = any(type(action) is Tracked for action in step.actions)
    id = format_value(step.event.id)  # type: ignore[union-attr]
    if step.was_pending:
        if not step.changed_state and not emits:
            yield Violation("completion", f"the result of action {id} was accepted and nothing came of it", "ignored")
    elif emits:
        yield Violation(
            "completion", f"a result for {id}, which is not pending, was accepted and led to a new action", "emits"
        )
    elif step.changed_state:
        yield Violation(
            "completion", f"a result for {id}, which is not pending, was accepted and changed the state", "changes"
        )


def _by_restore(process: Process) -> Iterator[Violation]:
    first, error, dirty = process.dry_run_restore()
    if error is not None:
        if isinstance(error, RestoreError | TransitionError):
            yield Violation("restore", f"restore fails on the committed state: {error}")
        else:
            yield _defect(error)
        return
    second, _, dirty_again = process.dry_run_restore()
    if dirty or dirty_again:
        yield Violation("restore", "restore changed the state")
    if first != second:
        yield Violation("restore", "restore emits other actions, or in another order, the second time")
    again = {action.id for action in first if type(action) is Tracked}
    missing = [format_value(id) for id in process.pending if id not in again]
    if missing:
        yield Violation("stored", f"the state cannot restore the pending action {', '.join(missing)}")


def has_restore(machine: Machine) -> bool:
    """Whether there is a `restore` to look at."""
    return machine.cls.restore is not StateMachine.restore or machine.tracked_schema is not None


def _by_state(machine: Machine, before: Any, after: Any) -> Iterator[Violation]:
    yield from (Violation(f"transition:{name}", why) for name, why in transitions(machine, before, after) if why)
    yield from _invariants(machine, after)


def _invariants(machine: Machine, state: Any) -> Iterator[Violation]:
    return (Violation(f"invariant:{name}", why) for name, why in invariants(machine, state) if why)


def invariants(machine: Machine, state: Any) -> Iterator[tuple[str, str]]:
    """Every invariant by name, with why it does not hold in `state`; empty where it does."""
    for name, check in machine.invariants.items():
        yield name, _failure(check, state)
    if machine.checks_invariants:
        try:
            machine.instance.check_invariants(state)
        except Exception as error:
            told = str(error) if isinstance(error, AssertionError) else ""
            yield "check_invariants", told or f"{type(error).__name__}: {error}"
        else:
            yield "check_invariants", ""


def transitions(machine: Machine, before: Any, after: Any) -> Iterator[tuple[str, str]]:
    """Every transition invariant by name, with why it does not hold from `before` to `after`."""
    return ((name, _failure(check, before, after)) for name, check in machine.transition_invariants.items())


def count_holding(machine: Machine, state: Any) -> tuple[int, int]:
    """How many invariants hold in `state`, of how many there are."""
    of = len(machine.invariants) + machine.checks_invariants
    return of - sum(1 for _ in _invariants(machine, state)), of


def sometimes_reached(machine: Machine, state: Any) -> list[str]:
    """The names of the `@sometimes` predicates that hold in `state`."""
    return [name for name, check in machine.sometimes.items() if check(state) is True]


def _failure(check: Callable[..., Any], *states: Any) -> str:
    try:
        held = check(*states)
    except Exception as error:
        return f"it raised {type(error).__name__}: {error}"
    if held is True:
        return ""
    return "it is false" if held is False else f"it gave {held!r}; an invariant returns True or False"
