"""Payments out of one balance, each settled when the payment provider confirms its charge.

What it teaches: a tracked action lives in the state from the moment it is emitted until its result is in, so that
`restore` can ask about it again; an id comes from a counter in the state and is never used twice; a second result
for the same payment is refused.

It has one fault, and keeps it, because it is the kind that only a simulation finds: the balance is checked when a
payment is asked for and reduced when it is confirmed. Two payments that wait side by side may each be covered, and
together overdraw the account. The invariant `never_overdrawn` says so. (To mend it, check against the balance less
everything that is still pending.)
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
    """A user wants to pay."""

    amount: Annotated[int, Between(1, 200)]
    user: Annotated[str, Text(1, 20)]


@dataclass
class Charge:
    """Asks the provider for the money …"""

    amount: int


@dataclass
class CheckStatus:
    """… and, after a crash, what became of it."""

    payment: int


@dataclass
class Success:
    """The provider has charged the payment."""


@dataclass
class Failed:
    """The provider has not, and will not."""

    reason: str


class InsufficientFunds(TransitionError):
    """The balance does not cover the payment."""


class NotFound(TransitionError):
    """No payment has this id."""


class AlreadySettled(TransitionError):
    """The payment has its result; a second one must not count."""


class Payment(StateMachine):
    """Pays out of one balance; two payments that are pending at once can overdraw it."""

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
                if state.balance < amount:  # the fault: what is pending is not counted
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
    def ids_are_behind_the_counter(self, state: Account) -> bool:
        return all(id < state.next_id for id in state.payments)

    @sometimes
    def two_at_once(self, state: Account) -> bool:
        return sum(order.status is Status.PENDING for order in state.payments.values()) >= 2

    @sometimes
    def one_declined(self, state: Account) -> bool:
        return any(order.status is Status.FAILED for order in state.payments.values())

    def respond(self, choose: Chooser, id: int, action: Charge | CheckStatus) -> Success | Failed:
        return Success() if choose.chance(0.85) else Failed("card declined")
