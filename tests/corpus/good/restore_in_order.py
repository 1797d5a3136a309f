"""Transfers with priorities. `restore` sorts them in a copy and leaves the list as it was."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Send:
    priority: Annotated[int, Between(0, 3)]


@dataclass
class Transfer: ...


@dataclass
class CheckStatus:
    asked: str


@dataclass
class Arrived: ...


@dataclass
class OnItsWay: ...


@dataclass
class Entry:
    id: int
    priority: int


@dataclass
class Ledger:
    entries: list[Entry] = field(default_factory=list)
    next_id: int = 1


class NoSuchTransfer(TransitionError): ...


class Transfers(StateMachine):
    State = Ledger
    Input = Send
    ActionId = int
    TrackedAction = Transfer | CheckStatus
    ActionResult = Arrived | OnItsWay

    def initial(self):
        return Ledger()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Send(priority)):
                actions.add(Tracked(state.next_id, Transfer()))
                state.entries.insert(0, Entry(state.next_id, priority))
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                entry = next((entry for entry in state.entries if entry.id == id), None)
                if entry is None:
                    raise NoSuchTransfer(id)
                if result == OnItsWay():
                    actions.add(Tracked(id, CheckStatus("again")))
                else:
                    state.entries.remove(entry)

    async def restore(self, state, actions):
        for entry in sorted(state.entries, key=lambda entry: (-entry.priority, entry.id)):
            actions.add(Tracked(entry.id, CheckStatus("after a crash")))

    def respond(self, choose, id, action):
        return OnItsWay() if choose.chance(0.3) else Arrived()
