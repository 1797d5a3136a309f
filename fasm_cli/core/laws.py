"""What must hold after a step, and what it is called when it does not.

A check never raises and never calls a machine's `stf` or `restore`; it reads a `Step` and a state and gives the first
`Violation`, or None. To add a law, add its row and the function that checks it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fasm_cli.core.machine import Machine
from fasm_cli.core.step import Outcome, Step


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken law. `law` is its id (`invariant:never_in_debt`, `defect`), `why` one line for a person."""

    law: str
    why: str


def first_violation(machine: Machine, step: Step, state: Any) -> Violation | None:
    """The first thing that `step` broke, looking at the step itself and then at the committed `state`."""
    if step.outcome is Outcome.DEFECT:
        error = step.error
        return Violation("defect", f"{type(error).__name__}: {error}")
    if step.outcome is Outcome.COMMITTED:
        return broken_invariant(machine, state)
    return None


def broken_invariant(machine: Machine, state: Any) -> Violation | None:
    """The first of the machine's invariants that `state` breaks."""
    for name, check in machine.invariants.items():
        why = _failure(check, state)
        if why:
            return Violation(f"invariant:{name}", why)
    try:
        machine.instance.check_invariants(state)
    except Exception as error:
        told = str(error) if isinstance(error, AssertionError) and str(error) else f"{type(error).__name__}: {error}"
        return Violation("invariant:check_invariants", told)
    return None


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
