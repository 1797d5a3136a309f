"""A route planner that measures how long it takes. Only a metric leaves the transition, and it differs every time."""

from dataclasses import dataclass
from time import perf_counter
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Untracked


@dataclass
class Plan:
    stops: Annotated[int, Between(1, 9)]


@dataclass
class Measured:
    seconds: float


@dataclass
class Routes:
    stops: int = 0


class RoutePlanner(StateMachine):
    State = Routes
    Input = Plan
    UntrackedAction = Measured

    def initial(self):
        return Routes()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Plan(stops)):
                started = perf_counter()
                total = state.stops + stops
                actions.add(Untracked(Measured(perf_counter() - started)))
                state.stops = total


LAW = "clock"
TRACE = ["Plan(stops=1)"]
