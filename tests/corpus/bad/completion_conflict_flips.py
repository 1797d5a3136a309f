"""Visa applications. A second result can turn a refusal into a grant, but not a grant into a refusal."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


class Status(Enum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass
class Apply: ...


@dataclass
class AskConsulate: ...


@dataclass
class Granted: ...


@dataclass
class Refused: ...


@dataclass
class Files:
    files: dict[int, Status] = field(default_factory=dict)


class NoSuchFile(TransitionError): ...


class GrantedAlready(TransitionError): ...


class Visas(StateMachine):
    State = Files
    Input = Apply
    ActionId = int
    TrackedAction = AskConsulate
    ActionResult = Granted | Refused

    def initial(self):
        return Files()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Apply()):
                id = len(state.files) + 1  # files are never removed
                actions.add(Tracked(id, AskConsulate()))
                state.files[id] = Status.ASKED
            case TrackedActionCompleted(id, result):
                if id not in state.files:
                    raise NoSuchFile(id)
                if state.files[id] is Status.GRANTED:
                    raise GrantedAlready(id)
                state.files[id] = Status.GRANTED if result == Granted() else Status.REFUSED

    async def restore(self, state, actions):
        for id, status in state.files.items():
            if status is Status.ASKED:
                actions.add(Tracked(id, AskConsulate()))


LAW = "completion"
TRACE = ["Apply()", "complete 1.1 Refused()", "complete 1.1 Granted()"]
