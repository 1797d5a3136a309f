"""Pledges to a charity. A pledge may be 0, but `restore` tests its amount as a truth value."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Pledge:
    amount: Annotated[int, Between(0, 5)]


@dataclass
class SendLetter:
    amount: int


@dataclass
class Signed: ...


@dataclass
class Charity:
    unsigned: dict[int, int] = field(default_factory=dict)
    pledged: int = 0
    letters: int = 0


class NoSuchLetter(TransitionError): ...


class Pledges(StateMachine):
    State = Charity
    Input = Pledge
    ActionId = int
    TrackedAction = SendLetter
    ActionResult = Signed

    def initial(self):
        return Charity()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pledge(amount)):
                actions.add(Tracked(state.letters + 1, SendLetter(amount)))
                state.letters += 1
                state.unsigned[state.letters] = amount
            case TrackedActionCompleted(id, _):
                if id not in state.unsigned:
                    raise NoSuchLetter(id)
                state.pledged += state.unsigned.pop(id)

    async def restore(self, state, actions):
        for id, amount in state.unsigned.items():
            if amount:
                actions.add(Tracked(id, SendLetter(amount)))


LAW = "stored"
TRACE = ["Pledge(amount=0)"]
