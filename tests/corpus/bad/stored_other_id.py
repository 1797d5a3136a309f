"""Backups of disks. After a crash they are numbered from 0 and not by the numbers they had."""

from dataclasses import dataclass, field
from typing import Annotated

from fasm_cli import Normal, OneOf, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Backup:
    disk: Annotated[str, OneOf("sda", "sdb")]


@dataclass
class Copy:
    disk: str


@dataclass
class Copied: ...


@dataclass
class Plan:
    running: dict[int, str] = field(default_factory=dict)
    next_id: int = 1


class NotRunning(TransitionError): ...


class Backups(StateMachine):
    State = Plan
    Input = Backup
    ActionId = int
    TrackedAction = Copy
    ActionResult = Copied

    def initial(self):
        return Plan()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Backup(disk)):
                actions.add(Tracked(state.next_id, Copy(disk)))
                state.running[state.next_id] = disk
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.running:
                    raise NotRunning(id)
                del state.running[id]

    async def restore(self, state, actions):
        for id, disk in enumerate(state.running.values()):
            actions.add(Tracked(id, Copy(disk)))


LAW = "stored"
TRACE = ["Backup(disk='sda')"]
