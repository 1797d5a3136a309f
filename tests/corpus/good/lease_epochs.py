"""A lease. Its epoch is the id and is increased with each request: an old grant has the wrong epoch."""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Acquire:
    seconds: Annotated[int, Between(1, 60)]


@dataclass
class Release: ...


@dataclass
class Ask:
    seconds: int


@dataclass
class Granted: ...


@dataclass
class Denied: ...


@dataclass
class Lease:
    epoch: int = 0
    asked: int | None = None
    held: bool = False


class InUse(TransitionError): ...


class NotHeld(TransitionError): ...


class OldEpoch(TransitionError): ...


class Leases(StateMachine):
    State = Lease
    Input = Acquire | Release
    ActionId = int
    TrackedAction = Ask
    ActionResult = Granted | Denied

    def initial(self):
        return Lease()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Acquire(seconds)):
                if state.held or state.asked is not None:
                    raise InUse(state.epoch)
                epoch = state.epoch + 1
                actions.add(Tracked(epoch, Ask(seconds)))
                state.epoch, state.asked = epoch, seconds
            case Normal(Release()):
                if not state.held:
                    raise NotHeld()
                state.held = False
            case TrackedActionCompleted(epoch, result):
                if state.asked is None or epoch != state.epoch:
                    raise OldEpoch(epoch, now=state.epoch)
                state.asked = None
                state.held = isinstance(result, Granted)

    async def restore(self, state, actions):
        if state.asked is not None:
            actions.add(Tracked(state.epoch, Ask(state.asked)))

    @invariant
    def asked_or_held(self, state):
        return not (state.held and state.asked is not None)
