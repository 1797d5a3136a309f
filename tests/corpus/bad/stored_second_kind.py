"""A web shop charges, then ships. After a crash it asks about the open charges, but not about the open shipments."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Order: ...


@dataclass
class Charge: ...


@dataclass
class Ship: ...


@dataclass
class Done: ...


@dataclass
class Shop:
    charging: set[int] = field(default_factory=set)
    shipping: set[int] = field(default_factory=set)
    next_id: int = 1


class NothingOpen(TransitionError): ...


class WebShop(StateMachine):
    State = Shop
    Input = Order
    ActionId = int
    TrackedAction = Charge | Ship
    ActionResult = Done

    def initial(self):
        return Shop()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Order()):
                actions.add(Tracked(state.next_id, Charge()))
                state.charging.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, Done()) if id in state.charging:
                actions.add(Tracked(id, Ship()))
                state.charging.remove(id)
                state.shipping.add(id)
            case TrackedActionCompleted(id, Done()):
                if id not in state.shipping:
                    raise NothingOpen(id)
                state.shipping.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.charging):
            actions.add(Tracked(id, Charge()))


LAW = "stored"
TRACE = ["Order()", "complete 1.1 Done()"]
