"""A lift with one ride at a time. Any result ends the ride; its id is not checked."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Ride:
    floor: Annotated[int, Between(1, 4)]


@dataclass
class Move:
    floor: int


@dataclass
class Arrived: ...


@dataclass
class Lift:
    floor: int = 0
    target: int | None = None
    rides: int = 1


class Moving(TransitionError): ...


class StandingStill(TransitionError): ...


class Elevator(StateMachine):
    State = Lift
    Input = Ride
    ActionId = int
    TrackedAction = Move
    ActionResult = Arrived

    def initial(self):
        return Lift()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Ride(floor)):
                if state.target is not None:
                    raise Moving(state.target)
                actions.add(Tracked(state.rides, Move(floor)))
                state.target = floor
            case TrackedActionCompleted():
                if state.target is None:
                    raise StandingStill(state.floor)
                state.floor, state.target = state.target, None
                state.rides += 1

    async def restore(self, state, actions):
        if state.target is not None:
            actions.add(Tracked(state.rides, Move(state.target)))


LAW = "completion"
TRACE = ["Ride(floor=1)", "TrackedActionCompleted(id=0, result=Arrived())"]
