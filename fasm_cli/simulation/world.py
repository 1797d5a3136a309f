"""Draws what happens next to a simulated machine: inputs, results of actions, and faults.

A `Plan` and a machine decide every draw. The `Network` holds what the environment knows; the `World` is the policy
that draws from it. Inputs, answers and faults are drawn from separate streams, so that switching a fault off does not
move the others. Each run draws its own faults and intensities (swarm testing: Groce et al., ISSTA 2012).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.contract.chooser import Chooser, substream
from fasm_cli.contract.state_machine import Profile, StateMachine, Tracked
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
from fasm_cli.errors import MachineError, UsageError
from fasm_cli.simulation.network import Network, drain
from fasm_cli.simulation.stats import Stats
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.generate import Generators
from fasm_cli.types.schema import Schema, variants

CONFLICT_DRAWS = 8  # attempts to draw a result that differs from the first
MAX_AWAITS = 6  # a fault is aimed at one of the first awaits of a transition
SAMPLES = 50  # draws of a result, enough to see an answer with a probability of 0.1; each takes microseconds

RESULT_FAULTS = frozenset({"lose_result", "duplicate", "conflict", "late", "unknown"})  # faults of completions
_INTENSITY = (0.5, 1, 3, 10)
_POINTS = (
    (4, CrashPoint.BETWEEN),
    (2, CrashPoint.AFTER_COMMIT),
    (1, CrashPoint.AFTER_ACTION),
    (2, CrashPoint.BEFORE_COMMIT),
    (1, CrashPoint.IN_RESTORE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`runs` independent runs of `steps` steps, from one `seed`.

    `profile` gives the probabilities of faults. Each run draws which of them it has and how many (a bug that one fault
    hides shows in a run without that fault); the faults in `always` are in every run with the given probability.
    """

    seed: int
    runs: int = 1000
    steps: int = 100
    profile: Profile = field(default_factory=Profile)
    always: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("runs", "steps"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} {getattr(self, name)}: at least 1")


def stream(seed: int, run: int, purpose: str, at: str = "") -> Chooser:
    """Return the stream of draws for one purpose in one run; `at` names a machine of a system."""
    return substream(seed, run, f"{at}/{purpose}" if at else purpose)


