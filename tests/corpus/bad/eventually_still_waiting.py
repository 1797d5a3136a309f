"""A waiting list. Guests without a seat wait for a table, but a table that becomes free is given to nobody."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, eventually


@dataclass
class Arrive: ...


@dataclass
class Serve: ...


@dataclass
class Left: ...


@dataclass
class Tables:
    seated: int | None = None
    waiting: int = 0
    next_id: int = 1


class Crowded(TransitionError): ...


class NotSeated(TransitionError): ...


class Restaurant(StateMachine):
    State = Tables
    Input = Arrive
    ActionId = int
    TrackedAction = Serve
    ActionResult = Left

    def initial(self):
        return Tables()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Arrive()):
                if state.waiting == 3:
                    raise Crowded()
                if state.seated is not None:
                    state.waiting += 1
                    return
                actions.add(Tracked(state.next_id, Serve()))
                state.seated = state.next_id
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if state.seated != id:
                    raise NotSeated(id)
                state.seated = None

    async def restore(self, state, actions):
        if state.seated is not None:
            actions.add(Tracked(state.seated, Serve()))

    @eventually
    def everybody_was_seated(self, state):
        return state.waiting == 0


LAW = "eventually:everybody_was_seated"
TRACE = ["Arrive()", "Arrive()"]
