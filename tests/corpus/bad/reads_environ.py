"""A discount that is switched on by an environment variable."""

import os
from dataclasses import dataclass

from fasm_cli import Normal, StateMachine


@dataclass
class Buy: ...


@dataclass
class Sales:
    cents: int = 0


class Discounts(StateMachine):
    State = Sales
    Input = Buy

    def initial(self):
        return Sales()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Buy()):
                price = 80 if os.environ.get("DISCOUNT") else 100
                state.cents += price


LAW = "reads"
TRACE = ["Buy()"]
