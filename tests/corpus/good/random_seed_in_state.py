"""A dice game. The generator is created from a seed in the state, which is then advanced."""

from dataclasses import dataclass
from random import Random
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, invariant


@dataclass
class Roll:
    dice: Annotated[int, Between(1, 3)]


@dataclass
class Game:
    seed: int = 1
    last: int = 0
    rolls: int = 0


class Dice(StateMachine):
    State = Game
    Input = Roll

    def initial(self):
        return Game()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Roll(dice)):
                generator = Random(state.seed)
                state.last = sum(generator.randint(1, 6) for _ in range(dice))
                state.seed = generator.getrandbits(32)
                state.rolls += 1

    @invariant
    def possible(self, state):
        return 0 <= state.last <= 18
