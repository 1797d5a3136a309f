"""What the simulated environment knows, without any chance: a `Network`, and the events that drain it.

`Network.apply` derives from executed steps which actions are in flight, which results were delivered and which actions
had been sent when the process died. `drain` gives the events of the final phase of a run, in which no fault strikes:
every result is delivered, and a few restarts repeat the requests whose results were lost. What is pending after that
stays pending for ever (the law `stuck`). The policy that draws what happens next is `world.World`.
"""

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import ARMED_POINTS, ActionRef, Completion, Crash, CrashPoint, Event, Restore
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Emission, Outcome, StepResult

HISTORY_SIZE = 16  # delivered results that may be delivered again

Effect = tuple[Any, int]  # the id of an action and the step that made it pending: what the id stands for in between
Delivery = tuple[Emission, Any]  # an action and its result
_COMMITTED = Outcome.COMMITTED


class Network:
    """What is between a machine and its environment. A machine alone has one peer, the environment itself.

    `in_flight` are the actions that were sent and whose results have not been delivered, `delivered` the last results
    that were accepted, and `delayed` the results of actions that were performed before the process died. `delivering`
    is the action whose result is the next event, if that was in flight.
    """

    __slots__ = (
        "_accepted",
        "_last_step",
        "_results",
        "_sent_before_crash",
        "delayed",
        "delivered",
        "delivering",
        "in_flight",
    )

    def __init__(self) -> None:
        self.in_flight: list[Emission] = []
        self.delivered: deque[Delivery] = deque(maxlen=HISTORY_SIZE)
        self.delayed: deque[Delivery] = deque(maxlen=HISTORY_SIZE)
        self.delivering: Emission | None = None
        self._results: dict[Effect, Any] = {}  # of the actions that were performed and whose ids may come again
        self._accepted: deque[Effect] = deque(maxlen=HISTORY_SIZE)
        self._last_step = 0  # the last step that emitted actions
        self._sent_before_crash = 0  # how many actions of that step were sent before the process died

    def copy(self) -> "Network":
        """Return an independent copy; emissions and results are never changed and are shared."""
        other = Network()
        for name in Network.__slots__:
            setattr(other, name, copy(getattr(self, name)))
        return other

    def take(self, index: int) -> Emission:
        """Remove an action from `in_flight` and return it. The last one takes its place."""
        in_flight = self.in_flight
        emission = in_flight[index]
        in_flight[index] = in_flight[-1]
        in_flight.pop()
        return emission

    def deliver(self, index: int) -> Emission:
        """Take an action whose result is the next event. `apply` puts it back if the machine does not accept it."""
        self.delivering = emission = self.take(index)
        return emission

    def result_of(self, emission: Emission, respond: Callable[[Tracked], Any]) -> Any:
        """Return the result of an action, and perform it with `respond` if that has not happened yet.

        An action that was performed gives the same result however often it is sent, until the result is accepted.
        """
        effect = (emission.tracked.id, emission.first.step)
        if effect not in self._results:
            self._results[effect] = respond(emission.tracked)
        return self._results[effect]

    def apply(self, step: StepResult, process: Process) -> Sequence[Emission]:
        """Take in an executed step. Return the actions that were in flight and had been sent when `process` died."""
        event, state = step.event, process.state
        if step.outcome is _COMMITTED:
            if type(event) is Completion:
                emission = self.delivering
                if emission is not None:
                    self.delivered.append((emission, event.result))
                    if len(self._accepted) == HISTORY_SIZE:
                        self._results.pop(self._accepted[0], None)
                    self._accepted.append((emission.tracked.id, emission.first.step))
            elif type(event) is Crash and event.point not in ARMED_POINTS:
                self._sent_before_crash = _sent_before(event)
            if step.actions:
                self.emit(step, process)
        elif self.delivering is not None:
            pending = state.pending.get(self.delivering.tracked.id)
            if pending is not None and pending.first.step == self.delivering.first.step:
                self.in_flight.append(self.delivering)  # not accepted although it is pending: it is delivered again
        if state.running or type(event) is Restore:
            return ()
        # If the answer to a commit was lost, the process died before it sent the actions of that step.
        sent = 0 if type(event) is not Crash and step.outcome is _COMMITTED else self._sent_before_crash
        cut_off = [each for each in self.in_flight if each.step != self._last_step or each.position <= sent]
        self.in_flight.clear()
        return cut_off

    def emit(self, step: StepResult, process: Process) -> None:
        """The process sends the actions of a committed step, which has at least one."""
        pending = process.state.pending
        for action in step.actions:
            if type(action) is Tracked:
                self.in_flight.append(pending[action.id])
        self._last_step = step.number


def _sent_before(crash: Crash) -> int:
    """Return how many actions of the last step are sent before a crash."""
    if crash.point is CrashPoint.AFTER_COMMIT:
        return 0
    return crash.nth if crash.point is CrashPoint.AFTER_ACTION else sys.maxsize


# --- draining ------------------------------------------------------------------------------------------------------

DELIVERIES = 3  # of one result that the machine rejects although its action is pending
RESTARTS = 3
MAX_EVENTS = 50, 10  # events in all, and more for each action that is pending at first


def drain(process: Process, lost: set[ActionRef], answer: Callable[[Emission], Any]) -> Iterator[Event]:
    """Yield the events that bring `process` to rest. Each must be executed before the next is asked for.

    `lost` are the actions whose results do not arrive before a restart. `answer` gives the result of an action.
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
