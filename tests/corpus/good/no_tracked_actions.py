"""A stopwatch of laps that emits nothing at all."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Lap:
    seconds: Annotated[int, Between(20, 90)]


@dataclass
class Undo: ...


@dataclass
class Race:
    laps: list[int] = field(default_factory=list)
    best: int | None = None


class NoLap(TransitionError): ...


class Laps(StateMachine):
    State = Race
    Input = Lap | Undo

    def initial(self):
        return Race()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Lap(seconds)):
                state.laps.append(seconds)
            case Normal(Undo()):
                if not state.laps:
                    raise NoLap()
                state.laps.pop()
        state.best = min(state.laps, default=None)

    @invariant
    def best_is_a_lap(self, state):
        return state.best is None or state.best in state.laps
