"""Bus tickets numbered by a counter of the module, which starts again in each process."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Untracked

_sold = 0


@dataclass
class Buy: ...


@dataclass
class Print:
    number: int


@dataclass
class Bus:
    last: int = 0


class Tickets(StateMachine):
    State = Bus
    Input = Buy
    UntrackedAction = Print

    def initial(self):
        return Bus()

    async def stf(self, state, input, actions):
        global _sold
        match input:
            case Normal(Buy()):
                actions.add(Untracked(Print(_sold + 1)))
                _sold += 1
                state.last = _sold


LAW = "hidden"
TRACE = ["Buy()"]
