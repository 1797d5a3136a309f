"""A draw for a tournament. The players left over are a difference of sets, whose order is stored in the state."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine

PLAYERS = ("ana", "ben", "cem", "dee", "eve", "fay", "gus", "hal", "ida")


@dataclass
class Draw: ...


@dataclass
class Bracket:
    draws: int = 0
    order: list[str] = field(default_factory=list)


class Tournament(StateMachine):
    State = Bracket
    Input = Draw

    def initial(self):
        return Bracket()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Draw()):
                seeded = PLAYERS[state.draws % len(PLAYERS)]
                state.draws += 1
                state.order = [seeded, *(set(PLAYERS) - {seeded})]


LAW = "deterministic"
TRACE = ["Draw()"]
