"""A tank. Its level is a float; comparisons allow for rounding errors."""

from dataclasses import dataclass
from math import isclose
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Fill:
    litres: Annotated[float, Between(0.0, 10.0)]


@dataclass
class Drain:
    litres: Annotated[float, Between(0.0, 10.0)]


@dataclass
class Tank:
    level: float = 0.0
    filled: float = 0.0
    drained: float = 0.0


class Overflow(TransitionError): ...


class RunsDry(TransitionError): ...


class WaterTank(StateMachine):
    State = Tank
    Input = Fill | Drain

    def initial(self):
        return Tank()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Fill(litres)):
                if state.level + litres > 50:
                    raise Overflow(litres)
                state.level += litres
                state.filled += litres
            case Normal(Drain(litres)):
                if state.level < litres:
                    raise RunsDry(litres)
                state.level -= litres
                state.drained += litres

    @invariant
    def nothing_leaks(self, state):
        return isclose(state.level, state.filled - state.drained, abs_tol=1e-6)
