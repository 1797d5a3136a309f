"""A shop that reads its price list from a file when something is sold."""

from dataclasses import dataclass
from pathlib import Path

from fasm_cli import Normal, StateMachine

PRICES = Path(__file__)  # as good as any: its length is the price


@dataclass
class Sell: ...


@dataclass
class Till:
    cents: int = 0


class Grocer(StateMachine):
    State = Till
    Input = Sell

    def initial(self):
        return Till()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sell()):
                state.cents += len(PRICES.read_text(encoding="utf-8"))


LAW = "reads"
TRACE = ["Sell()"]
