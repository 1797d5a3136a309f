"""Steps of the Collatz sequence. They are cached in a dict of the module, which changes no result."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, invariant

_STEPS = {1: 0}


@dataclass
class Count:
    number: Annotated[int, Between(1, 30)]


@dataclass
class Record:
    number: int = 1
    steps: int = 0


class Collatz(StateMachine):
    State = Record
    Input = Count

    def initial(self):
        return Record()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Count(number)):
                steps = _steps(number)
                if steps > state.steps:
                    state.number, state.steps = number, steps

    @invariant
    def known_record(self, state):
        return state.steps <= 111


def _steps(number):
    if number not in _STEPS:
        _STEPS[number] = 1 + _steps(number // 2 if number % 2 == 0 else 3 * number + 1)
    return _STEPS[number]
