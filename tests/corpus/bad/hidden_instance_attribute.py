"""A juke box that stores the last song in its instance, past the seal of the machine, and not in its state."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine


@dataclass
class Play:
    song: Annotated[int, Between(1, 9)]


@dataclass
class Box:
    played: int = 0
    repeated: int = 0


class JukeBox(StateMachine):
    State = Box
    Input = Play

    def initial(self):
        return Box()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Play(song)):
                if getattr(self, "_last", None) == song:
                    state.repeated += 1
                state.played += 1
                object.__setattr__(self, "_last", song)


LAW = "hidden"
TRACE = ["Play(song=1)"]
