"""Invoices with UUIDs as ids. They are made by uuid5 from a counter in the state and are the same after a crash."""

from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Bill: ...


@dataclass
class Send:
    number: int


@dataclass
class Sent: ...


@dataclass
class Books:
    sending: dict[UUID, int] = field(default_factory=dict)
    next_number: int = 1


class NotSending(TransitionError): ...


class Invoices(StateMachine):
    State = Books
    Input = Bill
    ActionId = UUID
    TrackedAction = Send
    ActionResult = Sent

    def initial(self):
        return Books()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Bill()):
                number = state.next_number
                id = uuid5(NAMESPACE_URL, f"https://example.com/invoices/{number}")
                actions.add(Tracked(id, Send(number)))
                state.sending[id] = number
                state.next_number += 1
            case TrackedActionCompleted(id, _):
                if id not in state.sending:
                    raise NotSending(id)
                del state.sending[id]

    async def restore(self, state, actions):
        for id, number in sorted(state.sending.items(), key=lambda entry: entry[1]):
            actions.add(Tracked(id, Send(number)))
