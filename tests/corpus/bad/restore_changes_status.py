"""Calls to a bank. `restore` marks in the state that it asks again, as if it were a transition."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


class Status(Enum):
    CALLED = "called"
    ASKING_AGAIN = "asking again"


@dataclass
class Call: ...


@dataclass
class Dial: ...


@dataclass
class Answered: ...


@dataclass
class Switchboard:
    calls: dict[int, Status] = field(default_factory=dict)
    next_id: int = 1


class NoSuchCall(TransitionError): ...


class Calls(StateMachine):
    State = Switchboard
    Input = Call
    ActionId = int
    TrackedAction = Dial
    ActionResult = Answered

    def initial(self):
        return Switchboard()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Call()):
                actions.add(Tracked(state.next_id, Dial()))
                state.calls[state.next_id] = Status.CALLED
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.calls:
                    raise NoSuchCall(id)
                del state.calls[id]

    async def restore(self, state, actions):
        for id in state.calls:
            actions.add(Tracked(id, Dial()))
            state.calls[id] = Status.ASKING_AGAIN


LAW = "restore"
TRACE = ["Call()"]
