"""The address of a customer. The city is written before the postcode is validated."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, OneOf, StateMachine, TransitionError


@dataclass
class Move:
    city: Annotated[str, OneOf("Ely", "York")]
    postcode: Annotated[int, Between(0, 9)]


@dataclass
class Address:
    city: str = "Bath"
    postcode: int = 5


@dataclass
class Customer:
    home: Address = field(default_factory=Address)
    moves: int = 0


class PostcodeMissing(TransitionError): ...


class AddressBook(StateMachine):
    State = Customer
    Input = Move

    def initial(self):
        return Customer()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Move(city, postcode)):
                state.home.city = city
                if postcode == 0:
                    raise PostcodeMissing(city)
                state.home.postcode = postcode
                state.moves += 1


LAW = "atomic"
TRACE = ["Move(city='Ely', postcode=0)"]
