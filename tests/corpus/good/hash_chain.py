"""A ledger whose entries are chained by SHA-256. Only `hash()` is salted; a digest is the same in every process."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fasm_cli import Between, Normal, OneOf, StateMachine, invariant


@dataclass
class Enter:
    name: Annotated[str, OneOf("ann", "bob")]
    cents: Annotated[int, Between(-50, 50)]


@dataclass
class Ledger:
    head: str = ""
    entries: int = 0


class Chain(StateMachine):
    State = Ledger
    Input = Enter

    def initial(self):
        return Ledger()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Enter(name, cents)):
                text = json.dumps({"name": name, "cents": cents, "before": state.head}, sort_keys=True)
                state.head = sha256(text.encode()).hexdigest()[:16]
                state.entries += 1

    @invariant
    def has_a_head(self, state):
        return bool(state.head) == bool(state.entries)
