"""A cash drawer that prints its receipts itself, in the middle of a transition."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine


@dataclass
class Sell:
    cents: Annotated[int, Between(1, 500)]


@dataclass
class Drawer:
    cents: int = 0


class CashDrawer(StateMachine):
    State = Drawer
    Input = Sell

    def initial(self):
        return Drawer()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sell(cents)):
                print("sold for", cents)
                state.cents += cents


LAW = "effects"
TRACE = ["Sell(cents=1)"]
