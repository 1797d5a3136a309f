"""The quiet phase: faults off, every result delivered, and a few restarts for what was lost.

Whatever is still pending then will be pending for ever.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import ActionRef, Completion, Crash, Event, Restore
from fasm_cli.engine.laws import Violation, check_eventually
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Emission
from fasm_cli.types.format import format_value

DELIVERIES = 3  # of one result that the machine refuses though it waits for it
RESTARTS = 3
MAX_EVENTS = 50, 10  # events, and more for each action that is pending at first; what is not quiet then never will be


def drain(process: Process, lost: set[ActionRef], answer: Callable[[Emission], Any]) -> Iterator[Event]:
    """The events that bring `process` to rest; each must have happened before the next is asked for.

    `lost` are the actions whose results will not come before a restart, `answer` gives the result of one.
    """
    delivered: Counter[ActionRef] = Counter()
    restarts = restores = 0
    process.state.armed_fault = None
    for _ in range(MAX_EVENTS[0] + MAX_EVENTS[1] * len(process.pending)):
        if not process.running:
            if restores > 2 * RESTARTS:
                return
            restores += 1
            yield Restore()
            continue
        waiting = (each for each in process.pending.values() if each.ref not in lost)
        due = next((each for each in waiting if delivered[each.ref] < DELIVERIES), None)
        if due is not None:
            delivered[due.ref] += 1
            yield Completion(due.ref, due.tracked.id, answer(due))
        elif restarts < RESTARTS and (process.pending or _restores_something(process)):
            restarts += 1
            yield Crash()
        else:
            return


def _restores_something(process: Process) -> bool:
    return any(type(action) is Tracked for action in process.dry_run_restore()[0])


def liveness_violation(process: Process) -> Violation | None:
    """What is wrong with a process after its quiet phase."""
    return liveness_violation_of(process.machine, process.pending, process.store.committed)


def liveness_violation_of(machine: Machine, pending: dict[Any, Emission], state: Any) -> Violation | None:
    """What is wrong with a machine at rest."""
    if pending:
        left = next(iter(pending.values())).tracked
        why = f"{format_value(left)} is still pending after every result was delivered and {RESTARTS} restarts"
        return Violation("stuck", why)
    return check_eventually(machine, state)
