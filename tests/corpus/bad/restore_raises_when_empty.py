"""Deliveries of a bakery. `restore` fails if every delivery is done, although that is a correct state."""

from dataclasses import dataclass, field

from fasm_cli import Normal, RestoreError, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Load: ...


@dataclass
class Deliver: ...


@dataclass
class Delivered: ...


@dataclass
class Van:
    loaded: list[int] = field(default_factory=list)
    delivered: int = 0
    next_id: int = 1


class VanIsEmpty(RestoreError): ...


class NotLoaded(TransitionError): ...


class Bakery(StateMachine):
    State = Van
    Input = Load
    ActionId = int
    TrackedAction = Deliver
    ActionResult = Delivered

    def initial(self):
        return Van()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Load()):
                actions.add(Tracked(state.next_id, Deliver()))
                state.loaded.append(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.loaded:
                    raise NotLoaded(id)
                state.loaded.remove(id)
                state.delivered += 1

    async def restore(self, state, actions):
        if state.delivered and not state.loaded:
            raise VanIsEmpty()
        for id in state.loaded:
            actions.add(Tracked(id, Deliver()))


LAW = "restore"
TRACE = ["Load()", "complete 1.1 Delivered()"]
