"""A trip of flight, hotel and car, booked one after the other; if one is refused, those before it are cancelled."""

from dataclasses import dataclass, field

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, invariant

LEGS = ("flight", "hotel", "car")


@dataclass
class Plan: ...


@dataclass
class Book:
    leg: str


@dataclass
class GiveBack:
    leg: str


@dataclass
class Done: ...


@dataclass
class Refused: ...


@dataclass
class Trip:
    booked: list[str] = field(default_factory=list)
    undoing: bool = False


@dataclass
class Agency:
    trip: Trip | None = None
    step: int = 0  # the id of what is pending
    trips: int = 0


class PlansAlready(TransitionError): ...


class NotPending(TransitionError): ...


class CannotBeRefused(TransitionError): ...


class Saga(StateMachine):
    State = Agency
    Input = Plan
    ActionId = int
    TrackedAction = Book | GiveBack
    ActionResult = Done | Refused

    def initial(self):
        return Agency()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Plan()):
                if state.trip is not None:
                    raise PlansAlready()
                actions.add(Tracked(state.step + 1, Book(LEGS[0])))
                state.trip = Trip()
                state.step += 1
            case TrackedActionCompleted(id, result):
                if state.trip is None or id != state.step:
                    raise NotPending(id)
                if state.trip.undoing and result == Refused():
                    raise CannotBeRefused(id)
                _go_on(state, _after(state.trip, result), actions)

    async def restore(self, state, actions):
        if state.trip is not None:
            actions.add(Tracked(state.step, _pending(state.trip)))

    def respond(self, choose, id, action):
        return Refused() if isinstance(action, Book) and choose.chance(0.2) else Done()

    @invariant
    def in_order(self, state):
        return state.trip is None or tuple(state.trip.booked) == LEGS[: len(state.trip.booked)]


def _after(trip, result):
    if trip.undoing:
        return Trip(trip.booked[:-1], undoing=True)
    if result == Refused():
        return Trip(list(trip.booked), undoing=True)
    return Trip([*trip.booked, LEGS[len(trip.booked)]])


def _go_on(state, trip, actions):
    if trip.undoing and not trip.booked:
        state.trip = None
    elif not trip.undoing and len(trip.booked) == len(LEGS):
        state.trip = None
        state.trips += 1
    else:
        actions.add(Tracked(state.step + 1, _pending(trip)))
        state.trip = trip
        state.step += 1


def _pending(trip):
    return GiveBack(trip.booked[-1]) if trip.undoing else Book(LEGS[len(trip.booked)])
