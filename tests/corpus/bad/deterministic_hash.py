"""A sharded mailbox. The shard of a letter is chosen by `hash()`, which Python salts anew in each process."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine


@dataclass
class Deliver:
    name: Annotated[str, OneOf("ada", "bert", "clara")]


@dataclass
class Mailbox:
    letters: dict[int, int] = field(default_factory=dict)


class Shards(StateMachine):
    State = Mailbox
    Input = Deliver

    def initial(self):
        return Mailbox()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Deliver(name)):
                shard = hash(name) % 1000
                state.letters[shard] = state.letters.get(shard, 0) + 1


LAW = "deterministic"
TRACE = ["Deliver(name='ada')"]
