"""Reminders. `restore` shuffles them, so that no patient is always the last."""

from dataclasses import dataclass, field
from random import shuffle

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Remind: ...


@dataclass
class Call: ...


@dataclass
class Reached: ...


@dataclass
class Practice:
    calling: list[int] = field(default_factory=list)
    next_id: int = 1


class NotCalling(TransitionError): ...


class Reminders(StateMachine):
    State = Practice
    Input = Remind
    ActionId = int
    TrackedAction = Call
    ActionResult = Reached

    def initial(self):
        return Practice()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Remind()):
                actions.add(Tracked(state.next_id, Call()))
                state.calling.append(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.calling:
                    raise NotCalling(id)
                state.calling.remove(id)

    async def restore(self, state, actions):
        order = list(state.calling)
        if len(order) > 1:
            shuffle(order)
        for id in order:
            actions.add(Tracked(id, Call()))


LAW = "random"
TRACE = ["Remind()", "Remind()"]
