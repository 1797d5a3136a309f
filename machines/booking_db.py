"""Seats of a theatre: who has which is in a database, what was taken in is in the state beside it.

What it teaches: a state may be both. The tables and the fields are committed together, so an invariant may span them.
The tables undo themselves when a transition fails; the fields keep the order of every state in memory, and change last.
Restore is a query, with an order of its own, since a table has none.
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
    """A guest who has paid does not want the seat any more; the money is not returned."""

    seat: Annotated[int, Between(1, SEATS)]


@dataclass
class Charge:
    guest: str
    amount: int


@dataclass
class AskAbout:
    """Whether a charge went through: what restore sends in the place of `Charge`."""

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
    """Somebody has the seat, or holds it."""


class NotPaid(TransitionError):
    """Nobody has paid for the seat."""


class UnknownCharge(TransitionError):
    """No seat waits for this charge."""


class BookingDb(StateMachine):
    """Holds a seat while it is being paid for."""

    State = House
    Input = Book | GiveBack
    ActionId = int
    TrackedAction = Charge | AskAbout
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
                await self.charged(state, id, result, actions)

    async def book(self, state: House, seat: int, guest: str, actions: Actions) -> None:
        hold = "INSERT INTO bookings (seat, charge, guest, status) VALUES (?, ?, ?, 'held')"
        try:
            await state.db.execute(hold, seat, state.next_charge, guest)
        except ConstraintError:
            raise SeatTaken(seat) from None
        actions.add(Tracked(state.next_charge, Charge(guest, PRICE)))
        state.next_charge += 1

    async def charged(self, state: House, id: int, result: Paid | Declined, actions: Actions) -> None:
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
            actions.add(Tracked(row["charge"], AskAbout(row["charge"])))

    @invariant
    def whoever_sits_has_paid(self, state: House) -> bool:
        paid = [row for row in state.db.rows("bookings") if row["status"] == "paid"]
        return state.takings >= len(paid) * PRICE

    @invariant
    def charges_are_new(self, state: House) -> bool:
        return all(int(row["charge"]) < state.next_charge for row in state.db.rows("bookings"))

    @eventually
    def nothing_is_held(self, state: House) -> bool:
        return all(row["status"] == "paid" for row in state.db.rows("bookings"))

    @sometimes
    def sold_out(self, state: House) -> bool:
        return len(state.db.rows("bookings")) == SEATS

    def propose(self, choose: Chooser, state: House) -> Book | GiveBack:
        seat = choose.randint(1, SEATS)
        return GiveBack(seat) if choose.chance(0.2) else Book(seat, choose.pick(("ann", "bob", "eve")))

    def respond(self, choose: Chooser, id: int, action: Charge | AskAbout) -> Paid | Declined:
        return Paid() if choose.chance(0.8) else Declined("card expired")


# For `fasm run`. A bank would be given the id as the idempotency key of the charge; this one says yes to everything.


async def ask_the_bank(id: int, action: Charge | AskAbout) -> Paid | Declined:
    return Paid()


async def tell_the_guest(action: Tell) -> None:
    print(f"to {action.guest}: {action.text}", file=sys.stderr)


BookingDb.handlers = {Charge: Handler(ask_the_bank, timeout=10), AskAbout: ask_the_bank, Tell: tell_the_guest}
