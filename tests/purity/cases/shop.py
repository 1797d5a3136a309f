"""A machine that looks at the clock where it should not: in the STF, in restore, or in neither."""

from dataclasses import dataclass
from time import time

from fasm_cli import Actions, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class State:
    served: int = 0
    pending: int | None = None
    clock_in_restore: bool = False


@dataclass
class Look:
    pass


@dataclass
class Reject:
    pass


@dataclass
class Order:
    restore_looks: bool = False


@dataclass
class Brew:
    pass


@dataclass
class Brewed:
    pass


class Closed(TransitionError): ...


class Shop(StateMachine):
    State = State
    Input = Look | Reject | Order
    ActionId = int
    TrackedAction = Brew
    ActionResult = Brewed

    def initial(self) -> State:
        time()  # not a transition: free
        return State()

    async def stf(self, state: State, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        match input:
            case Normal(Look()):
                state.served += 1
                try:
                    time()  # line 60
                except BaseException:
                    raise Closed("by the clock") from None
            case Normal(Reject()):
                raise Closed
            case Normal(Order(looks)):
                state.served += 1
                actions.add(Tracked(state.served, Brew()))
                state.pending, state.clock_in_restore = state.served, looks
            case TrackedActionCompleted(id):
                if state.pending != id:
                    raise Closed
                state.pending = None

    async def restore(self, state: State, actions: Actions) -> None:
        if state.clock_in_restore:
            time()  # line 76
        if state.pending is not None:
            actions.add(Tracked(state.pending, Brew()))
