"""Postage by weight. The price comes from a cached function, which is pure: the cache changes no result."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, invariant


@dataclass
class Stamp:
    grams: Annotated[int, Between(1, 500)]


@dataclass
class PostOffice:
    cents: int = 0
    letters: int = 0


class Postage(StateMachine):
    State = PostOffice
    Input = Stamp

    def initial(self):
        return PostOffice()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Stamp(grams)):
                state.cents += _postage(grams)
                state.letters += 1

    @invariant
    def no_letter_is_free(self, state):
        return state.cents >= 85 * state.letters


@cache
def _postage(grams):
    return 85 if grams <= 20 else 100 if grams <= 50 else 160 + 10 * ((grams - 50) // 100)
