"""The waiting list of a barber. A name is appended before the check that it is not on the list yet."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, TransitionError


@dataclass
class Join:
    name: Annotated[str, OneOf("ada", "bob", "carl")]


@dataclass
class Next: ...


@dataclass
class WaitingList:
    names: list[str] = field(default_factory=list)
    served: int = 0


class AlreadyWaiting(TransitionError): ...


class NobodyWaits(TransitionError): ...


class Barber(StateMachine):
    State = WaitingList
    Input = Join | Next

    def initial(self):
        return WaitingList()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Join(name)):
                state.names.append(name)
                if state.names.count(name) > 1:
                    raise AlreadyWaiting(name)
            case Normal(Next()):
                if not state.names:
                    raise NobodyWaits()
                del state.names[0]
                state.served += 1


LAW = "atomic"
TRACE = ["Join(name='ada')", "Join(name='ada')"]
