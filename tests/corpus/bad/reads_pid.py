"""Workers that claim a job by writing the number of their process into it."""

import os
from dataclasses import dataclass
from typing import Annotated

from fasm_cli import Between, Normal, StateMachine, TransitionError


@dataclass
class Claim:
    job: Annotated[int, Between(0, 3)]


@dataclass
class Finish:
    job: Annotated[int, Between(0, 3)]


@dataclass
class Job:
    owner: int = 0


@dataclass
class Board:
    jobs: tuple[Job, Job, Job, Job]


class Taken(TransitionError): ...


class NotTaken(TransitionError): ...


class Workers(StateMachine):
    State = Board
    Input = Claim | Finish

    def initial(self):
        return Board((Job(), Job(), Job(), Job()))

    async def stf(self, state, input, actions):
        match input:
            case Normal(Claim(job)):
                if state.jobs[job].owner:
                    raise Taken(job)
                state.jobs[job].owner = os.getpid()
            case Normal(Finish(job)):
                if not state.jobs[job].owner:
                    raise NotTaken(job)
                state.jobs[job].owner = 0


LAW = "reads"
TRACE = ["Claim(job=0)"]
