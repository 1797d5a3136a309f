"""A lift. The door may be opened at a floor, without a check that the lift has been called in the meantime."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Call:
    floor: Annotated[int, Between(0, 3)]


@dataclass
class OpenDoor: ...


@dataclass
class CloseDoor: ...


@dataclass
class Drive:
    floor: int


@dataclass
class Arrived: ...


@dataclass
class Cabin:
    floor: int = 0
    target: int | None = None
    open: bool = False
    rides: int = 0


class Refused(TransitionError): ...


class StandsStill(TransitionError): ...


class Lift(StateMachine):
    State = Cabin
    Input = Call | OpenDoor | CloseDoor
    ActionId = int
    TrackedAction = Drive
    ActionResult = Arrived

    def initial(self):
        return Cabin()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Call(floor)):
                if state.target is not None or state.open:
                    raise Refused(floor)
                actions.add(Tracked(state.rides, Drive(floor)))
                state.target = floor
            case Normal(OpenDoor()):
                if state.open:
                    raise Refused(state.floor)
                state.open = True
            case Normal(CloseDoor()):
                if not state.open:
                    raise Refused(state.floor)
                state.open = False
            case TrackedActionCompleted(id, _):
                if state.target is None or id != state.rides:
                    raise StandsStill(id)
                state.floor, state.target = state.target, None
                state.rides += 1

    async def restore(self, state, actions):
        if state.target is not None:
            actions.add(Tracked(state.rides, Drive(state.target)))

    @invariant
    def closed_while_moving(self, state):
        return state.target is None or not state.open


LAW = "invariant:closed_while_moving"
TRACE = ["Call(floor=0)", "OpenDoor()"]
