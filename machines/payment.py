"""Payments from one balance; each is settled when the payment provider confirms its charge.

It shows how to track an action: the state holds it from the moment it is emitted until its result is accepted, so that
`restore` can ask for its status; ids come from a counter in the state and are never reused; a second result for the
same payment is rejected.

It has one deliberate bug, of the kind that only a simulation finds: the balance is checked when a payment is requested
but reduced when it is confirmed. Two pending payments may each be covered and still overdraw the account together. The
invariant `never_overdrawn` detects it.
To fix it, subtract the pending payments from the balance before comparing.
"""

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Annotated

from fasm_cli import (
    Actions,
    Between,
    Chooser,
    Normal,
    StateMachine,
    Text,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    invariant,
    sometimes,
)


class Status(Enum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True)
class Order:
    amount: int
    user: str
    status: Status = Status.PENDING


@dataclass
class Account:
    balance: int = 100
    payments: dict[int, Order] = field(default_factory=dict)
    next_id: int = 1


@dataclass
class Process:
    """A user requests a payment."""

    amount: Annotated[int, Between(1, 200)]
    user: Annotated[str, Text(1, 20)]


@dataclass
class Charge:
    """Asks the provider to charge the payment."""

    amount: int


@dataclass
class CheckStatus:
    """Asks the provider, after a crash, whether the payment was charged."""

    payment: int


@dataclass
class Success:
    """The provider has charged the payment."""


@dataclass
class Failed:
    """The provider has not charged the payment and will not."""

    reason: str


class InsufficientFunds(TransitionError):
    """The balance does not cover the payment."""


class NotFound(TransitionError):
    """No payment has this id."""


class AlreadySettled(TransitionError):
    """The payment already has its result; a second one must not count."""


class Payment(StateMachine):
    """Pays from one balance; two pending payments can overdraw it."""

    State = Account
    Input = Process
    ActionId = int
    TrackedAction = Charge | CheckStatus
    ActionResult = Success | Failed

    def initial(self) -> Account:
        return Account()

    async def stf(self, state: Account, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        match input:
            case Normal(Process(amount, user)):
                if state.balance < amount:  # the bug: pending payments are not counted
                    raise InsufficientFunds(needed=amount, had=state.balance)
                actions.add(Tracked(state.next_id, Charge(amount)))
                state.payments[state.next_id] = Order(amount, user)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                order = state.payments.get(id)
                if order is None:
                    raise NotFound(id)
                if order.status is not Status.PENDING:
                    raise AlreadySettled(id, order.status.value)
                match result:
                    case Success():
                        state.balance -= order.amount
                        state.payments[id] = replace(order, status=Status.CONFIRMED)
                    case Failed():
                        state.payments[id] = replace(order, status=Status.FAILED)

    async def restore(self, state: Account, actions: Actions) -> None:
        for id, order in sorted(state.payments.items(), key=lambda entry: entry[0]):
            if order.status is Status.PENDING:
                actions.add(Tracked(id, CheckStatus(id)))

    @invariant
    def never_overdrawn(self, state: Account) -> bool:
        return state.balance >= 0

    @invariant
    def ids_are_below_the_counter(self, state: Account) -> bool:
        return all(id < state.next_id for id in state.payments)

    @sometimes
    def two_pending_at_once(self, state: Account) -> bool:
        return sum(order.status is Status.PENDING for order in state.payments.values()) >= 2

    @sometimes
    def a_payment_was_declined(self, state: Account) -> bool:
        return any(order.status is Status.FAILED for order in state.payments.values())

    def respond(self, choose: Chooser, id: int, action: Charge | CheckStatus) -> Success | Failed:
        return Success() if choose.chance(0.85) else Failed("card declined")
