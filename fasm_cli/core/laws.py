"""The laws every machine must keep, and what it is called when one is broken.

`judge` looks at one step, exactly; whoever runs millions of steps may ask its parts more rarely. It reads a `Step` and
the process it was taken in; the first law broken names the violation, and the
more specific ones are asked first. To add a law, add
its row and the function that checks it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fasm_cli.core.codec.render import render
from fasm_cli.core.event import Complete, Restore
from fasm_cli.core.machine import Machine
from fasm_cli.core.model import RestoreError, StateMachine, Tracked, TransitionError
from fasm_cli.core.step import Outcome, Process, Step


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken law. `law` is its id (`completion`, `invariant:never_in_debt`), `why` one line for a person."""

    law: str
    why: str


def judge(process: Process, step: Step, state: Any) -> Violation | None:
    """The first law that `step` broke; `state` is the committed state after it."""
    return broken_by_step(step) or broken_restore(process, step) or broken_state(process.machine, step, state)


def broken_by_step(step: Step) -> Violation | None:
    """What the step itself shows; costs nothing that grows with the state."""
    if step.outcome is Outcome.DEFECT:
        return Violation("defect", f"{type(step.error).__name__}: {step.error}")
    if step.reused:
        ids = ", ".join(map(render, step.reused))
        if type(step.event) is not Restore:
            return Violation("ids", f"the id {ids} was given to another action while it was pending")
    if type(step.event) is Restore:
        return _restore(step)
    if type(step.event) is Complete:
        wrong = _completion(step)
        if wrong is not None:
            return wrong
    if step.dirty:
        return Violation("atomic", f"the state was changed before {step.error} was raised")
    return None


def _restore(step: Step) -> Violation | None:
    if step.dirty:
        return Violation("restore", "restore changed the state")
    if step.missing:
        ids = ", ".join(map(render, step.missing))
        return Violation("stored", f"restore does not emit the pending action {ids} again")
    if step.outcome is Outcome.REJECTED and not isinstance(step.error, TransitionError):
        return Violation("restore", f"restore failed: {step.error}")
    return None


def _completion(step: Step) -> Violation | None:
    if step.outcome is not Outcome.COMMITTED:
        return None
    emits = any(type(action) is Tracked for action in step.actions)
    id = render(step.event.id)  # type: ignore[union-attr]
    if step.expected:
        if step.moved or emits:
            return None
        return Violation("completion", f"the result of action {id} was accepted and nothing came of it")
    if emits:
        return Violation("completion", f"a result for {id}, which is not pending, was accepted and led to a new action")
    if step.moved:
        return Violation("completion", f"a result for {id}, which is not pending, was accepted and changed the state")
    return None


def broken_restore(process: Process, step: Step) -> Violation | None:
    """Whether the committed state can restore all that is pending, the same way twice, without being changed."""
    if step.outcome is not Outcome.COMMITTED or not restores(process.machine):
        return None
    first, error, dirty = process.restored()
    if error is not None:
        law = "restore" if isinstance(error, RestoreError | TransitionError) else "defect"
        return Violation(law, f"restore fails on the committed state: {type(error).__name__}: {error}")
    second, _, dirty_again = process.restored()
    if dirty or dirty_again:
        return Violation("restore", "restore changed the state")
    if first != second:
        return Violation("restore", "restore emits other actions, or in another order, the second time")
    again = {action.id for action in first if type(action) is Tracked}
    missing = [render(id) for id in process.pending if id not in again]
    if missing:
        return Violation("stored", f"the state cannot restore the pending action {', '.join(missing)}")
    return None


def restores(machine: Machine) -> bool:
    """Whether there is a `restore` to look at."""
    return machine.cls.restore is not StateMachine.restore or machine.tracked is not None


def broken_state(machine: Machine, step: Step, state: Any) -> Violation | None:
    """The first invariant that `step` broke; one that did not commit left the state as it was."""
    return broken_invariant(machine, state) if step.outcome is Outcome.COMMITTED else None


def broken_invariant(machine: Machine, state: Any) -> Violation | None:
    """The first invariant that `state` breaks."""
    for name, check in machine.invariants.items():
        why = _failure(check, state)
        if why:
            return Violation(f"invariant:{name}", why)
    if machine.checks_invariants:
        try:
            machine.instance.check_invariants(state)
        except Exception as error:
            told = str(error) if isinstance(error, AssertionError) else ""
            return Violation("invariant:check_invariants", told or f"{type(error).__name__}: {error}")
    return None


def invariants_held(machine: Machine, state: Any) -> tuple[int, int]:
    """How many invariants hold in `state`, of how many there are."""
    held = [not _failure(check, state) for check in machine.invariants.values()]
    if machine.checks_invariants:
        broken = broken_invariant(machine, state)
        held.append(broken is None or broken.law != "invariant:check_invariants")
    return sum(held), len(held)


def reached(machine: Machine, state: Any) -> list[str]:
    """The names of the `@sometimes` predicates that hold in `state`."""
    return [name for name, check in machine.sometimes.items() if check(state) is True]


def _failure(check: Callable[[Any], Any], state: Any) -> str:
    try:
        held = check(state)
    except Exception as error:
        return f"it raised {type(error).__name__}: {error}"
    if held is True:
        return ""
    return "it is false" if held is False else f"it gave {held!r}; an invariant returns True or False"
