"""A pharmacy. A return may bring more boxes back than were sold; `check_invariants` adds them up."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError


@dataclass
class Sell:
    boxes: Annotated[int, Between(1, 3)]


@dataclass
class Return:
    boxes: Annotated[int, Between(1, 3)]


@dataclass
class Shelf:
    boxes: int = 10
    sold: int = 0


class NotEnough(TransitionError): ...


class NothingSold(TransitionError): ...


class Pharmacy(StateMachine):
    State = Shelf
    Input = Sell | Return

    def initial(self):
        return Shelf()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Sell(boxes)):
                if state.boxes < boxes:
                    raise NotEnough(needed=boxes, had=state.boxes)
                state.boxes -= boxes
                state.sold += boxes
            case Normal(Return(boxes)):
                if state.sold == 0:
                    raise NothingSold()
                state.boxes += boxes
                state.sold -= boxes

    def check_invariants(self, state):
        assert state.boxes + state.sold == 10, "boxes came from nowhere"
        assert state.sold >= 0, f"sold {state.sold} boxes"


LAW = "invariant:check_invariants"
TRACE = ["Sell(boxes=1)", "Return(boxes=2)"]
