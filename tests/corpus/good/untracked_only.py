"""A doorbell that only emits untracked actions."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Untracked


@dataclass
class Ring:
    seconds: Annotated[int, Between(1, 3)]


@dataclass
class Chime:
    note: int


@dataclass
class Door:
    rings: int = 0


class Doorbell(StateMachine):
    State = Door
    Input = Ring
    UntrackedAction = Chime

    def initial(self):
        return Door()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Ring(seconds)):
                for note in range(seconds):
                    actions.add(Untracked(Chime(note)))
                state.rings += 1
