"""Deliveries. A duplicate result is not rejected but accepted again, and changes nothing."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, Untracked


@dataclass
class Deliver: ...


@dataclass
class Drive: ...


@dataclass
class Delivered: ...


@dataclass
class Thank:
    text: str


@dataclass
class Tour:
    delivered: list[bool] = field(default_factory=list)


class NoSuchDelivery(TransitionError): ...


class Deliveries(StateMachine):
    State = Tour
    Input = Deliver
    ActionId = int
    TrackedAction = Drive
    ActionResult = Delivered
    UntrackedAction = Thank

    def initial(self):
        return Tour()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Deliver()):
                actions.add(Tracked(len(state.delivered), Drive()))
                state.delivered.append(False)
            case TrackedActionCompleted(id, _):
                if not 0 <= id < len(state.delivered):
                    raise NoSuchDelivery(id)
                actions.add(Untracked(Thank("known already" if state.delivered[id] else "thanks")))
                state.delivered[id] = True

    async def restore(self, state, actions):
        for id, delivered in enumerate(state.delivered):
            if not delivered:
                actions.add(Tracked(id, Drive()))
