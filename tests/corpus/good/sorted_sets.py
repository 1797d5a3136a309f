"""A newsletter. Its subscribers are a set, which is sorted whenever its order matters."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, Tracked, TrackedActionCompleted, TransitionError

Name = Annotated[str, OneOf("ada", "ben", "cleo", "dirk", "elsa", "fred")]


@dataclass
class Subscribe:
    name: Name


@dataclass
class Publish: ...


@dataclass
class Mail: ...


@dataclass
class Delivered: ...


@dataclass
class Readers:
    names: set[str] = field(default_factory=set)
    mailing: set[str] = field(default_factory=set)


class Refused(TransitionError): ...


class Newsletter(StateMachine):
    State = Readers
    Input = Subscribe | Publish
    ActionId = str
    TrackedAction = Mail
    ActionResult = Delivered

    def initial(self):
        return Readers()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Subscribe(name)):
                state.names |= {name}
            case Normal(Publish()):
                if state.mailing or not state.names:
                    raise Refused(mailing=len(state.mailing))
                for name in sorted(state.names):
                    actions.add(Tracked(name, Mail()))
                state.mailing = set(state.names)
            case TrackedActionCompleted(name, _):
                if name not in state.mailing:
                    raise Refused(name)
                state.mailing.discard(name)

    async def restore(self, state, actions):
        for name in sorted(state.mailing):
            actions.add(Tracked(name, Mail()))
