"""An alarm that rings every station. `restore` emits them in the order of a set, which differs between processes."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError

STATIONS = ("bridge", "castle", "docks", "harbour", "market", "mill", "port", "tower")


@dataclass
class Fire: ...


@dataclass
class Ring: ...


@dataclass
class OnTheirWay: ...


@dataclass
class Board:
    ringing: set[str] = field(default_factory=set)


class RingingAlready(TransitionError): ...


class NotRinging(TransitionError): ...


class Alarm(StateMachine):
    State = Board
    Input = Fire
    ActionId = str
    TrackedAction = Ring
    ActionResult = OnTheirWay

    def initial(self):
        return Board()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Fire()):
                if state.ringing:
                    raise RingingAlready(len(state.ringing))
                for station in STATIONS:
                    actions.add(Tracked(station, Ring()))
                state.ringing = set(STATIONS)
            case TrackedActionCompleted(id, _):
                if id not in state.ringing:
                    raise NotRinging(id)
                state.ringing.remove(id)

    async def restore(self, state, actions):
        for station in state.ringing:
            actions.add(Tracked(station, Ring()))


LAW = "restore"
TRACE = ["Fire()"]
