"""A raffle that draws its winners itself, with the generator of the process."""

import random
from dataclasses import dataclass

from fasm_cli import Normal, StateMachine


@dataclass
class Draw: ...


@dataclass
class Raffle:
    draws: int = 0
    won: int = 0


class Tombola(StateMachine):
    State = Raffle
    Input = Draw

    def initial(self):
        return Raffle()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Draw()):
                state.draws += 1
                if random.random() < 0.1:
                    state.won += 1


LAW = "random"
TRACE = ["Draw()"]
