"""A mileage counter. A correction may set it to a smaller number than before."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, transition_invariant


@dataclass
class Drive:
    kilometres: Annotated[int, Between(1, 9)]


@dataclass
class Correct:
    shown: Annotated[int, Between(0, 9)]


@dataclass
class Car:
    kilometres: int = 0


class Mileage(StateMachine):
    State = Car
    Input = Drive | Correct

    def initial(self):
        return Car()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Drive(kilometres)):
                state.kilometres += kilometres
            case Normal(Correct(shown)):
                state.kilometres = shown

    @transition_invariant
    def never_goes_back(self, before, after):
        return after.kilometres >= before.kilometres


LAW = "transition:never_goes_back"
TRACE = ["Drive(kilometres=1)", "Correct(shown=0)"]
