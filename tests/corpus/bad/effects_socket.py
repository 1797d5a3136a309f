"""A turnstile that sends a metric over UDP for each visitor, from inside the transition."""

import socket
from dataclasses import dataclass

from fasm_cli import Normal, StateMachine


@dataclass
class Enter: ...


@dataclass
class Hall:
    visitors: int = 0


class Turnstile(StateMachine):
    State = Hall
    Input = Enter

    def initial(self):
        return Hall()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Enter()):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as metrics:
                    metrics.sendto(b"visitors:1|c", ("127.0.0.1", 9))
                state.visitors += 1


LAW = "effects"
TRACE = ["Enter()"]
