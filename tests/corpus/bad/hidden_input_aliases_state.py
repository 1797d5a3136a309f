"""Travel bookings. The state takes the list of passengers from the input without a copy, and a guide is added to it."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, Size, StateMachine


@dataclass
class Book:
    passengers: Annotated[list[Annotated[str, OneOf("ida", "otto")]], Size(0, 3)]


@dataclass
class Bus:
    passengers: list[str] = field(default_factory=list)


class Travel(StateMachine):
    State = Bus
    Input = Book

    def initial(self):
        return Bus()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Book(passengers)):
                state.passengers = passengers
                state.passengers.append("guide")


LAW = "hidden"
TRACE = ["Book(passengers=[])"]
