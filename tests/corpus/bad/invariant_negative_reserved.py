"""An inventory. Shipping removes a reservation, and cancelling the shipped order removes it again."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


class Status(Enum):
    RESERVED = "reserved"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"


@dataclass
class Reserve: ...


@dataclass
class Cancel: ...


@dataclass
class Pack: ...


@dataclass
class Shipped: ...


@dataclass
class Stock:
    orders: list[Status] = field(default_factory=list)
    reserved: int = 0


class NothingToCancel(TransitionError): ...


class NotReserved(TransitionError): ...


class OneAtATime(TransitionError): ...


class Inventory(StateMachine):
    State = Stock
    Input = Reserve | Cancel
    ActionId = int
    TrackedAction = Pack
    ActionResult = Shipped

    def initial(self):
        return Stock()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Reserve()):
                if Status.RESERVED in state.orders:
                    raise OneAtATime()
                actions.add(Tracked(len(state.orders), Pack()))
                state.orders.append(Status.RESERVED)
                state.reserved += 1
            case Normal(Cancel()):
                if not state.orders or state.orders[-1] is not Status.SHIPPED:
                    raise NothingToCancel()
                state.orders[-1] = Status.CANCELLED
                state.reserved -= 1
            case TrackedActionCompleted(id, _):
                if not 0 <= id < len(state.orders) or state.orders[id] is not Status.RESERVED:
                    raise NotReserved(id)
                state.orders[id] = Status.SHIPPED
                state.reserved -= 1

    async def restore(self, state, actions):
        for id, status in enumerate(state.orders):
            if status is Status.RESERVED:
                actions.add(Tracked(id, Pack()))

    @invariant
    def reserved_is_not_negative(self, state):
        return state.reserved >= 0


LAW = "invariant:reserved_is_not_negative"
TRACE = ["Reserve()", "complete 1.1 Shipped()", "Cancel()"]
