"""Sensor readings with an id of the process, which is drawn on import and differs between processes."""

import os
from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine

BOOT = os.urandom(8).hex()


@dataclass
class Read:
    celsius: Annotated[int, Between(0, 30)]


@dataclass
class Sensor:
    celsius: int = 0
    boot: str = ""


class Readings(StateMachine):
    State = Sensor
    Input = Read

    def initial(self):
        return Sensor()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Read(celsius)):
                state.celsius = celsius
                state.boot = BOOT


LAW = "reads"
TRACE = ["Read(celsius=0)"]
