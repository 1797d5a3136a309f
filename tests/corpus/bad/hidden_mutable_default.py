"""A queue at a counter. A helper collects all customers in a mutable default argument."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine


@dataclass
class Enter:
    name: Annotated[str, OneOf("ann", "bob")]


@dataclass
class Counter:
    position: int = 0


class Queueing(StateMachine):
    State = Counter
    Input = Enter

    def initial(self):
        return Counter()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Enter(name)):
                state.position = _position(name)


def _position(name, before=[]):  # noqa: B006 - this is the fault
    before.append(name)
    return len(before)


LAW = "hidden"
TRACE = ["Enter(name='ann')"]
