"""Interest on savings, in decimals that are rounded to the cent by `quantize`."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant

CENT = Decimal("0.01")


@dataclass
class Deposit:
    amount: Annotated[Decimal, Between(Decimal("0.01"), Decimal("99.99"))]


@dataclass
class Interest:
    percent: Annotated[Decimal, Between(Decimal("0.00"), Decimal("2.50"))]


@dataclass
class Savings:
    balance: Decimal = Decimal("0.00")


class Empty(TransitionError): ...


class Account(StateMachine):
    State = Savings
    Input = Deposit | Interest

    def initial(self):
        return Savings()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Deposit(amount)):
                state.balance += amount
            case Normal(Interest(percent)):
                if not state.balance:
                    raise Empty()
                gained = (state.balance * percent / 100).quantize(CENT, ROUND_HALF_EVEN)
                state.balance += gained

    @invariant
    def whole_cents(self, state):
        return state.balance == state.balance.quantize(CENT) and state.balance >= 0
