"""Receipts by mail. The numbers that were given out and delivered are stored, but the open ones are not sent again."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Purchase: ...


@dataclass
class SendReceipt:
    number: int


@dataclass
class Delivered: ...


@dataclass
class Register:
    last: int = 0
    delivered: set[int] = field(default_factory=set)


class NotOpen(TransitionError): ...


class Receipts(StateMachine):
    State = Register
    Input = Purchase
    ActionId = int
    TrackedAction = SendReceipt
    ActionResult = Delivered

    def initial(self):
        return Register()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Purchase()):
                actions.add(Tracked(state.last + 1, SendReceipt(state.last + 1)))
                state.last += 1
            case TrackedActionCompleted(id, _):
                if not 1 <= id <= state.last or id in state.delivered:
                    raise NotOpen(id)
                state.delivered.add(id)

    async def restore(self, state, actions):
        pass  # a receipt is only paper


LAW = "stored"
TRACE = ["Purchase()"]
