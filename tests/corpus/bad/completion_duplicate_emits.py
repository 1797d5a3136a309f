"""Orders of spare parts. Each `Paid` sends a parcel, so a second `Paid` for an order sends a second parcel."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Order: ...


@dataclass
class Charge: ...


@dataclass
class Ship: ...


@dataclass
class Paid: ...


@dataclass
class Store:
    charging: set[int] = field(default_factory=set)
    paid: set[int] = field(default_factory=set)
    shipping: set[int] = field(default_factory=set)
    next_id: int = 1


class NotOpen(TransitionError): ...


class SpareParts(StateMachine):
    State = Store
    Input = Order
    ActionId = int
    TrackedAction = Charge | Ship
    ActionResult = Paid

    def initial(self):
        return Store()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Order()):
                actions.add(Tracked(state.next_id, Charge()))
                state.charging.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, Paid()) if id in state.shipping:
                state.shipping.remove(id)
            case TrackedActionCompleted(id, Paid()):
                if id not in state.charging and id not in state.paid:
                    raise NotOpen(id)
                actions.add(Tracked(state.next_id, Ship()))
                state.charging.discard(id)
                state.paid.add(id)
                state.shipping.add(state.next_id)
                state.next_id += 1

    async def restore(self, state, actions):
        for id in sorted(state.charging):
            actions.add(Tracked(id, Charge()))
        for id in sorted(state.shipping):
            actions.add(Tracked(id, Ship()))


LAW = "completion"
TRACE = ["Order()", "complete 1.1 Paid()", "complete 1.1 Paid()"]
