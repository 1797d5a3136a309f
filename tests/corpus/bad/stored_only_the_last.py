"""Messages to a pager. Several may be pending, and only the last is sent again after a crash."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Page: ...


@dataclass
class Transmit: ...


@dataclass
class Read: ...


@dataclass
class Air:
    unread: list[int] = field(default_factory=list)
    next_id: int = 1


class NotOnAir(TransitionError): ...


class Pager(StateMachine):
    State = Air
    Input = Page
    ActionId = int
    TrackedAction = Transmit
    ActionResult = Read

    def initial(self):
        return Air()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Page()):
                actions.add(Tracked(state.next_id, Transmit()))
                state.unread.append(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.unread:
                    raise NotOnAir(id)
                state.unread.remove(id)

    async def restore(self, state, actions):
        if state.unread:
            actions.add(Tracked(state.unread[-1], Transmit()))


LAW = "stored"
TRACE = ["Page()", "Page()"]
