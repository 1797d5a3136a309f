"""Print jobs. `restore` lists the statuses that wait for the printer and omits the one after a paper jam."""

from dataclasses import dataclass, field
from enum import Enum

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


class Status(Enum):
    SENT = "sent"
    JAMMED = "jammed"
    PRINTED = "printed"


@dataclass
class Job: ...


@dataclass
class Print:
    attempt: int


@dataclass
class Printed: ...


@dataclass
class PaperJam: ...


@dataclass
class Queue:
    jobs: dict[int, Status] = field(default_factory=dict)


class NoSuchJob(TransitionError): ...


class Printer(StateMachine):
    State = Queue
    Input = Job
    ActionId = int
    TrackedAction = Print
    ActionResult = Printed | PaperJam

    def initial(self):
        return Queue()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Job()):
                id = len(state.jobs) + 1  # jobs are never removed
                actions.add(Tracked(id, Print(1)))
                state.jobs[id] = Status.SENT
            case TrackedActionCompleted(id, result):
                if state.jobs.get(id, Status.PRINTED) is Status.PRINTED:
                    raise NoSuchJob(id)
                if result == PaperJam():
                    actions.add(Tracked(id, Print(2)))
                    state.jobs[id] = Status.JAMMED
                else:
                    state.jobs[id] = Status.PRINTED

    async def restore(self, state, actions):
        for id, status in state.jobs.items():
            if status is Status.SENT:
                actions.add(Tracked(id, Print(1)))

    def respond(self, choose, id, action):
        return PaperJam() if choose.chance(0.2) else Printed()


LAW = "stored"
TRACE = ["Job()", "complete 1.1 PaperJam()"]
