"""A kiosk whose prices and opening hours are a dict and a list of the module that never change."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, OneOf, StateMachine, TransitionError, invariant

PRICES = {"gum": 50, "paper": 180, "water": 120}
HOURS = [7, 8, 9, 10, 16, 17, 18]


@dataclass
class Sell:
    item: Annotated[str, OneOf("gum", "paper", "water")]
    hour: Annotated[int, Between(6, 18)]


@dataclass
class Till:
    cents: int = 0
    sold: int = 0


class Closed(TransitionError): ...


class Kiosk(StateMachine):
    State = Till
    Input = Sell

    def initial(self):
        return Till()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sell(item, hour)):
                if hour not in HOURS:
                    raise Closed(hour, opens=HOURS[0])
                state.cents += PRICES[item]
                state.sold += 1

    @invariant
    def nothing_was_free(self, state):
        return state.cents >= state.sold * min(PRICES.values())
