"""The machine of the lawbook's examples: each of them stands in place of its methods, or beside them."""

WALLET = '''"""Pays out of a wallet; the money is reserved until the provider has charged it or declined."""
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import (Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, Untracked,
                      eventually, invariant, sometimes, transition_invariant)

LIMIT = 20

@dataclass
class Wallet:
    balance: int = 100
    reserved: int = 0
    waiting: dict[int, int] = field(default_factory=dict)  # the amount of every charge without a result, by its id
    watchers: set[str] = field(default_factory=lambda: {"ann", "bob", "eve"})
    next_id: int = 1
    paid_at: int = 0

@dataclass
class Pay:
    amount: Annotated[int, Between(1, 20)]
    at: Annotated[int, Between(0, 1000)]

@dataclass
class Charge:  # tracked
    amount: int

@dataclass
class Notify:  # untracked
    text: str

@dataclass
class Charged:
    pass

@dataclass
class Declined:
    pass

class TooMuch(TransitionError): ...
class Unknown(TransitionError): ...
class Unexpected(TransitionError): ...

class Wallets(StateMachine):
    State, Input, ActionId = Wallet, Pay, int
    TrackedAction, ActionResult, UntrackedAction = Charge, Charged | Declined, Notify

    def initial(self):
        return Wallet()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pay() as pay):
                self.pay(state, pay, actions)
            case TrackedActionCompleted(id, result):
                self.answered(state, id, result, actions)

    def pay(self, state, pay, actions):
        if state.balance - state.reserved < pay.amount:
            raise TooMuch(needed=pay.amount)
        actions.add(Tracked(state.next_id, Charge(pay.amount)))
        state.waiting[state.next_id] = pay.amount
        state.reserved += pay.amount
        state.next_id += 1

    def answered(self, state, id, result, actions):
        if id not in state.waiting:
            raise Unknown(id)
        amount = state.waiting.pop(id)
        state.reserved -= amount
        if result == Charged():
            state.balance -= amount

    async def restore(self, state, actions):
        for id in sorted(state.waiting):
            actions.add(Tracked(id, Charge(state.waiting[id])))
'''
