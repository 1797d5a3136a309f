"""A till. The sum is kept beside the fields of the state: no file has it, and a transition finds it there by luck."""

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
