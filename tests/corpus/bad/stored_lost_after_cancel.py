"""Flight bookings. A cancelled booking is removed at once, although its result is pending."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Book: ...


@dataclass
class Cancel: ...


@dataclass
class AskAirline: ...


@dataclass
class Confirmed: ...


@dataclass
class Trip:
    asked: int | None = None
    flights: int = 0
    next_id: int = 1


class OneAtATime(TransitionError): ...


class NothingToCancel(TransitionError): ...


class NotAsked(TransitionError): ...


class Agency(StateMachine):
    State = Trip
    Input = Book | Cancel
    ActionId = int
    TrackedAction = AskAirline
    ActionResult = Confirmed

    def initial(self):
        return Trip()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Book()):
                if state.asked is not None:
                    raise OneAtATime(state.asked)
                actions.add(Tracked(state.next_id, AskAirline()))
                state.asked = state.next_id
                state.next_id += 1
            case Normal(Cancel()):
                if state.asked is None:
                    raise NothingToCancel()
                state.asked = None
            case TrackedActionCompleted(id, _):
                if state.asked != id:
                    raise NotAsked(id)
                state.asked = None
                state.flights += 1

    async def restore(self, state, actions):
        if state.asked is not None:
            actions.add(Tracked(state.asked, AskAirline()))


LAW = "stored"
TRACE = ["Book()", "Cancel()"]
