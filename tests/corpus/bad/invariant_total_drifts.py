"""A cart with a running total. A removed item is subtracted at today's price and not at the price it was added with."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Add: ...


@dataclass
class TakeOut: ...


@dataclass
class Reprice:
    price: Annotated[int, Between(1, 5)]


@dataclass
class Cart:
    price: int = 5
    prices: list[int] = field(default_factory=list)
    total: int = 0


class CartIsFull(TransitionError): ...


class CartIsEmpty(TransitionError): ...


class Carts(StateMachine):
    State = Cart
    Input = Add | TakeOut | Reprice

    def initial(self):
        return Cart()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Add()):
                if len(state.prices) == 5:
                    raise CartIsFull()
                state.prices.append(state.price)
                state.total += state.price
            case Normal(TakeOut()):
                if not state.prices:
                    raise CartIsEmpty()
                state.prices.pop()
                state.total -= state.price
            case Normal(Reprice(price)):
                state.price = price

    @invariant
    def total_is_the_sum(self, state):
        return state.total == sum(state.prices)


LAW = "invariant:total_is_the_sum"
TRACE = ["Add()", "Reprice(price=1)", "TakeOut()"]
