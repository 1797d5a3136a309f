"""Votes. The ballots are in a list of the module, and the state only has their number."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine

BALLOTS: list[str] = []


@dataclass
class Vote:
    party: Annotated[str, OneOf("left", "right")]


@dataclass
class Count:
    left: int = 0
    all: int = 0


class Election(StateMachine):
    State = Count
    Input = Vote

    def initial(self):
        return Count()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Vote(party)):
                BALLOTS.append(party)
                state.left += party == "left"
                state.all = len(BALLOTS)


LAW = "hidden"
TRACE = ["Vote(party='left')"]
