"""Gift cards. A cancelled top-up is refunded at once, although its payment is pending and may fail."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class TopUp: ...


@dataclass
class Cancel: ...


@dataclass
class Collect: ...


@dataclass
class Collected: ...


@dataclass
class Card:
    collecting: int | None = None
    cancelled: bool = False
    collected: int = 0
    paid_back: int = 0
    next_id: int = 1


class OneAtATime(TransitionError): ...


class NothingToCancel(TransitionError): ...


class NotCollecting(TransitionError): ...


class GiftCard(StateMachine):
    State = Card
    Input = TopUp | Cancel
    ActionId = int
    TrackedAction = Collect
    ActionResult = Collected

    def initial(self):
        return Card()

    async def stf(self, state, input, actions):
        match input:
            case Normal(TopUp()):
                if state.collecting is not None:
                    raise OneAtATime(state.collecting)
                actions.add(Tracked(state.next_id, Collect()))
                state.collecting, state.cancelled = state.next_id, False
                state.next_id += 1
            case Normal(Cancel()):
                if state.collecting is None or state.cancelled:
                    raise NothingToCancel()
                state.cancelled = True
                state.paid_back += 10
            case TrackedActionCompleted(id, _):
                if state.collecting != id:
                    raise NotCollecting(id)
                state.collecting = None
                state.collected += 10

    async def restore(self, state, actions):
        if state.collecting is not None:
            actions.add(Tracked(state.collecting, Collect()))

    @invariant
    def pays_back_what_it_has(self, state):
        return state.paid_back <= state.collected


LAW = "invariant:pays_back_what_it_has"
TRACE = ["TopUp()", "Cancel()"]
