"""A coffee machine that brews one cup at a time. The first cup has the number 0, and `restore` takes it for none."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Press: ...


@dataclass
class Brew: ...


@dataclass
class Brewed: ...


@dataclass
class Kitchen:
    brewing: int | None = None
    cups: int = 0


class Busy(TransitionError): ...


class NotBrewing(TransitionError): ...


class CoffeeMachine(StateMachine):
    State = Kitchen
    Input = Press
    ActionId = int
    TrackedAction = Brew
    ActionResult = Brewed

    def initial(self):
        return Kitchen()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Press()):
                if state.brewing is not None:
                    raise Busy(state.brewing)
                actions.add(Tracked(state.cups, Brew()))
                state.brewing = state.cups
                state.cups += 1
            case TrackedActionCompleted(id, _):
                if state.brewing != id:
                    raise NotBrewing(id)
                state.brewing = None

    async def restore(self, state, actions):
        if state.brewing:
            actions.add(Tracked(state.brewing, Brew()))


LAW = "stored"
TRACE = ["Press()"]
