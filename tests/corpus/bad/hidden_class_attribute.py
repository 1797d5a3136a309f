"""A club with a list of members. Members are also stored in the class, where a crash does not remove them."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fasm_cli import Normal, OneOf, StateMachine, TransitionError


@dataclass
class Join:
    name: Annotated[str, OneOf("ada", "bob", "cyd", "dora", "edda")]


@dataclass
class Club:
    members: list[str] = field(default_factory=list)


class MemberAlready(TransitionError): ...


class Members(StateMachine):
    State = Club
    Input = Join
    _joined: ClassVar[dict[str, bool]] = {}

    def initial(self):
        return Club()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Join(name)):
                if self._joined.get(name):
                    raise MemberAlready(name)
                state.members.append(name)
                self._joined[name] = True


LAW = "hidden"
TRACE = ["Join(name='ada')", "Join(name='ada')"]
