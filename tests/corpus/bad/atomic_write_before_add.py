"""Orders of a tea room, each charged to a card. The order is written to the state before `add`, which may fail."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Order:
    item: Annotated[str, OneOf("tea", "water")]


@dataclass
class Charge:
    item: str


@dataclass
class Paid: ...


@dataclass
class Till:
    open: dict[int, str] = field(default_factory=dict)
    sold: int = 0
    next_id: int = 1


class UnknownOrder(TransitionError): ...


class TeaRoom(StateMachine):
    State = Till
    Input = Order
    ActionId = int
    TrackedAction = Charge
    ActionResult = Paid

    def initial(self):
        return Till()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Order(item)):
                state.open[state.next_id] = item
                actions.add(Tracked(state.next_id, Charge(item)))
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.open:
                    raise UnknownOrder(id)
                del state.open[id]
                state.sold += 1

    async def restore(self, state, actions):
        for id in sorted(state.open):
            actions.add(Tracked(id, Charge(state.open[id])))


LAW = "atomic"
TRACE = ["fault actions_full 1", "Order(item='tea')"]
