"""A bar that counts its drinks in a dict whose keys are an enum."""

from dataclasses import dataclass, field
from enum import Enum, auto

from fasm_cli import Normal, StateMachine, Untracked, invariant


class Drink(Enum):
    TEA = auto()
    COFFEE = auto()
    JUICE = auto()


@dataclass
class Serve:
    drink: Drink


@dataclass
class Cheer:
    counts: dict[Drink, int]


@dataclass
class Bar:
    served: dict[Drink, int] = field(default_factory=dict)
    all: int = 0


class Drinks(StateMachine):
    State = Bar
    Input = Serve
    UntrackedAction = Cheer

    def initial(self):
        return Bar()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Serve(drink)):
                served = {**state.served, drink: state.served.get(drink, 0) + 1}
                if state.all % 10 == 9:
                    actions.add(Untracked(Cheer(dict(served))))
                state.served = served
                state.all += 1

    @invariant
    def adds_up(self, state):
        return sum(state.served.values()) == state.all
