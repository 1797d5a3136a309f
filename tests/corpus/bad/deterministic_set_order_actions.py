"""A gate announcement. The displays are notified in the order of a set, which differs between processes."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Untracked

DISPLAYS = frozenset({"bar", "east", "hall", "lounge", "north", "shop", "south", "west"})


@dataclass
class Announce:
    gate: Annotated[int, Between(1, 9)]


@dataclass
class Show:
    display: str
    gate: int


@dataclass
class Airport:
    gate: int = 0


class Announcements(StateMachine):
    State = Airport
    Input = Announce
    UntrackedAction = Show

    def initial(self):
        return Airport()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Announce(gate)):
                for display in DISPLAYS:
                    actions.add(Untracked(Show(display, gate)))
                state.gate = gate


LAW = "deterministic"
TRACE = ["Announce(gate=1)"]
