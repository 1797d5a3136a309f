"""What the environment knows after a list of steps, and the events that drain a machine."""

from dataclasses import dataclass, field

import pytest

from fasm_cli import Actions, Normal, StateMachine, Tracked, TransitionError
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Completion, Crash, CrashPoint, Event, InputReceived
from fasm_cli.engine.laws import check_rest
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.simulation.network import Network, drain


@dataclass
class Orders:
    open: list[int] = field(default_factory=list)
    accept: bool = True


@dataclass
class Order:
    count: int = 1


@dataclass
class Pay: ...


@dataclass
class Paid: ...


class Refused(TransitionError): ...


class Shop(StateMachine):
    """Pays `count` orders at once, and accepts their results if `accept` is true."""

    State, Input, ActionId, TrackedAction, ActionResult = Orders, Order, int, Pay, Paid

    def initial(self) -> Orders:
        return Orders()

    async def stf(self, state, input, actions: Actions) -> None:
        if isinstance(input, Normal):
            for id in range(input.value.count):
                actions.add(Tracked(id, Pay()))
                state.open.append(id)
        elif state.accept:
            state.open.remove(input.id)
        else:
            raise Refused

    async def restore(self, state, actions: Actions) -> None:
        for id in state.open:
            actions.add(Tracked(id, Pay()))


ENGINE = Engine(Machine(Shop))


class Simulated:
    """A process and its network."""

    def __init__(self, state: Orders | None = None) -> None:
        self.process: Process = ENGINE.start(state or Orders())
        self.network = Network()

    def execute(self, event: Event) -> list[int]:
        """Execute `event`. Return the ids of the actions that had been sent when the process died."""
        cut_off = self.network.apply(self.process.step(event), self.process)
        return [each.tracked.id for each in cut_off]

    def in_flight(self) -> list[int]:
        return [each.tracked.id for each in self.network.in_flight]


@pytest.mark.parametrize(
    ("crash", "sent"),
    [
        (Crash(), [0, 1, 2]),
        (Crash(CrashPoint.AFTER_COMMIT), []),
        (Crash(CrashPoint.AFTER_ACTION, 1), [0]),
        (Crash(CrashPoint.AFTER_ACTION, 2), [0, 1]),
        (Crash(CrashPoint.AFTER_ACTION, 3), [0, 1, 2]),
    ],
    ids=lambda given: given.format() if isinstance(given, Crash) else None,
)
def test_a_crash_cuts_off_the_actions_after_its_point(crash: Crash, sent: list[int]) -> None:
    simulated = Simulated()
    assert simulated.execute(InputReceived(Order(3))) == []
    assert simulated.in_flight() == [0, 1, 2]
    assert simulated.execute(crash) == sent
    assert simulated.in_flight() == []


def test_actions_of_earlier_steps_were_sent_before_a_crash() -> None:
    simulated = Simulated()
    simulated.execute(InputReceived(Order(2)))
    emission = simulated.network.deliver(0)
    simulated.execute(Completion(emission.ref, 0, Paid()))
    simulated.execute(InputReceived(Order(1)))  # uses the id 0 again
    assert simulated.execute(Crash(CrashPoint.AFTER_COMMIT)) == [1]


def test_a_rejected_result_is_in_flight_again() -> None:
    simulated = Simulated(Orders(accept=False))
    simulated.execute(InputReceived(Order(1)))
    emission = simulated.network.deliver(0)
    assert simulated.in_flight() == []
    simulated.execute(Completion(emission.ref, 0, Paid()))
    assert simulated.in_flight() == [0]
    assert not simulated.network.delivered


def test_an_action_is_performed_once() -> None:
    simulated, answers = Simulated(), iter(("first", "second"))
    simulated.execute(InputReceived(Order(1)))
    emission = simulated.network.in_flight[0]
    assert [simulated.network.result_of(emission, lambda _: next(answers)) for _ in range(2)] == ["first", "first"]


def test_a_copy_is_independent() -> None:
    simulated = Simulated()
    simulated.execute(InputReceived(Order(2)))
    copy = simulated.network.copy()
    copy.take(0)
    copy.result_of(copy.in_flight[0], lambda _: "performed")
    assert simulated.in_flight() == [0, 1]
    assert simulated.network.result_of(simulated.network.in_flight[1], lambda _: "again") == "again"


def drained(process: Process, lost: frozenset[str] = frozenset()) -> list[str]:
    """Drain `process`. Return the events, without the results."""
    refs = {each.ref for each in process.pending.values() if str(each.ref) in lost}
    events = []
    for event in drain(process, refs, lambda _: Paid()):
        process.step(event)
        events.append(event.format().removesuffix(" Paid()"))
    return events


def test_a_drained_machine_has_received_every_result() -> None:
    process = ENGINE.start(Orders())
    process.step(InputReceived(Order(2)))
    assert drained(process) == ["complete 1.1", "complete 1.2"]
    assert check_rest(process) is None


def test_a_lost_result_arrives_after_a_restart() -> None:
    process = ENGINE.start(Orders())
    process.step(InputReceived(Order(2)))
    assert drained(process, lost=frozenset({"1.1"})) == ["complete 1.2", "crash", "restore", "complete 1.1@4"]
    assert check_rest(process) is None


def test_a_rejected_result_is_delivered_three_times_between_three_restarts() -> None:
    process = ENGINE.start(Orders(accept=False))
    process.step(InputReceived(Order(1)))
    events = drained(process)
    deliveries = [event if event in ("crash", "restore") else "complete" for event in events]
    once = ["complete"] * 3
    assert deliveries == [*once, *(["crash", "restore", *once] * 3)]
    found = check_rest(process)
    assert found is not None
    assert found.law == "stuck"
