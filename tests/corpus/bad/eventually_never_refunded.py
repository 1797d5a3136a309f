"""Refused orders. The customer is owed the money of a refused order, and nothing refunds it."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, eventually


@dataclass
class Order: ...


@dataclass
class AskSupplier: ...


@dataclass
class Accepted: ...


@dataclass
class Refused: ...


@dataclass
class Shop:
    asked: int | None = None
    owed: int = 0
    next_id: int = 1


class OneAtATime(TransitionError): ...


class NotAsked(TransitionError): ...


class Orders(StateMachine):
    State = Shop
    Input = Order
    ActionId = int
    TrackedAction = AskSupplier
    ActionResult = Accepted | Refused

    def initial(self):
        return Shop()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Order()):
                if state.asked is not None:
                    raise OneAtATime(state.asked)
                actions.add(Tracked(state.next_id, AskSupplier()))
                state.asked = state.next_id
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if state.asked != id:
                    raise NotAsked(id)
                state.asked = None
                if result == Refused():
                    state.owed += 10

    async def restore(self, state, actions):
        if state.asked is not None:
            actions.add(Tracked(state.asked, AskSupplier()))

    @eventually
    def nobody_is_owed_anything(self, state):
        return state.owed == 0


LAW = "eventually:nobody_is_owed_anything"
TRACE = ["Order()", "complete 1.1 Refused()"]
