"""Load balancing with its own generator, which is created without a seed."""

from dataclasses import dataclass, field
from random import Random

from fasm_cli import Normal, StateMachine, Untracked

SERVERS = ("one", "two", "three", "four")


@dataclass
class Request: ...


@dataclass
class Forward:
    server: str


@dataclass
class Load:
    requests: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SERVERS, 0))


class Balancer(StateMachine):
    State = Load
    Input = Request
    UntrackedAction = Forward

    def initial(self):
        return Load()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Request()):
                server = Random().choice(SERVERS)
                actions.add(Untracked(Forward(server)))
                state.requests[server] += 1


LAW = "random"
TRACE = ["Request()"]
