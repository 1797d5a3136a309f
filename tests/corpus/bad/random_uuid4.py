"""Invoices with ids from uuid4: after a lost commit the same invoice has another id."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID, uuid4

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Bill:
    euros: Annotated[int, Between(1, 9)]


@dataclass
class SendInvoice:
    euros: int


@dataclass
class Paid: ...


@dataclass
class Books:
    unpaid: dict[UUID, int] = field(default_factory=dict)
    earned: int = 0


class NoSuchInvoice(TransitionError): ...


class Invoices(StateMachine):
    State = Books
    Input = Bill
    ActionId = UUID
    TrackedAction = SendInvoice
    ActionResult = Paid

    def initial(self):
        return Books()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Bill(euros)):
                id = uuid4()
                actions.add(Tracked(id, SendInvoice(euros)))
                state.unpaid[id] = euros
            case TrackedActionCompleted(id, _):
                if id not in state.unpaid:
                    raise NoSuchInvoice(id)
                state.earned += state.unpaid.pop(id)

    async def restore(self, state, actions):
        for id, euros in state.unpaid.items():
            actions.add(Tracked(id, SendInvoice(euros)))


LAW = "random"
TRACE = ["Bill(euros=1)"]