class World:
    """Draws the events of run `run` for `machine`, which has the name `at` in its system ("" if it is alone).

    Call `next` for an event, execute it, and pass the result to `observe` before the next call.
    """

    def __init__(self, machine: Machine, generators: Generators, plan: Plan, run: int, at: str = "") -> None:
        self.network = Network()
        self.immediate_faults = Stats()  # the faults that take effect at once and do not wait for a transition
        self._machine = machine
        self._inputs = stream(plan.seed, run, "inputs", at)
        self._answers = stream(plan.seed, run, "answers", at)
        self._faults = stream(plan.seed, run, "faults", at)
        self._complete_rate = plan.profile.complete_rate
        self._table, self._any_fault = _cumulative(
            {
                name: p
                for name, p in _swarm(plan, self._faults, machine).items()
                if machine.tracked_schema or name not in RESULT_FAULTS
            }
        )
        self._draw_fault = self._faults.draw
        self._draw_input = self._inputs.draw
        self._input_classes = frozenset(_classes(machine.input_schema))
        self._result_classes = (
            frozenset(_classes(machine.result_schema)) if machine.result_schema is not None else frozenset()
        )
        self._any_result = None if machine.result_schema is None else generators.of(machine.result_schema)
        self._any_id = None if machine.action_id_schema is None else generators.of(machine.action_id_schema)
        self._any_input = generators.of(machine.input_schema)
        self._propose = self._proposed if machine.cls.propose is not StateMachine.propose else None
        self._responds = machine.cls.respond is not StateMachine.respond
        self._scheduled: deque[Event] = deque()  # events that are decided already
        self._last_input: InputReceived | None = None

    def next(self, process: Process, state: Any) -> Event:
        """Draw the next event; `state` is the committed state."""
        network = self.network
        network.delivering = None
        if self._scheduled:
            return self._scheduled.popleft()
        if not process.state.running:
            return Restore()
        if self._draw_fault() < self._any_fault:
            event = self._fault(process)
            if event is not None:
                return event
        if network.in_flight and self._draw_input() < self._complete_rate:
            emission = network.deliver(self._inputs.randbelow(len(network.in_flight)))
            return Completion(emission.ref, emission.tracked.id, network.result_of(emission, self._respond))
        propose = self._propose
        self._last_input = event = InputReceived(self._any_input(self._inputs) if propose is None else propose(state))
        return event

    def drain_events(self, process: Process) -> Iterator[Event]:
        """Yield the events of the final phase, in which no fault strikes."""
        network = self.network
        network.delivering = None
        in_flight = {emission.ref for emission in network.in_flight}
        lost = {emission.ref for emission in process.pending.values()} - in_flight
        return drain(process, lost, lambda emission: network.result_of(emission, self._respond))

    def observe(self, step: StepResult, process: Process) -> None:
        """Take in the result of the last event. A rejected input changes nothing and may be left out."""
        cut_off = self.network.apply(step, process)
        if process.state.running or type(step.event) is Restore:
            return
        for emission in cut_off:  # about half of them are performed, and some of the results arrive later
            if self._faults.chance(0.5):
                self.network.delayed.append((emission, self.network.result_of(emission, self._respond)))
        if step.outcome is Outcome.ABORTED and type(step.event) is InputReceived:
            self._scheduled.append(Restore())
            if self._faults.chance(0.5):
                self._scheduled.append(InputReceived(step.event.value))

    # --- inputs and results -----------------------------------------------------------------------------------

    def _proposed(self, state: Any) -> Any:
        value = self._machine.instance.propose(self._inputs, state)
        if type(value) not in self._input_classes:
            raise MachineError(
                f"{self._machine.name}: propose returned {value!r}", "it must return a value of one of the Input types"
            )
        return value

    def _respond(self, tracked: Tracked) -> Any:
        if not self._responds:
            assert self._any_result is not None
            return self._any_result(self._answers)
        result = self._machine.instance.respond(self._answers, tracked.id, tracked.action)
        if type(result) not in self._result_classes:
            raise MachineError(
                f"{self._machine.name}: respond returned {result!r}",
                "it must return a value of one of the ActionResult types",
            )
        return result

    # --- faults -----------------------------------------------------------------------------------------------

    def _fault(self, process: Process) -> Event | None:
        """Draw a fault that can strike now; None if the drawn one cannot."""
        network = self.network
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
                self.immediate_faults.count_fault(name, process)
                return InputReceived(self._last_input.value)
            case "lose_result" if network.in_flight:
                emission = network.take(choose.randbelow(len(network.in_flight)))
                network.result_of(emission, self._respond)
                self.immediate_faults.count_fault(name, process, emission)
                return ResultLost(emission.ref, emission.tracked.id)
            case "duplicate" if network.delivered:
                return self._redeliver(name, process, *choose.pick(network.delivered))
            case "conflict" if network.delivered:
                emission, result = choose.pick(network.delivered)
                drawn_again = (self._respond(emission.tracked) for _ in range(CONFLICT_DRAWS))
                other = next((each for each in drawn_again if each != result), result)
                return None if other is result else self._redeliver(name, process, emission, other)
            case "late" if network.delayed:
                return self._redeliver(name, process, *network.delayed.popleft())
            case "unknown" if self._any_id is not None:
                assert self._any_result is not None
                self.immediate_faults.count_fault(name, process)
                return Completion(None, self._any_id(choose), self._any_result(choose))
        return None

    def _redeliver(self, name: str, process: Process, emission: Emission, result: Any) -> Completion:
        """Deliver a result of an action that is no longer in flight."""
        self.immediate_faults.count_fault(name, process, emission)
        return Completion(emission.ref, emission.tracked.id, result)

    def _crash(self, process: Process) -> Event:
        choose = self._faults
        point = choose.weighted(_POINTS)
        if point is CrashPoint.IN_RESTORE:
            self._scheduled.extend((Crash(), Restore()))
            return Crash(point, choose.randint(1, 3))
        if point not in ARMED_POINTS:
            self.immediate_faults.count_fault(f"crash {point}", process)
        return Crash(point, choose.randint(1, 2) if point is CrashPoint.AFTER_ACTION else 0)


def _swarm(plan: Plan, choose: Chooser, machine: Machine) -> dict[str, float]:
    """Draw the faults of one run: each is off with a probability that the run draws, or rarer or more frequent."""
    off = choose.draw()
    faults = {}
    for name, p in plan.profile.faults.items():
        if name in AWAIT_FAULTS and not machine.has_awaitable_state:  # there is no await to strike at
            continue
        drawn, factor = choose.draw(), choose.pick(_INTENSITY)
        faults[name] = p if name in plan.always else 0.0 if drawn < off else min(p * factor, 0.25)
    return faults


def _cumulative(faults: dict[str, float]) -> tuple[list[tuple[float, str]], float]:
    """Return the cumulative limits of the faults that are on, and the probability of any fault."""
    table = []
    total = 0.0
    for name, p in faults.items():
        total += p
        if p > 0:
            table.append((total, name))
    return table, total


def _classes(schema: Schema) -> list[type]:
    return [member.cls for member in variants(schema).values()]


def sample_responses(machine: Machine, tracked: Tracked) -> list[Any]:
    """Return one result of each class that the machine's own `respond` gives for `tracked`; empty without `respond`.

    The draws are always the same. An exception of `respond` is not caught.
    """
    if machine.result_schema is None or machine.cls.respond is StateMachine.respond:
        return []
    found: dict[type, Any] = {}
    choose = Chooser(0)
    for _ in range(SAMPLES):
        result = machine.instance.respond(choose, tracked.id, tracked.action)
        if type(result) not in found and _is_encodable(machine, result):
            found[type(result)] = result
    return list(found.values())


def _is_encodable(machine: Machine, result: Any) -> bool:
    assert machine.result_schema is not None
    try:
        machine.codec.encode(machine.result_schema, result)
    except DecodeError:
        return False
    return True
