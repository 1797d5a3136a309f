"""Lockers, stored in dataclasses with slots."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass(slots=True)
class Open:
    box: Annotated[int, Between(0, 5)]


@dataclass(slots=True)
class Shut:
    box: Annotated[int, Between(0, 5)]


@dataclass(slots=True)
class Box:
    open: bool = False
    uses: int = 0


@dataclass(slots=True)
class Lockers:
    boxes: list[Box] = field(default_factory=lambda: [Box() for _ in range(6)])


class AsItWas(TransitionError): ...


class Boxes(StateMachine):
    State = Lockers
    Input = Open | Shut

    def initial(self):
        return Lockers()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Open(number)):
                box = state.boxes[number]
                if box.open:
                    raise AsItWas(number)
                box.open, box.uses = True, box.uses + 1
            case Normal(Shut(number)):
                box = state.boxes[number]
                if not box.open:
                    raise AsItWas(number)
                box.open = False

    @invariant
    def an_open_box_is_used(self, state):
        return all(box.uses > 0 for box in state.boxes if box.open)
