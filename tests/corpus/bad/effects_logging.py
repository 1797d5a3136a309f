"""A thermostat that writes a log line when it gets too hot."""

import logging
from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine

LOG = logging.getLogger("thermostat")


@dataclass
class Measure:
    degrees: Annotated[int, Between(15, 30)]


@dataclass
class Room:
    degrees: int = 20
    heating: bool = False


class Thermostat(StateMachine):
    State = Room
    Input = Measure

    def initial(self):
        return Room()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Measure(degrees)):
                if degrees > 25:
                    LOG.warning("%d degrees", degrees)
                state.degrees = degrees
                state.heating = degrees < 20


LAW = "effects"
TRACE = ["Measure(degrees=26)"]
