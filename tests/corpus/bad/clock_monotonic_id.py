"""Scans of a warehouse. The id of a scan is the time since the start of the system."""

from dataclasses import dataclass, field
from time import monotonic_ns

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Scan: ...


@dataclass
class LookUp: ...


@dataclass
class Known: ...


@dataclass
class Warehouse:
    scans: set[int] = field(default_factory=set)


class NoSuchScan(TransitionError): ...


class Scanner(StateMachine):
    State = Warehouse
    Input = Scan
    ActionId = int
    TrackedAction = LookUp
    ActionResult = Known

    def initial(self):
        return Warehouse()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Scan()):
                id = monotonic_ns()
                actions.add(Tracked(id, LookUp()))
                state.scans.add(id)
            case TrackedActionCompleted(id, _):
                if id not in state.scans:
                    raise NoSuchScan(id)
                state.scans.remove(id)

    async def restore(self, state, actions):
        for id in sorted(state.scans):
            actions.add(Tracked(id, LookUp()))


LAW = "clock"
TRACE = ["Scan()"]
