"""Cranes of a harbour. `restore` fails if more than two loads are pending, so that none of them is restored."""

from dataclasses import dataclass, field

from fasm_cli import Normal, RestoreError, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Lift: ...


@dataclass
class Lower: ...


@dataclass
class Landed: ...


@dataclass
class Quay:
    hanging: list[int] = field(default_factory=list)
    next_id: int = 1


class TooManyLoads(RestoreError): ...


class NotHanging(TransitionError): ...


class Cranes(StateMachine):
    State = Quay
    Input = Lift
    ActionId = int
    TrackedAction = Lower
    ActionResult = Landed

    def initial(self):
        return Quay()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Lift()):
                actions.add(Tracked(state.next_id, Lower()))
                state.hanging.append(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.hanging:
                    raise NotHanging(id)
                state.hanging.remove(id)

    async def restore(self, state, actions):
        if len(state.hanging) > 2:
            raise TooManyLoads(state.hanging)
        for id in state.hanging:
            actions.add(Tracked(id, Lower()))


LAW = "restore"
TRACE = ["Lift()", "Lift()", "Lift()"]
