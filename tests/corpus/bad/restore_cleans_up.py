"""Subscriptions to a newspaper. `restore` removes those that are settled from the state."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Subscribe: ...


@dataclass
class Collect: ...


@dataclass
class Collected: ...


@dataclass
class Subscription:
    paid: bool = False


@dataclass
class Readers:
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    next_id: int = 1


class NothingToCollect(TransitionError): ...


class Newspaper(StateMachine):
    State = Readers
    Input = Subscribe
    ActionId = int
    TrackedAction = Collect
    ActionResult = Collected

    def initial(self):
        return Readers()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Subscribe()):
                actions.add(Tracked(state.next_id, Collect()))
                state.subscriptions[state.next_id] = Subscription()
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                subscription = state.subscriptions.get(id)
                if subscription is None or subscription.paid:
                    raise NothingToCollect(id)
                subscription.paid = True

    async def restore(self, state, actions):
        for id, subscription in list(state.subscriptions.items()):
            if subscription.paid:
                del state.subscriptions[id]
            else:
                actions.add(Tracked(id, Collect()))


LAW = "restore"
TRACE = ["Subscribe()", "complete 1.1 Collected()"]
