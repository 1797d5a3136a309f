"""Seats of a theatre in a dict whose keys are row and number."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, OneOf, StateMachine, TransitionError, invariant


@dataclass
class Sell:
    row: Annotated[int, Between(1, 4)]
    number: Annotated[int, Between(1, 4)]
    name: Annotated[str, OneOf("amy", "bob")]


@dataclass
class Hall:
    seats: dict[tuple[int, int], str] = field(default_factory=dict)
    sold: int = 0


class Sold(TransitionError): ...


class Theatre(StateMachine):
    State = Hall
    Input = Sell

    def initial(self):
        return Hall()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sell(row, number, name)):
                if (row, number) in state.seats:
                    raise Sold(state.seats[row, number])
                state.seats[row, number] = name
                state.sold += 1

    @invariant
    def a_seat_for_everyone(self, state):
        return len(state.seats) == state.sold <= 16
