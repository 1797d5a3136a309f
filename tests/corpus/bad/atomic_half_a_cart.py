"""A cart is taken out of stock item by item. If one item is sold out, those before it are already gone."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, Size, StateMachine, TransitionError

Item = Annotated[str, OneOf("ink", "pen")]


@dataclass
class Buy:
    items: Annotated[list[Item], Size(1, 3)]


@dataclass
class Refill: ...


@dataclass
class Stock:
    left: dict[str, int] = field(default_factory=lambda: {"ink": 1, "pen": 2})


class SoldOut(TransitionError): ...


class Stationer(StateMachine):
    State = Stock
    Input = Buy | Refill

    def initial(self):
        return Stock()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Buy(items)):
                for item in items:
                    if state.left[item] == 0:
                        raise SoldOut(item)
                    state.left[item] -= 1
            case Normal(Refill()):
                state.left = {"ink": 1, "pen": 2}


LAW = "atomic"
TRACE = ["Buy(items=['ink', 'ink'])"]
