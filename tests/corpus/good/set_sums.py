"""A jury. Scores are read from sets in any order: a sum, a maximum and a membership do not depend on it."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, OneOf, Size, StateMachine, invariant

Juror = Annotated[str, OneOf("amy", "bob", "cat", "dan", "eve", "flo", "gil")]


@dataclass
class Vote:
    jurors: Annotated[set[Juror], Size(1, 7)]
    points: Annotated[int, Between(0, 10)]


@dataclass
class Contest:
    voted: set[str] = field(default_factory=set)
    letters: int = 0
    highest: str = ""


class Jury(StateMachine):
    State = Contest
    Input = Vote

    def initial(self):
        return Contest()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Vote(jurors, points)):
                for juror in jurors:
                    state.letters += len(juror) * points
                state.voted.update(jurors)
                state.highest = max(jurors)

    @invariant
    def highest_has_voted(self, state):
        return state.highest in state.voted or not state.voted
