"""Milk that must not be sold after its date. The transition reads today's date from the system."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, TransitionError

DAYS = (date(2100, 1, 1), date(2100, 2, 1), date(2100, 3, 1))


@dataclass
class Sell:
    best_before: Annotated[date, OneOf(*DAYS)]


@dataclass
class Shelf:
    sold: int = 0


class TooOld(TransitionError): ...


class Dairy(StateMachine):
    State = Shelf
    Input = Sell

    def initial(self):
        return Shelf()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sell(best_before)):
                if best_before < date.today():
                    raise TooOld(best_before)
                state.sold += 1


LAW = "clock"
TRACE = ["Sell(best_before=date(2100, 1, 1))"]
