"""A queue of customers. The first customer is unpacked from a queue that may be empty."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine


@dataclass
class Arrive:
    name: Annotated[str, OneOf("amy", "ben")]


@dataclass
class Serve: ...


@dataclass
class Queue:
    names: list[str] = field(default_factory=list)
    served: int = 0


class Customers(StateMachine):
    State = Queue
    Input = Arrive | Serve

    def initial(self):
        return Queue()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Arrive(name)):
                state.names.append(name)
            case Normal(Serve()):
                _, *rest = state.names
                state.names = rest
                state.served += 1


LAW = "defect"
TRACE = ["Serve()"]
