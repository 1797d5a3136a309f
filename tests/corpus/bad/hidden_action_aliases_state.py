"""A picking list. The action contains the list of the state itself and changes with it after it was emitted."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, TransitionError, Untracked


@dataclass
class Pick:
    item: Annotated[str, OneOf("nut", "bolt")]


@dataclass
class Show:
    items: list[str]


@dataclass
class Basket:
    items: list[str] = field(default_factory=list)


class BasketIsFull(TransitionError): ...


class Picking(StateMachine):
    State = Basket
    Input = Pick
    UntrackedAction = Show

    def initial(self):
        return Basket()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pick(item)):
                if len(state.items) == 20:
                    raise BasketIsFull()
                actions.add(Untracked(Show(state.items)))
                state.items.append(item)


LAW = "hidden"
TRACE = ["Pick(item='nut')"]
