"""High scores in the order of their entry. They are sorted in place to find the lowest, and then the new one is
rejected."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError


@dataclass
class Score:
    points: Annotated[int, Between(0, 9)]


@dataclass
class Table:
    scores: list[int] = field(default_factory=lambda: [1, 3, 2])


class TooLow(TransitionError): ...


class HighScores(StateMachine):
    State = Table
    Input = Score

    def initial(self):
        return Table()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Score(points)):
                state.scores.sort(reverse=True)
                if points <= state.scores[-1]:
                    raise TooLow(points, lowest=state.scores[-1])
                state.scores[-1] = points


LAW = "atomic"
TRACE = ["Score(points=0)"]
