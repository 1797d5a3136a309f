"""Retries of a fax. The transition sleeps between them and catches the error that this raises."""

import asyncio
from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Fax: ...


@dataclass
class Dial: ...


@dataclass
class Sent: ...


@dataclass
class Busy: ...


@dataclass
class Line:
    dialling: set[int] = field(default_factory=set)
    next_id: int = 1


class NotDialling(TransitionError): ...


class FaxMachine(StateMachine):
    State = Line
    Input = Fax
    ActionId = int
    TrackedAction = Dial
    ActionResult = Sent | Busy

    def initial(self):
        return Line()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Fax()):
                actions.add(Tracked(state.next_id, Dial()))
                state.dialling.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.dialling:
                    raise NotDialling(id)
                if result == Busy():
                    await _pause()
                    actions.add(Tracked(id, Dial()))
                else:
                    state.dialling.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.dialling):
            actions.add(Tracked(id, Dial()))

    def respond(self, choose, id, action):
        return Busy() if choose.chance(0.2) else Sent()


async def _pause():
    try:
        await asyncio.sleep(0.1)
    except RuntimeError:  # no running event loop
        return


LAW = "effects"
TRACE = ["Fax()", "complete 1.1 Busy()"]
