"""Prices from a supplier. Answers may overtake each other, and the last one received is taken for the newest."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant


@dataclass
class Refresh: ...


@dataclass
class AskPrice: ...


@dataclass
class Price: ...


@dataclass
class Quote:
    asked: set[int] = field(default_factory=set)
    newest: int = 0
    shown: int = 0
    next_id: int = 1


class NotAsked(TransitionError): ...


class Quotes(StateMachine):
    State = Quote
    Input = Refresh
    ActionId = int
    TrackedAction = AskPrice
    ActionResult = Price

    def initial(self):
        return Quote()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Refresh()):
                actions.add(Tracked(state.next_id, AskPrice()))
                state.asked.add(state.next_id)
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if id not in state.asked:
                    raise NotAsked(id)
                state.asked.remove(id)
                state.newest = max(state.newest, id)
                state.shown = id

    async def restore(self, state, actions):
        for id in sorted(state.asked):
            actions.add(Tracked(id, AskPrice()))

    @invariant
    def shows_the_newest(self, state):
        return state.shown == state.newest


LAW = "invariant:shows_the_newest"
TRACE = ["Refresh()", "Refresh()", "complete 2.1 Price()", "complete 1.1 Price()"]
