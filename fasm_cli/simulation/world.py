"""The simulated outside: what is in flight, how it answers, and what goes wrong next.

The world stands by what it did: once an action was carried out, asking again under the same id gives the same result,
until that result was accepted; one that had not been carried out when the process died is answered afresh. Inputs,
answers and faults are drawn from separate streams, so that switching a fault off does not move the others.
"""

import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

from fasm_cli.contract.chooser import Chooser, substream
from fasm_cli.contract.state_machine import StateMachine, Tracked
from fasm_cli.engine.events import (
    ARMED_POINTS,
    AWAIT_FAULTS,
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
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Emission, Outcome, StepResult
from fasm_cli.errors import MachineError
from fasm_cli.simulation.drain import drain
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.stats import Stats
from fasm_cli.types.generate import Generators
from fasm_cli.types.schema import Schema, variants

HISTORY_SIZE = 16  # delivered results that may come again
CONFLICT_DRAWS = 8  # draws of another result than the first
MAX_AWAITS = 6  # of one transition, that a fault is aimed at


_Effect = tuple[Any, int]  # the id of an action and the step since which it was pending: what `id` stands for then


class World:
    """Events for one run of `machine`."""

    def __init__(self, machine: Machine, generators: Generators, plan: Plan, run: int) -> None:
        seed = plan.seed
        self._machine = machine
        self._inputs = substream(seed, run, "inputs")
        self._answers = substream(seed, run, "answers")
        self._faults = substream(seed, run, "faults")
        self._complete = plan.profile.complete_rate
        self._table, self._any_fault = _cumulative(
            {
                name: p
                for name, p in _swarm(plan, self._faults, machine).items()
                if machine.tracked_schema or name not in RESULT_FAULTS
            }
        )
        self._draw_fault = self._faults.draw
        self._draw_input = self._inputs.draw
        cls = machine.cls
        self._input_classes = frozenset(_classes(machine.input_schema))
        self._result_classes = (
            frozenset(_classes(machine.result_schema)) if machine.result_schema is not None else frozenset()
        )
        self._any_result = None if machine.result_schema is None else generators.of(machine.result_schema)
        self._any_id = None if machine.action_id_schema is None else generators.of(machine.action_id_schema)
        proposes = cls.propose is not StateMachine.propose
        self._propose = self._proposed if proposes else None
        self._any_input = generators.of(machine.input_schema)
        self._responds = cls.respond is not StateMachine.respond
        self.in_flight: list[Emission] = []
        self.immediate_faults = Stats()  # the faults that strike as they happen, and do not wait for a transition
        self._results: dict[_Effect, Any] = {}  # of every action that was carried out, while it may be asked about
        self._accepted: deque[_Effect] = deque(maxlen=HISTORY_SIZE)
        self._delivered: deque[tuple[Emission, Any]] = deque(maxlen=HISTORY_SIZE)
        self._late: deque[tuple[Emission, Any]] = deque(maxlen=HISTORY_SIZE)
        self._next: deque[Event] = deque()
        self._delivering: Emission | None = None
        self._last_input: InputReceived | None = None
        self._last_step = 0
        self._sent = 0  # how many actions of the last step are known to be sent out before the process dies

    def next(self, process: Process, state: Any) -> Event:
        """What happens next."""
        self._delivering = None
        if self._next:
            return self._next.popleft()
        if not process.running:
            return Restore()
        if self._draw_fault() < self._any_fault:
            event = self._fault(process)
            if event is not None:
                return event
        if self.in_flight and self._draw_input() < self._complete:
            return self._completion(self._inputs.randbelow(len(self.in_flight)))
        propose = self._propose
        self._last_input = event = InputReceived(self._any_input(self._inputs) if propose is None else propose(state))
        return event

    def drain_events(self, process: Process) -> Iterator[Event]:
        """The events of the quiet phase, in which no fault is left to strike."""
        self._delivering = None
        in_flight = {emission.ref for emission in self.in_flight}
        lost = {emission.ref for emission in process.pending.values()} - in_flight
        return drain(process, lost, self._result_of)

    def observe(self, step: StepResult, process: Process) -> None:
        """Take in what the last event led to. Rejected inputs lead to nothing and need not be told."""
        event = step.event
        if step.outcome is Outcome.COMMITTED:
            if type(event) is Completion:
                self._accept(event)
            elif type(event) is Crash and event.point not in ARMED_POINTS:
                self._sent = {CrashPoint.AFTER_COMMIT: 0, CrashPoint.AFTER_ACTION: event.nth}.get(
                    event.point, sys.maxsize
                )
            for action in step.actions:
                if type(action) is Tracked:
                    self.in_flight.append(process.pending[action.id])
            self._last_step = step.number if step.actions else self._last_step
        elif self._delivering is not None:
            waiting = process.pending.get(self._delivering.tracked.id)
            if waiting is not None and waiting.first.step == self._delivering.first.step:
                self.in_flight.append(self._delivering)  # refused though it is waited for: a runtime tries again
        if not process.running and type(event) is not Restore:
            self._process_died(event, step)

    def emitted(self, step: StepResult, process: Process, counts: dict[type, int]) -> None:
        """As `note`, for an input that was committed with actions and met no fault; their classes go into `counts`."""
        for action in step.actions:
            kind = type(action.action)
            counts[kind] = counts.get(kind, 0) + 1
            if type(action) is Tracked:
                self.in_flight.append(process.pending[action.id])
        self._last_step = step.number

    # --- the ordinary course of things ------------------------------------------------------------------------

    def _proposed(self, state: Any) -> Any:
        value = self._machine.instance.propose(self._inputs, state)
        if type(value) not in self._input_classes:
            raise MachineError(f"{self._machine.name}: propose gave {value!r}", "it returns a value of Input")
        return value

    def _respond(self, tracked: Tracked) -> Any:
        if not self._responds:
            assert self._any_result is not None
            return self._any_result(self._answers)
        result = self._machine.instance.respond(self._answers, tracked.id, tracked.action)
        if type(result) not in self._result_classes:
            raise MachineError(f"{self._machine.name}: respond gave {result!r}", "it returns a value of ActionResult")
        return result

    def _result_of(self, emission: Emission) -> Any:
        """What the action came to: as before where it was carried out already."""
        effect = (emission.tracked.id, emission.first.step)
        if effect not in self._results:
            self._results[effect] = self._respond(emission.tracked)
        return self._results[effect]

    def _completion(self, at: int) -> Completion:
        self._delivering = emission = self._take(at)
        return Completion(emission.ref, emission.tracked.id, self._result_of(emission))

    def _accept(self, event: Completion) -> None:
        emission = self._delivering
        if emission is not None:
            self._delivered.append((emission, event.result))
            if len(self._accepted) == HISTORY_SIZE:
                self._results.pop(self._accepted[0], None)
            self._accepted.append((emission.tracked.id, emission.first.step))

    def _take(self, at: int) -> Emission:
        taken = self.in_flight[at]
        self.in_flight[at] = self.in_flight[-1]
        self.in_flight.pop()
        return taken

    # --- faults -----------------------------------------------------------------------------------------------

    def _fault(self, process: Process) -> Event | None:
        """A fault that can strike now, or None where the one that was drawn cannot."""
        drawn = self._faults.draw() * self._any_fault
        name = next((name for limit, name in self._table if drawn < limit), self._table[-1][1])
        choose = self._faults
        match name:
            case "crash":
                return self._crash(process)
            case "actions_full":
                return InjectedFault(FaultKind.ACTIONS_FULL, choose.randint(1, 3))
            case "store_failure":
                return InjectedFault(choose.pick((FaultKind.LOAD, FaultKind.COMMIT, FaultKind.UNKNOWN)))
            case "cancel" | "disconnect":
                return InjectedFault(FaultKind(name), choose.randint(1, MAX_AWAITS))
            case "redeliver" if self._last_input is not None:
                self.immediate_faults.fault(name, process)
                return InputReceived(self._last_input.value)
            case "lose_result" if self.in_flight:
                emission = self._take(choose.randbelow(len(self.in_flight)))
                self._result_of(emission)
                self.immediate_faults.fault(name, process, emission)
                return ResultLost(emission.ref, emission.tracked.id)
            case "duplicate" if self._delivered:
                return self._redeliver(name, process, *choose.pick(self._delivered))
            case "conflict" if self._delivered:
                emission, result = choose.pick(self._delivered)
                drawn_again = (self._respond(emission.tracked) for _ in range(CONFLICT_DRAWS))
                other = next((each for each in drawn_again if each != result), result)
                return None if other is result else self._redeliver(name, process, emission, other)
            case "late" if self._late:
                return self._redeliver(name, process, *self._late.popleft())
            case "unknown" if self._any_id is not None:
                assert self._any_result is not None
                self.immediate_faults.fault(name, process)
                return Completion(None, self._any_id(choose), self._any_result(choose))
        return None

    def _redeliver(self, name: str, process: Process, emission: Emission, result: Any) -> Completion:
        """A result that comes when nothing was to come."""
        self.immediate_faults.fault(name, process, emission)
        return Completion(emission.ref, emission.tracked.id, result)

    def _crash(self, process: Process) -> Event:
        choose = self._faults
        point = choose.weighted(_POINTS)
        if point is CrashPoint.IN_RESTORE:
            self._next.extend((Crash(), Restore()))
            return Crash(point, choose.randint(1, 3))
        if point not in ARMED_POINTS:
            self.immediate_faults.fault(f"crash {point}", process)
        return Crash(point, choose.randint(1, 2) if point is CrashPoint.AFTER_ACTION else 0)

    def _process_died(self, event: Event, step: StepResult) -> None:
        """What was in flight is cut off: about half of it had been carried out, and some results come in later."""
        unsent = type(event) is not Crash and step.outcome is Outcome.COMMITTED  # the answer to the commit was lost
        for emission in self.in_flight:
            sent = emission.step != self._last_step or (emission.position <= self._sent and not unsent)
            if sent and self._faults.chance(0.5):
                self._late.append((emission, self._result_of(emission)))
        self.in_flight.clear()
        if step.outcome is Outcome.ABORTED and type(event) is InputReceived:
            self._next.append(Restore())
            if self._faults.chance(0.5):
                self._next.append(InputReceived(event.value))


_POINTS = (
    (4, CrashPoint.BETWEEN),
    (2, CrashPoint.AFTER_COMMIT),
    (1, CrashPoint.AFTER_ACTION),
    (2, CrashPoint.BEFORE_COMMIT),
    (1, CrashPoint.IN_RESTORE),
)


def _swarm(plan: Plan, choose: Chooser, machine: Machine) -> dict[str, float]:
    """The faults of one run: each off with a probability of the run's own, those that are on rarer or more frequent."""
    off = choose.draw()
    faults = {}
    for name, p in plan.profile.faults.items():
        if name in AWAIT_FAULTS and not machine.has_awaitable_state:  # there is nothing for it to strike at
            continue
        drawn, factor = choose.draw(), choose.pick(_INTENSITY)
        faults[name] = p if name in plan.always else 0.0 if drawn < off else min(p * factor, 0.25)
    return faults


RESULT_FAULTS = frozenset({"lose_result", "duplicate", "conflict", "late", "unknown"})  # faults of completions
_INTENSITY = (0.5, 1, 3, 10)


def _cumulative(faults: dict[str, float]) -> tuple[list[tuple[float, str]], float]:
    """Cumulative limits by fault, and the probability of any fault."""
    table = []
    total = 0.0
    for name, p in faults.items():
        total += p
        if p > 0:
            table.append((total, name))
    return table, total


def _classes(shape: Schema) -> list[type]:
    return [member.cls for member in variants(shape).values()]
