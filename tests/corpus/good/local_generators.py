"""A tournament. Pairings come from generators that exist only inside one transition."""

from dataclasses import dataclass, field
from itertools import count, islice
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, Untracked, invariant


@dataclass
class Pair:
    players: Annotated[int, Between(2, 9)]


@dataclass
class Play:
    white: int
    black: int


@dataclass
class Rounds:
    played: list[int] = field(default_factory=list)


class NeedsAnEvenNumber(TransitionError): ...


class Pairings(StateMachine):
    State = Rounds
    Input = Pair
    UntrackedAction = Play

    def initial(self):
        return Rounds()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pair(players)):
                if players % 2:
                    raise NeedsAnEvenNumber(players)
                pairs = list(_pairs(players))
                for white, black in pairs:
                    actions.add(Untracked(Play(white, black)))
                state.played.append(len(pairs))

    @invariant
    def everyone_plays(self, state):
        return all(1 <= games <= 4 for games in state.played)


def _pairs(players):
    numbers = count(1)
    while pair := tuple(islice(numbers, 2)):
        if pair[0] > players:
            return
        yield pair
