"""Parcel lockers opened with a code. The parcel is taken out of the dict before the code is checked."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, Untracked


@dataclass
class Collect:
    box: Annotated[int, Between(1, 2)]
    code: Annotated[int, Between(0, 3)]


@dataclass
class Deposit:
    box: Annotated[int, Between(1, 2)]


@dataclass
class OpenDoor:
    box: int


@dataclass
class Lockers:
    codes: dict[int, int] = field(default_factory=lambda: {1: 3, 2: 3})


class Empty(TransitionError): ...


class Occupied(TransitionError): ...


class WrongCode(TransitionError): ...


class ParcelLockers(StateMachine):
    State = Lockers
    Input = Collect | Deposit
    UntrackedAction = OpenDoor

    def initial(self):
        return Lockers()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Collect(box, code)):
                if box not in state.codes:
                    raise Empty(box)
                if state.codes.pop(box) != code:
                    raise WrongCode(box)
            case Normal(Deposit(box)):
                if box in state.codes:
                    raise Occupied(box)
                actions.add(Untracked(OpenDoor(box)))
                state.codes[box] = 3


LAW = "atomic"
TRACE = ["Collect(box=1, code=0)"]
