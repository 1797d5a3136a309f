"""Payments from one balance, checked when they are requested and subtracted when confirmed: two overdraw it."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Pay:
    amount: Annotated[int, OneOf(60, 80)]


@dataclass
class Charge:
    amount: int


@dataclass
class Charged: ...


@dataclass
class Account:
    balance: int = 100
    charging: dict[int, int] = field(default_factory=dict)
    next_id: int = 1


class InsufficientFunds(TransitionError): ...


class NoSuchCharge(TransitionError): ...


class Payments(StateMachine):
    State = Account
    Input = Pay
    ActionId = int
    TrackedAction = Charge
    ActionResult = Charged

    def initial(self):
        return Account()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pay(amount)):
                if state.balance < amount:
                    raise InsufficientFunds(needed=amount, had=state.balance)
                actions.add(Tracked(state.next_id, Charge(amount)))
                state.charging[state.next_id] = amount
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.charging:
                    raise NoSuchCharge(id)
                state.balance -= state.charging.pop(id)

    async def restore(self, state, actions):
        for id, amount in state.charging.items():
            actions.add(Tracked(id, Charge(amount)))

    @invariant
    def never_overdrawn(self, state):
        return state.balance >= 0


LAW = "invariant:never_overdrawn"
TRACE = ["Pay(amount=60)", "Pay(amount=60)", "complete 1.1 Charged()", "complete 2.1 Charged()"]
