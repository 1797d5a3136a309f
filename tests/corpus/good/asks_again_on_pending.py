"""Card payments. `Pending` changes nothing in the state, but the transition asks again under the same id."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Pay:
    cents: Annotated[int, Between(1, 50)]


@dataclass
class Charge:
    cents: int


@dataclass
class CheckStatus: ...


@dataclass
class Charged: ...


@dataclass
class Declined: ...


@dataclass
class Pending: ...


@dataclass
class Account:
    balance: int = 1000
    charging: dict[int, int] = field(default_factory=dict)
    next_id: int = 1


class InsufficientFunds(TransitionError): ...


class NotCharging(TransitionError): ...


class CardPayments(StateMachine):
    State = Account
    Input = Pay
    ActionId = int
    TrackedAction = Charge | CheckStatus
    ActionResult = Charged | Declined | Pending

    def initial(self):
        return Account()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pay(cents)):
                if state.balance - sum(state.charging.values()) < cents:
                    raise InsufficientFunds(cents)
                actions.add(Tracked(state.next_id, Charge(cents)))
                state.charging[state.next_id] = cents
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.charging:
                    raise NotCharging(id)
                match result:
                    case Pending():
                        actions.add(Tracked(id, CheckStatus()))
                    case Charged():
                        state.balance -= state.charging.pop(id)
                    case Declined():
                        del state.charging[id]

    async def restore(self, state, actions):
        for id in state.charging:
            actions.add(Tracked(id, CheckStatus()))

    @invariant
    def never_overdrawn(self, state):
        return state.balance >= 0
