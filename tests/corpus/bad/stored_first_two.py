"""Deliveries by bicycle. After a crash only the first two are dispatched again."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Deliver: ...


@dataclass
class Dispatch: ...


@dataclass
class HandedOver: ...


@dataclass
class Round:
    out: list[int] = field(default_factory=list)
    next_id: int = 1


class NotOut(TransitionError): ...


class Couriers(StateMachine):
    State = Round
    Input = Deliver
    ActionId = int
    TrackedAction = Dispatch
    ActionResult = HandedOver

    def initial(self):
        return Round()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Deliver()):
                actions.add(Tracked(state.next_id, Dispatch()))
                state.out.append(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.out:
                    raise NotOut(id)
                state.out.remove(id)

    async def restore(self, state, actions):
        for id in state.out[:2]:
            actions.add(Tracked(id, Dispatch()))


LAW = "stored"
TRACE = ["Deliver()", "Deliver()", "Deliver()"]
