"""Taxi rides. The counter of rides is increased before `add`, which may fail and leave a gap."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Ride: ...


@dataclass
class SendCar:
    ride: int


@dataclass
class Arrived: ...


@dataclass
class Fleet:
    waiting: list[int] = field(default_factory=list)
    next_ride: int = 1


class NoSuchRide(TransitionError): ...


class Taxi(StateMachine):
    State = Fleet
    Input = Ride
    ActionId = int
    TrackedAction = SendCar
    ActionResult = Arrived

    def initial(self):
        return Fleet()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Ride()):
                ride = state.next_ride
                state.next_ride += 1
                actions.add(Tracked(ride, SendCar(ride)))
                state.waiting.append(ride)
            case TrackedActionCompleted(id, _):
                if id not in state.waiting:
                    raise NoSuchRide(id)
                state.waiting.remove(id)

    async def restore(self, state, actions):
        for ride in state.waiting:
            actions.add(Tracked(ride, SendCar(ride)))


LAW = "atomic"
TRACE = ["fault actions_full 1", "Ride()"]
