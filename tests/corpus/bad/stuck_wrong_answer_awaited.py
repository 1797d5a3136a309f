"""A safe that opens when the guard confirms it. The awaited id is stored as text and compared with a number."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Open: ...


@dataclass
class AskGuard: ...


@dataclass
class Confirmed: ...


@dataclass
class Door:
    asked: str | None = None
    opened: int = 0
    next_id: int = 1


class AskedAlready(TransitionError): ...


class NotAsked(TransitionError): ...


class Safe(StateMachine):
    State = Door
    Input = Open
    ActionId = int
    TrackedAction = AskGuard
    ActionResult = Confirmed

    def initial(self):
        return Door()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Open()):
                if state.asked is not None:
                    raise AskedAlready(state.asked)
                actions.add(Tracked(state.next_id, AskGuard()))
                state.asked = str(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if state.asked != id:
                    raise NotAsked(id, awaited=state.asked)
                state.asked = None
                state.opened += 1

    async def restore(self, state, actions):
        if state.asked is not None:
            actions.add(Tracked(int(state.asked), AskGuard()))


LAW = "stuck"
TRACE = ["Open()"]
