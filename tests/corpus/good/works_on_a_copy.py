"""A recipe book. The transition changes a deep copy and assigns it when everything has succeeded."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, OneOf, Size, StateMachine, TransitionError, invariant


@dataclass
class Cook:
    dishes: Annotated[list[Annotated[str, OneOf("soup", "bread", "cake")]], Size(1, 4)]


@dataclass
class Shop:
    flour: Annotated[int, Between(1, 9)]


@dataclass
class Pantry:
    stock: dict[str, list[int]] = field(default_factory=lambda: {"flour": [5], "water": [9]})
    cooked: int = 0


class NotEnoughFlour(TransitionError): ...


class Recipes(StateMachine):
    State = Pantry
    Input = Cook | Shop

    def initial(self):
        return Pantry()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Cook(dishes)):
                stock = deepcopy(state.stock)
                for dish in dishes:
                    stock["flour"][0] -= {"soup": 0, "bread": 2, "cake": 3}[dish]
                    if stock["flour"][0] < 0:
                        raise NotEnoughFlour(dish)
                state.stock = stock
                state.cooked += len(dishes)
            case Normal(Shop(flour)):
                state.stock["flour"][0] = min(20, state.stock["flour"][0] + flour)

    @invariant
    def flour_is_not_negative(self, state):
        return state.stock["flour"][0] >= 0
