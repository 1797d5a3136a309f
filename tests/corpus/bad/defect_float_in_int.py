"""A bill shared by two. Half of an odd amount is not a whole number of cents and cannot be stored."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine


@dataclass
class Share:
    cents: Annotated[int, Between(1, 9)]


@dataclass
class Bill:
    each: int = 0


class Bills(StateMachine):
    State = Bill
    Input = Share

    def initial(self):
        return Bill()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Share(cents)):
                state.each = cents / 2 if cents % 2 else cents // 2


LAW = "defect"
TRACE = ["Share(cents=1)"]
