"""A lease on a lock. A grant that is delivered again after the lease was given back takes the lease again."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


class Phase(Enum):
    ASKED = "asked"
    HELD = "held"
    RELEASED = "released"


@dataclass
class Acquire: ...


@dataclass
class Release: ...


@dataclass
class AskForLock: ...


@dataclass
class Granted: ...


@dataclass
class Leases:
    phases: list[Phase] = field(default_factory=list)


class LeaseIsOpen(TransitionError): ...


class NotHeld(TransitionError): ...


class NotAsked(TransitionError): ...


class Lease(StateMachine):
    State = Leases
    Input = Acquire | Release
    ActionId = int
    TrackedAction = AskForLock
    ActionResult = Granted

    def initial(self):
        return Leases()

    async def stf(self, state, input, actions):
        last = state.phases[-1] if state.phases else Phase.RELEASED
        match input:
            case Normal(Acquire()):
                if last is not Phase.RELEASED:
                    raise LeaseIsOpen(last.value)
                actions.add(Tracked(len(state.phases), AskForLock()))
                state.phases.append(Phase.ASKED)
            case Normal(Release()):
                if last is not Phase.HELD:
                    raise NotHeld(last.value)
                state.phases[-1] = Phase.RELEASED
            case TrackedActionCompleted(id, _):
                if not 0 <= id < len(state.phases) or state.phases[id] is Phase.HELD:
                    raise NotAsked(id)
                state.phases[id] = Phase.HELD

    async def restore(self, state, actions):
        for id, phase in enumerate(state.phases):
            if phase is Phase.ASKED:
                actions.add(Tracked(id, AskForLock()))


LAW = "completion"
TRACE = ["Acquire()", "complete 1.1 Granted()", "Release()", "complete 1.1 Granted()"]
