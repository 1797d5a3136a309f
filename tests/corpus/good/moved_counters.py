"""A meter whose day is closed from time to time: the count moves from one field to another, and the sum stays."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Count:
    units: Annotated[int, Between(1, 9)]


@dataclass
class CloseDay: ...


@dataclass
class Meter:
    today: int = 0
    before: int = 0
    all: int = 0


class NothingToClose(TransitionError): ...


class UnitMeter(StateMachine):
    State = Meter
    Input = Count | CloseDay
    version = 2

    def initial(self):
        return Meter()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Count(units)):
                state.today += units
                state.all += units
            case Normal(CloseDay()):
                if not state.today:
                    raise NothingToClose()
                state.before, state.today = state.before + state.today, 0

    @invariant
    def sum_stays(self, state):
        return state.before + state.today == state.all
