"""A traffic light that waits for its own lamp: the transition awaits the event loop and not the state."""

import asyncio
from dataclasses import dataclass
from enum import Enum

from fasm_cli import Normal, StateMachine


class Lamp(Enum):
    RED = "red"
    GREEN = "green"


@dataclass
class Switch: ...


@dataclass
class Light:
    lamp: Lamp = Lamp.RED


class TrafficLight(StateMachine):
    State = Light
    Input = Switch

    def initial(self):
        return Light()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Switch()):
                await asyncio.sleep(0)
                state.lamp = Lamp.GREEN if state.lamp is Lamp.RED else Lamp.RED


LAW = "effects"
TRACE = ["Switch()"]
