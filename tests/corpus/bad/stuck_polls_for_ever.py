"""Deliveries of a moving company. It asks where the van is until it has arrived, but never emits the `Start` that the
van needs."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Move: ...


@dataclass
class Load: ...


@dataclass
class WhereIsIt: ...


@dataclass
class Arrived: ...


@dataclass
class NotStarted: ...


@dataclass
class Yard:
    moving: set[int] = field(default_factory=set)
    next_id: int = 1


class NotMoving(TransitionError): ...


class Movers(StateMachine):
    State = Yard
    Input = Move
    ActionId = int
    TrackedAction = Load | WhereIsIt
    ActionResult = Arrived | NotStarted

    def initial(self):
        return Yard()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Move()):
                actions.add(Tracked(state.next_id, Load()))
                state.moving.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, result):
                if id not in state.moving:
                    raise NotMoving(id)
                match result:
                    case Arrived():
                        state.moving.remove(id)
                    case NotStarted():
                        actions.add(Tracked(id, WhereIsIt()))

    async def restore(self, state, actions):
        for id in sorted(state.moving):
            actions.add(Tracked(id, WhereIsIt()))

    def respond(self, choose, id, action):
        return NotStarted()


LAW = "stuck"
TRACE = ["Move()"]
