"""Group mails, one tracked action each. All are added before the state changes: there is nothing to roll back."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Write:
    receivers: Annotated[int, Between(1, 4)]


@dataclass
class Send:
    receiver: int


@dataclass
class Sent: ...


@dataclass
class Outbox:
    sending: dict[int, int] = field(default_factory=dict)
    next_id: int = 1


class NotSending(TransitionError): ...


class GroupMail(StateMachine):
    State = Outbox
    Input = Write
    ActionId = int
    TrackedAction = Send
    ActionResult = Sent

    def initial(self):
        return Outbox()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Write(receivers)):
                new = {state.next_id + receiver: receiver for receiver in range(receivers)}
                for id, receiver in new.items():
                    actions.add(Tracked(id, Send(receiver)))
                state.sending.update(new)
                state.next_id += receivers
            case TrackedActionCompleted(id, _):
                if id not in state.sending:
                    raise NotSending(id)
                del state.sending[id]

    async def restore(self, state, actions):
        for id, receiver in state.sending.items():
            actions.add(Tracked(id, Send(receiver)))
