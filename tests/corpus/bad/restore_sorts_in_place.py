"""Repairs, the latest first. `restore` emits them by number and sorts the list of the state for that."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Report: ...


@dataclass
class SendMechanic: ...


@dataclass
class Repaired: ...


@dataclass
class Garage:
    repairs: list[int] = field(default_factory=list)
    next_id: int = 1


class NoSuchRepair(TransitionError): ...


class Repairs(StateMachine):
    State = Garage
    Input = Report
    ActionId = int
    TrackedAction = SendMechanic
    ActionResult = Repaired

    def initial(self):
        return Garage()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Report()):
                actions.add(Tracked(state.next_id, SendMechanic()))
                state.repairs.insert(0, state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.repairs:
                    raise NoSuchRepair(id)
                state.repairs.remove(id)

    async def restore(self, state, actions):
        state.repairs.sort()
        for id in state.repairs:
            actions.add(Tracked(id, SendMechanic()))


LAW = "restore"
TRACE = ["Report()", "Report()"]
