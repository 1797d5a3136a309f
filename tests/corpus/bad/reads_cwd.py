"""Exports of a report. The target depends on the current directory of the process."""

from dataclasses import dataclass, field
from pathlib import Path

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Export: ...


@dataclass
class Save:
    folder: str


@dataclass
class Saved: ...


@dataclass
class Reports:
    saving: dict[int, str] = field(default_factory=dict)
    next_id: int = 1


class NotSaving(TransitionError): ...


class Exports(StateMachine):
    State = Reports
    Input = Export
    ActionId = int
    TrackedAction = Save
    ActionResult = Saved

    def initial(self):
        return Reports()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Export()):
                folder = str(Path.cwd())
                actions.add(Tracked(state.next_id, Save(folder)))
                state.saving[state.next_id] = folder
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.saving:
                    raise NotSaving(id)
                del state.saving[id]

    async def restore(self, state, actions):
        for id, folder in state.saving.items():
            actions.add(Tracked(id, Save(folder)))


LAW = "reads"
TRACE = ["Export()"]
