"""A parcel. The confirmation of the customs is accepted before the parcel was handed over."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, transition_invariant


class Stage(Enum):
    ANNOUNCED = 1
    HANDED_OVER = 2
    CLEARED = 3


@dataclass
class Announce: ...


@dataclass
class HandOver: ...


@dataclass
class AskCustoms: ...


@dataclass
class Cleared: ...


@dataclass
class Parcels:
    stages: list[Stage] = field(default_factory=list)


class Refused(TransitionError): ...


class Customs(StateMachine):
    State = Parcels
    Input = Announce | HandOver
    ActionId = int
    TrackedAction = AskCustoms
    ActionResult = Cleared

    def initial(self):
        return Parcels()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Announce()):
                actions.add(Tracked(len(state.stages), AskCustoms()))
                state.stages.append(Stage.ANNOUNCED)
            case Normal(HandOver()):
                if Stage.ANNOUNCED not in state.stages:
                    raise Refused()
                state.stages[state.stages.index(Stage.ANNOUNCED)] = Stage.HANDED_OVER
            case TrackedActionCompleted(id, _):
                if not 0 <= id < len(state.stages) or state.stages[id] is Stage.CLEARED:
                    raise Refused(id)
                state.stages[id] = Stage.CLEARED

    async def restore(self, state, actions):
        for id, stage in enumerate(state.stages):
            if stage is not Stage.CLEARED:
                actions.add(Tracked(id, AskCustoms()))

    @transition_invariant
    def one_stage_at_a_time(self, before, after):
        return all(new.value - old.value <= 1 for old, new in zip(before.stages, after.stages, strict=False))


LAW = "transition:one_stage_at_a_time"
TRACE = ["Announce()", "complete 1.1 Cleared()"]
