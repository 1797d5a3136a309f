"""A queue in a dict: the order of insertion is part of the state and is stored with it."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, TransitionError, Untracked


@dataclass
class Join:
    name: Annotated[str, OneOf("zoe", "adam", "mia", "ben")]


@dataclass
class Next: ...


@dataclass
class Call:
    name: str


@dataclass
class Queue:
    parties: dict[str, int] = field(default_factory=dict)
    served: list[str] = field(default_factory=list)


class WaitsAlready(TransitionError): ...


class Empty(TransitionError): ...


class Queueing(StateMachine):
    State = Queue
    Input = Join | Next
    UntrackedAction = Call

    def initial(self):
        return Queue()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Join(name)):
                if name in state.parties:
                    raise WaitsAlready(name)
                state.parties[name] = len(state.served)
            case Normal(Next()):
                if not state.parties:
                    raise Empty()
                first = next(iter(state.parties))
                actions.add(Untracked(Call(first)))
                del state.parties[first]
                state.served = [*state.served[-9:], first]
