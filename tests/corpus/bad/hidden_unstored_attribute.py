"""A till. The sum is in an attribute that is not a field of the state: it is not stored."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine


@dataclass
class Sell: ...


@dataclass
class Till:
    sold: int = 0


class Shop(StateMachine):
    State = Till
    Input = Sell

    def initial(self):
        return Till()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sell()):
                state.sum = getattr(state, "sum", 0) + 1
                state.sold = state.sum


LAW = "hidden"
TRACE = ["Sell()", "Sell()"]
