"""Seats by preference. The transition catches the rejection of the first wish and tries the second."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant

Seat = Annotated[int, Between(1, 12)]


@dataclass
class Reserve:
    first: Seat
    second: Seat


@dataclass
class GiveBack:
    seat: Seat


@dataclass
class Cinema:
    taken: set[int] = field(default_factory=set)
    second_best: int = 0


class Taken(TransitionError): ...


class NotTaken(TransitionError): ...


class Seats(StateMachine):
    State = Cinema
    Input = Reserve | GiveBack

    def initial(self):
        return Cinema()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Reserve(first, second)):
                try:
                    _take(state, first)
                except Taken:
                    _take(state, second)
                    state.second_best += 1
            case Normal(GiveBack(seat)):
                try:
                    state.taken.remove(seat)
                except KeyError:
                    raise NotTaken(seat) from None

    @invariant
    def no_more_than_there_are(self, state):
        return len(state.taken) <= 12


def _take(state, seat):
    if seat in state.taken:
        raise Taken(seat)
    state.taken.add(seat)
