"""A vending machine that reads its slots from a dict of its class."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fasm_cli import Between, Normal, StateMachine, TransitionError, invariant


@dataclass
class Press:
    slot: Annotated[int, Between(1, 4)]


@dataclass
class Machine:
    left: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 4), 20))
    cents: int = 0


class NothingThere(TransitionError): ...


class Vending(StateMachine):
    State = Machine
    Input = Press
    _PRICES: ClassVar[dict[int, int]] = {1: 150, 2: 200, 3: 250}

    def initial(self):
        return Machine()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Press(slot)):
                if not state.left.get(slot):
                    raise NothingThere(slot)
                state.left[slot] -= 1
                state.cents += self._PRICES[slot]

    @invariant
    def cents_for_what_is_gone(self, state):
        return state.cents == sum((20 - left) * self._PRICES[slot] for slot, left in state.left.items())
