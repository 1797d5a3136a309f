"""Repairs with ids like `repair-7`, made of a counter in the state."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Report: ...


@dataclass
class Repair: ...


@dataclass
class Repaired: ...


@dataclass
class Workshop:
    reported: int = 0
    repairing: set[str] = field(default_factory=set)


class NotRepairing(TransitionError): ...


class Repairs(StateMachine):
    State = Workshop
    Input = Report
    ActionId = str
    TrackedAction = Repair
    ActionResult = Repaired

    def initial(self):
        return Workshop()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Report()):
                id = f"repair-{state.reported + 1}"
                actions.add(Tracked(id, Repair()))
                state.repairing.add(id)
                state.reported += 1
            case TrackedActionCompleted(id, _):
                if id not in state.repairing:
                    raise NotRepairing(id)
                state.repairing.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.repairing):
            actions.add(Tracked(id, Repair()))
