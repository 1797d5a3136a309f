"""A parking meter that looks at the clock to know when the ticket was drawn."""

import time
from dataclasses import dataclass

from fasm_cli import Normal, StateMachine


@dataclass
class Park: ...


@dataclass
class Meter:
    tickets: int = 0
    last: float = 0.0


class ParkingMeter(StateMachine):
    State = Meter
    Input = Park

    def initial(self):
        return Meter()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Park()):
                state.tickets += 1
                state.last = time.time()


LAW = "clock"
TRACE = ["Park()"]
