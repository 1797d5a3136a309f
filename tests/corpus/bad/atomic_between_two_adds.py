"""Transfers between two banks. The balance is reduced after the first action and before the second, which may fail."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import (
    Between,
    Normal,
    StateMachine,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
    invariant,
)


@dataclass
class Transfer:
    amount: Annotated[int, Between(1, 20)]


@dataclass
class Send:
    amount: int


@dataclass
class Announce:
    amount: int


@dataclass
class Arrived: ...


@dataclass
class Account:
    balance: int = 500
    on_the_way: dict[int, int] = field(default_factory=dict)
    next_id: int = 1


class InsufficientFunds(TransitionError): ...


class UnknownTransfer(TransitionError): ...


class Bank(StateMachine):
    State = Account
    Input = Transfer
    ActionId = int
    TrackedAction = Send
    ActionResult = Arrived
    UntrackedAction = Announce

    def initial(self):
        return Account()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Transfer(amount)):
                if state.balance < amount:
                    raise InsufficientFunds(needed=amount, had=state.balance)
                actions.add(Tracked(state.next_id, Send(amount)))
                state.balance -= amount
                actions.add(Untracked(Announce(amount)))
                state.on_the_way[state.next_id] = amount
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if state.on_the_way.pop(id, None) is None:
                    raise UnknownTransfer(id)

    async def restore(self, state, actions):
        for id, amount in sorted(state.on_the_way.items()):
            actions.add(Tracked(id, Send(amount)))

    @invariant
    def not_in_debt(self, state):
        return state.balance >= 0


LAW = "atomic"
TRACE = ["fault actions_full 2", "Transfer(amount=1)"]
