"""A parking garage. It never reads the clock: each input contains its time."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fasm_cli import Between, Normal, OneOf, StateMachine, TransitionError, invariant

Moment = Annotated[datetime, Between(datetime(2024, 5, 1), datetime(2024, 5, 2))]
Car = Annotated[str, OneOf("A1", "B2", "C3")]


@dataclass
class Enter:
    car: Car
    at: Moment


@dataclass
class Leave:
    car: Car
    at: Moment


@dataclass
class Garage:
    since: dict[str, datetime] = field(default_factory=dict)
    hours: int = 0


class NotInside(TransitionError): ...


class InsideAlready(TransitionError): ...


class LeavesBeforeItCame(TransitionError): ...


class Parking(StateMachine):
    State = Garage
    Input = Enter | Leave

    def initial(self):
        return Garage()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Enter(car, at)):
                if car in state.since:
                    raise InsideAlready(car)
                state.since[car] = at
            case Normal(Leave(car, at)):
                if car not in state.since:
                    raise NotInside(car)
                if at < state.since[car]:
                    raise LeavesBeforeItCame(car, at=at.isoformat())
                state.hours += (at - state.since.pop(car)) // timedelta(hours=1)

    @invariant
    def time_goes_forward(self, state):
        return state.hours >= 0
