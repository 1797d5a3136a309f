"""Orders that may be cancelled while the charge is pending; a charge that succeeds anyway is refunded."""

from dataclasses import dataclass
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


class Phase(Enum):
    CHARGING = "charging"
    CANCELLED = "cancelled"
    REFUNDING = "refunding"


@dataclass
class Order: ...


@dataclass
class Cancel: ...


@dataclass
class Charge: ...


@dataclass
class Refund: ...


@dataclass
class Done: ...


@dataclass
class Shop:
    phase: Phase | None = None
    id: int = 0
    money: int = 0
    sold: int = 0


class Refused(TransitionError): ...


class Orders(StateMachine):
    State = Shop
    Input = Order | Cancel
    ActionId = int
    TrackedAction = Charge | Refund
    ActionResult = Done

    def initial(self):
        return Shop()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Order()):
                if state.phase is not None:
                    raise Refused(state.phase.value)
                actions.add(Tracked(state.id + 1, Charge()))
                state.id += 1
                state.phase = Phase.CHARGING
            case Normal(Cancel()):
                if state.phase is not Phase.CHARGING:
                    raise Refused()
                state.phase = Phase.CANCELLED
            case TrackedActionCompleted(id, _):
                if state.phase is None or id != state.id:
                    raise Refused(id)
                match state.phase:
                    case Phase.CHARGING:
                        state.money, state.sold, state.phase = state.money + 10, state.sold + 1, None
                    case Phase.CANCELLED:
                        actions.add(Tracked(state.id + 1, Refund()))
                        state.id += 1
                        state.money, state.phase = state.money + 10, Phase.REFUNDING
                    case Phase.REFUNDING:
                        state.money, state.phase = state.money - 10, None

    async def restore(self, state, actions):
        if state.phase is not None:
            actions.add(Tracked(state.id, Refund() if state.phase is Phase.REFUNDING else Charge()))

    @invariant
    def paid_for_what_is_sold(self, state):
        return state.money == 10 * state.sold + 10 * (state.phase is Phase.REFUNDING)
