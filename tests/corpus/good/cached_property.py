"""Fares between zones. The table is computed on first use and cached on the machine; nothing changes it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, invariant

Zone = Annotated[int, Between(0, 4)]


@dataclass
class Travel:
    start: Zone
    end: Zone


@dataclass
class Purse:
    spent: int = 0


class Fares(StateMachine):
    State = Purse
    Input = Travel

    def initial(self):
        return Purse()

    @cached_property
    def _fares(self):
        return tuple(tuple(200 + 50 * abs(start - end) for end in range(5)) for start in range(5))

    async def stf(self, state, input, actions):
        match input:
            case Normal(Travel(start, end)):
                state.spent += self._fares[start][end]

    @invariant
    def in_coins(self, state):
        return state.spent % 50 == 0
