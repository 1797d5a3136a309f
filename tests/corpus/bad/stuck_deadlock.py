"""Transfers between two accounts, each of which locks its source and then waits for its target: two of them block
each other."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


class Account(Enum):
    ANN = "ann"
    BOB = "bob"


@dataclass
class Transfer:
    source: Account


@dataclass
class Debit: ...


@dataclass
class Debited: ...


@dataclass
class Bank:
    locks: dict[Account, int] = field(default_factory=dict)
    next_id: int = 1


class Locked(TransitionError): ...


class NoSuchTransfer(TransitionError): ...


class Transfers(StateMachine):
    State = Bank
    Input = Transfer
    ActionId = int
    TrackedAction = Debit
    ActionResult = Debited

    def initial(self):
        return Bank()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Transfer(source)):
                if source in state.locks:
                    raise Locked(source)
                actions.add(Tracked(state.next_id, Debit()))
                state.locks[source] = state.next_id
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                source = next((account for account, transfer in state.locks.items() if transfer == id), None)
                if source is None:
                    raise NoSuchTransfer(id)
                target = Account.BOB if source is Account.ANN else Account.ANN
                if target in state.locks:
                    raise Locked(target)  # the result comes again, and then it may be free
                del state.locks[source]

    async def restore(self, state, actions):
        for id in state.locks.values():
            actions.add(Tracked(id, Debit()))


LAW = "stuck"
TRACE = ["Transfer(source=Account.ANN)", "Transfer(source=Account.BOB)"]
