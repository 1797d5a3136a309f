"""Pizza deliveries. A result for an order that was never placed is looked up in the dict without a check."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted


@dataclass
class Order: ...


@dataclass
class Bake: ...


@dataclass
class Baked: ...


@dataclass
class Pizzeria:
    baking: dict[int, bool] = field(default_factory=dict)
    next_id: int = 1


class Pizza(StateMachine):
    State = Pizzeria
    Input = Order
    ActionId = int
    TrackedAction = Bake
    ActionResult = Baked

    def initial(self):
        return Pizzeria()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Order()):
                actions.add(Tracked(state.next_id, Bake()))
                state.baking[state.next_id] = True
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                del state.baking[id]

    async def restore(self, state, actions):
        for id in state.baking:
            actions.add(Tracked(id, Bake()))


LAW = "defect"
TRACE = ["TrackedActionCompleted(id=0, result=Baked())"]
