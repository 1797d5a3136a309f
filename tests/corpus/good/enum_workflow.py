"""A document from draft to print, with a table of the allowed steps."""

from dataclasses import dataclass
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


class Stage(Enum):
    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"
    PRINTING = "printing"


ALLOWED = {
    Stage.DRAFT: {Stage.REVIEW},
    Stage.REVIEW: {Stage.DRAFT, Stage.APPROVED},
    Stage.APPROVED: {Stage.DRAFT, Stage.PRINTING},
    Stage.PRINTING: frozenset(),
}


@dataclass
class MoveTo:
    stage: Stage


@dataclass
class Print: ...


@dataclass
class Printed: ...


@dataclass
class Document:
    stage: Stage = Stage.DRAFT
    edition: int = 1


class NotAllowed(TransitionError): ...


class NotPrinting(TransitionError): ...


class Editing(StateMachine):
    State = Document
    Input = MoveTo
    ActionId = int
    TrackedAction = Print
    ActionResult = Printed

    def initial(self):
        return Document()

    async def stf(self, state, input, actions):
        match input:
            case Normal(MoveTo(stage)):
                if stage not in ALLOWED[state.stage]:
                    raise NotAllowed(state.stage, stage)
                if stage is Stage.PRINTING:
                    actions.add(Tracked(state.edition, Print()))
                state.stage = stage
            case TrackedActionCompleted(id, _):
                if state.stage is not Stage.PRINTING or id != state.edition:
                    raise NotPrinting(id)
                state.edition += 1
                state.stage = Stage.DRAFT

    async def restore(self, state, actions):
        if state.stage is Stage.PRINTING:
            actions.add(Tracked(state.edition, Print()))

    @invariant
    def counts_up(self, state):
        return state.edition >= 1
