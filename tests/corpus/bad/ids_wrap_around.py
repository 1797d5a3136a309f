"""Table pagers of a restaurant. There are three, and the fourth guest gets the first pager even if it is in use."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Arrive: ...


@dataclass
class Call: ...


@dataclass
class Seated: ...


@dataclass
class Lobby:
    waiting: set[int] = field(default_factory=set)
    next_pager: int = 0


class NotWaiting(TransitionError): ...


class Restaurant(StateMachine):
    State = Lobby
    Input = Arrive
    ActionId = int
    TrackedAction = Call
    ActionResult = Seated

    def initial(self):
        return Lobby()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Arrive()):
                actions.add(Tracked(state.next_pager, Call()))
                state.waiting.add(state.next_pager)
                state.next_pager = (state.next_pager + 1) % 3
            case TrackedActionCompleted(id, _):
                if id not in state.waiting:
                    raise NotWaiting(id)
                state.waiting.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.waiting):
            actions.add(Tracked(id, Call()))


LAW = "ids"
TRACE = ["Arrive()", "Arrive()", "Arrive()", "Arrive()"]
