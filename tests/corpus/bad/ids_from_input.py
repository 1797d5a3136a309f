"""Cheques. The number written by the customer is the id, without a check that this cheque is not pending."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Write:
    number: Annotated[int, Between(0, 5)]


@dataclass
class Clear: ...


@dataclass
class Cleared: ...


@dataclass
class Chequebook:
    out: set[int] = field(default_factory=set)
    cleared: int = 0


class NoSuchCheque(TransitionError): ...


class Cheques(StateMachine):
    State = Chequebook
    Input = Write
    ActionId = int
    TrackedAction = Clear
    ActionResult = Cleared

    def initial(self):
        return Chequebook()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Write(number)):
                actions.add(Tracked(number, Clear()))
                state.out.add(number)
            case TrackedActionCompleted(id, _):
                if id not in state.out:
                    raise NoSuchCheque(id)
                state.out.remove(id)
                state.cleared += 1

    async def restore(self, state, actions):
        for number in sorted(state.out):
            actions.add(Tracked(number, Clear()))


LAW = "ids"
TRACE = ["Write(number=0)", "Write(number=0)"]
