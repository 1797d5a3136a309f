"""Seats of a theatre: the bookings are in a database, the takings in a field of the state.

It shows a state with both. Tables and fields are committed together, so an invariant may compare them. If a transition
fails, the database rolls back the tables; fields follow the rule for every state in memory and change last. `restore`
is a query with ORDER BY, because a table has no order.
"""

import sys
from dataclasses import dataclass
from typing import Annotated

from fasm_cli import (
    Actions,
    Between,
    Chooser,
    ConstraintError,
    Database,
    Handler,
    Normal,
    Sqlite,
    StateMachine,
    Tables,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
    eventually,
    invariant,
    sometimes,
)

SCHEMA = """
CREATE TABLE bookings (
    seat   INTEGER PRIMARY KEY,
    charge INTEGER NOT NULL UNIQUE,
    guest  TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('held', 'paid'))
);
"""
SEATS = 8
PRICE = 45


@dataclass
class House:
    db: Database
    next_charge: int = 1
    takings: int = 0


@dataclass
class Book:
    seat: Annotated[int, Between(1, SEATS)]
    guest: str


@dataclass
class GiveBack:
    """A guest returns a paid seat; the money is not refunded."""

    seat: Annotated[int, Between(1, SEATS)]


@dataclass
class Charge:
    guest: str
    amount: int


@dataclass
class CheckCharge:
    """Asks whether a charge succeeded; `restore` emits it instead of `Charge`."""

    charge: int


@dataclass
class Paid:
    pass


@dataclass
class Declined:
    reason: str


@dataclass
class Tell:
    guest: str
    text: str


class SeatTaken(TransitionError):
    """The seat is paid for or held by another guest."""


class NotPaid(TransitionError):
    """The seat is not paid for."""


class UnknownCharge(TransitionError):
    """No held seat belongs to this charge."""


class BookingDb(StateMachine):
    """Holds a seat until its charge succeeds or is declined."""

    State = House
    Input = Book | GiveBack
    ActionId = int
    TrackedAction = Charge | CheckCharge
    ActionResult = Paid | Declined
    UntrackedAction = Tell
    store = Sqlite(schema=SCHEMA)

    def initial(self) -> House:
        return House(Tables())

    async def stf(self, state: House, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        match input:
            case Normal(Book(seat, guest)):
                await self.book(state, seat, guest, actions)
            case Normal(GiveBack(seat)):
                if not await state.db.execute("DELETE FROM bookings WHERE seat = ? AND status = 'paid'", seat):
                    raise NotPaid(seat)
            case TrackedActionCompleted(id, result):
                await self.handle_charge_result(state, id, result, actions)

    async def book(self, state: House, seat: int, guest: str, actions: Actions) -> None:
        hold = "INSERT INTO bookings (seat, charge, guest, status) VALUES (?, ?, ?, 'held')"
        try:
            await state.db.execute(hold, seat, state.next_charge, guest)
        except ConstraintError:
            raise SeatTaken(seat) from None
        actions.add(Tracked(state.next_charge, Charge(guest, PRICE)))
        state.next_charge += 1

    async def handle_charge_result(self, state: House, id: int, result: Paid | Declined, actions: Actions) -> None:
        held = await state.db.fetch_one("SELECT seat, guest FROM bookings WHERE charge = ? AND status = 'held'", id)
        if held is None:
            raise UnknownCharge(id)
        match result:
            case Paid():
                await state.db.execute("UPDATE bookings SET status = 'paid' WHERE charge = ?", id)
                actions.add(Untracked(Tell(held["guest"], f"seat {held['seat']} is yours")))
                state.takings += PRICE
            case Declined(reason):
                await state.db.execute("DELETE FROM bookings WHERE charge = ?", id)
                actions.add(Untracked(Tell(held["guest"], reason)))

    async def restore(self, state: House, actions: Actions) -> None:
        for row in await state.db.fetch("SELECT charge FROM bookings WHERE status = 'held' ORDER BY charge"):
            actions.add(Tracked(row["charge"], CheckCharge(row["charge"])))

    @invariant
    def takings_cover_paid_seats(self, state: House) -> bool:
        paid = [row for row in state.db.rows("bookings") if row["status"] == "paid"]
        return state.takings >= len(paid) * PRICE

    @invariant
    def charge_ids_are_below_the_counter(self, state: House) -> bool:
        return all(int(row["charge"]) < state.next_charge for row in state.db.rows("bookings"))

    @eventually
    def no_seat_is_held(self, state: House) -> bool:
        return all(row["status"] == "paid" for row in state.db.rows("bookings"))

    @sometimes
    def sold_out(self, state: House) -> bool:
        return len(state.db.rows("bookings")) == SEATS

    def propose(self, choose: Chooser, state: House) -> Book | GiveBack:
        seat = choose.randint(1, SEATS)
        return GiveBack(seat) if choose.chance(0.2) else Book(seat, choose.pick(("ann", "bob", "eve")))

    def respond(self, choose: Chooser, id: int, action: Charge | CheckCharge) -> Paid | Declined:
        return Paid() if choose.chance(0.8) else Declined("card expired")


# Handlers for `fasm run`. A real bank would get the id as idempotency key of the charge; this one accepts every charge.


async def charge_card(id: int, action: Charge | CheckCharge) -> Paid | Declined:
    return Paid()


async def notify_guest(action: Tell) -> None:
    print(f"to {action.guest}: {action.text}", file=sys.stderr)


BookingDb.handlers = {Charge: Handler(charge_card, timeout=10), CheckCharge: charge_card, Tell: notify_guest}
