"""Card payments, reviewed from a total of 50. Pending payments are not counted, so three of them pass the limit."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Pay:
    user: Annotated[str, OneOf("ann", "bob")]


@dataclass
class Charge:
    user: str


@dataclass
class Charged: ...


@dataclass
class Cards:
    pending: dict[int, str] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=lambda: {"ann": 0, "bob": 0})
    next_id: int = 1


class NeedsReview(TransitionError): ...


class NotPending(TransitionError): ...


class CardLimit(StateMachine):
    State = Cards
    Input = Pay
    ActionId = int
    TrackedAction = Charge
    ActionResult = Charged

    def initial(self):
        return Cards()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pay(user)):
                if state.spent[user] >= 50:
                    raise NeedsReview(user)
                actions.add(Tracked(state.next_id, Charge(user)))
                state.pending[state.next_id] = user
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.pending:
                    raise NotPending(id)
                state.spent[state.pending.pop(id)] += 50

    async def restore(self, state, actions):
        for id, user in state.pending.items():
            actions.add(Tracked(id, Charge(user)))

    @invariant
    def below_the_limit(self, state):
        return all(spent < 150 for spent in state.spent.values())


LAW = "invariant:below_the_limit"
TRACE = [
    "Pay(user='ann')",
    "Pay(user='ann')",
    "Pay(user='ann')",
    "complete 1.1 Charged()",
    "complete 2.1 Charged()",
    "complete 3.1 Charged()",
]
