"""Holidays. Flight and hotel are booked in one transition under one id."""

from dataclasses import dataclass

from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError


@dataclass
class Plan: ...


@dataclass
class BookFlight: ...


@dataclass
class BookHotel: ...


@dataclass
class Booked: ...


@dataclass
class Holiday:
    asked: int | None = None
    next_id: int = 1


class PlannedAlready(TransitionError): ...


class NotAsked(TransitionError): ...


class Holidays(StateMachine):
    State = Holiday
    Input = Plan
    ActionId = int
    TrackedAction = BookFlight | BookHotel
    ActionResult = Booked

    def initial(self):
        return Holiday()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Plan()):
                if state.asked is not None:
                    raise PlannedAlready(state.asked)
                actions.add(Tracked(state.next_id, BookFlight()))
                actions.add(Tracked(state.next_id, BookHotel()))
                state.asked = state.next_id
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if state.asked != id:
                    raise NotAsked(id)
                state.asked = None

    async def restore(self, state, actions):
        if state.asked is not None:
            actions.add(Tracked(state.asked, BookFlight()))


LAW = "ids"
TRACE = ["Plan()"]
