"""A car park with two thousand places, all of them in the state; a transition touches one."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Park:
    place: Annotated[int, Between(0, 1999)]


@dataclass
class Free:
    place: Annotated[int, Between(0, 1999)]


@dataclass
class CarPark:
    places: list[bool] = field(default_factory=lambda: [False] * 2000)
    cars: int = 0


class Refused(TransitionError): ...


class Places(StateMachine):
    State = CarPark
    Input = Park | Free

    def initial(self):
        return CarPark()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Park(place)):
                if state.places[place]:
                    raise Refused(place)
                state.places[place] = True
                state.cars += 1
            case Normal(Free(place)):
                if not state.places[place]:
                    raise Refused(place)
                state.places[place] = False
                state.cars -= 1

    @invariant
    def every_car_has_a_place(self, state):
        return state.cars == sum(state.places)
