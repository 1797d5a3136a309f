"""Licence plates, checked by a compiled pattern and by one that `re` compiles and caches itself."""

import re
from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, StateMachine, Text, TransitionError, invariant

PLATE = re.compile(r"[AB]{1,2}[01]{1,2}")


@dataclass
class Register:
    plate: Annotated[str, Text(2, 4, "AB01")]


@dataclass
class Registry:
    plates: set[str] = field(default_factory=set)


class NotAPlate(TransitionError): ...


class Known(TransitionError): ...


class Plates(StateMachine):
    State = Registry
    Input = Register

    def initial(self):
        return Registry()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Register(plate)):
                if PLATE.fullmatch(plate) is None or re.search("AA0", plate):
                    raise NotAPlate(plate)
                if plate in state.plates:
                    raise Known(plate)
                state.plates = state.plates | {plate}

    @invariant
    def all_are_plates(self, state):
        return all(PLATE.fullmatch(plate) for plate in state.plates)
