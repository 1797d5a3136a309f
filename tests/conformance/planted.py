"""Machines over a database with one fault each. `LAW` is what breaks, `TRACE` the smallest trace that breaks it."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass

from fasm_cli import (
    ConstraintError,
    Database,
    Normal,
    Sqlite,
    StateMachine,
    Tables,
    Tracked,
    TrackedActionCompleted,
    TransitionError,
    invariant,
)

ACCOUNT = "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);"
PAYOUTS = "CREATE TABLE payouts (id INTEGER PRIMARY KEY, seen INTEGER NOT NULL, status TEXT NOT NULL);"
BALANCE = "SELECT balance FROM account"


@dataclass
class Books:
    db: Database
    cached: int = 60
    taken: int = 0


@dataclass
class Withdraw: ...


@dataclass
class Pay:
    amount: int


@dataclass
class Done: ...


@dataclass
class Retry: ...


class Refused(TransitionError): ...


class Account(StateMachine):
    """One account of 60, from which 50 are withdrawn at a time: what the faulty ones have in common."""

    State = Books
    Input = Withdraw
    store = Sqlite(schema=ACCOUNT)
    LAW = ""
    TRACE: tuple[str, ...] = ("Withdraw()",)

    def initial(self):
        return Books(Tables(account=[{"id": 1, "balance": 60}]))

    async def stf(self, state, input, actions):
        if not await state.db.execute("UPDATE account SET balance = balance - 50 WHERE balance >= 50"):
            raise Refused

    @invariant
    def never_overdrawn(self, state):
        return state.db.table("account")[1]["balance"] >= 0


class StaleRead(Account):
    """Trusts a balance that it read once and keeps in the state."""

    LAW = "invariant:never_overdrawn"
    TRACE = ("Withdraw()", "Withdraw()")

    async def stf(self, state, input, actions):
        if state.cached < 50:
            raise Refused
        await state.db.execute("UPDATE account SET balance = balance - 50")


class CommitsItself(Account):
    """Commits what it has so far, and then finds a reason to refuse."""

    LAW = "atomic"

    async def stf(self, state, input, actions):
        await super().stf(state, input, actions)
        await state.db.execute("COMMIT")


class SecondConnection(Account):
    """Writes its log by a connection of its own, which no rollback reaches."""

    LAW = "effects"

    async def stf(self, state, input, actions):
        with suppress(Exception):
            sqlite3.connect(":memory:").close()
        await super().stf(state, input, actions)


class FieldFirst(Account):
    """Changes a field before the statement that may fail."""

    LAW = "atomic"
    TRACE = ("fault cancel 1", "Withdraw()")

    async def stf(self, state, input, actions):
        state.taken += 50
        try:
            await super().stf(state, input, actions)
        except Refused:
            state.taken -= 50
            raise


class GoesOn(Account):
    """Takes a refused row for a row that is there already."""

    LAW = "defect"

    async def stf(self, state, input, actions):
        with suppress(ConstraintError):
            await state.db.execute("INSERT INTO account VALUES (1, 0)")


class Shuffled(Account):
    """Restores in an order that is drawn anew each time."""

    LAW = "random"
    ActionId = int
    TrackedAction = Pay
    ActionResult = Done
    store = Sqlite(schema=ACCOUNT + PAYOUTS)

    async def stf(self, state, input, actions):
        if isinstance(input, TrackedActionCompleted):
            if not await state.db.execute("DELETE FROM payouts WHERE id = ?", input.id):
                raise Refused
            return
        actions.add(Tracked(state.taken, Pay(50)))
        await state.db.execute("INSERT INTO payouts VALUES (?, 0, 'sent')", state.taken)
        state.taken += 1

    async def restore(self, state, actions):
        for row in await state.db.fetch("SELECT id FROM payouts ORDER BY random()"):
            actions.add(Tracked(row["id"], Pay(50)))


class LostUpdate(Account):
    """Reads the balance when it asks, and writes what it read, less 50, when the answer comes."""

    LAW = "invariant:no_money_is_made"
    TRACE = ("Withdraw()", "Withdraw()", "complete 1.1 Done()", "complete 2.1 Done()")
    ActionId = int
    TrackedAction = Pay
    ActionResult = Done
    store = Sqlite(schema=ACCOUNT + PAYOUTS)

    async def stf(self, state, input, actions):
        match input:
            case Normal():
                balance = await state.db.fetch_value(BALANCE)
                if balance < 50:
                    raise Refused
                number = await state.db.fetch_value("SELECT coalesce(max(id), 0) + 1 FROM payouts")
                await state.db.execute("INSERT INTO payouts VALUES (?, ?, 'sent')", number, balance)
                actions.add(Tracked(number, Pay(50)))
            case TrackedActionCompleted(id, _):
                seen = await state.db.fetch_value("SELECT seen FROM payouts WHERE id = ? AND status = 'sent'", id)
                if seen is None:
                    raise Refused
                await state.db.execute("UPDATE payouts SET status = 'paid' WHERE id = ?", id)
                await state.db.execute("UPDATE account SET balance = ?", seen - 50)

    async def restore(self, state, actions):
        for row in await state.db.fetch("SELECT id FROM payouts WHERE status = 'sent' ORDER BY id"):
            actions.add(Tracked(row["id"], Pay(50)))

    @invariant
    def no_money_is_made(self, state):
        paid = sum(row["status"] == "paid" for row in state.db.rows("payouts"))
        return state.db.table("account")[1]["balance"] + 50 * paid == 60


class Forgets(LostUpdate):
    """Keeps asking about a payout that is to be tried again, and forgets it in `restore`."""

    LAW = "stored"
    TRACE = ("Withdraw()", "complete 1.1 Retry()")
    ActionResult = Done | Retry

    async def stf(self, state, input, actions):
        match input:
            case Normal():
                await state.db.execute("INSERT INTO payouts VALUES (?, 0, 'sent')", state.taken)
                actions.add(Tracked(state.taken, Pay(50)))
                state.taken += 1
            case TrackedActionCompleted(id, Retry()):
                if not await state.db.execute("UPDATE payouts SET status = 'again' WHERE id = ? AND seen < 3", id):
                    raise Refused
                await state.db.execute("UPDATE payouts SET seen = seen + 1 WHERE id = ?", id)
                actions.add(Tracked(id, Pay(50)))
            case TrackedActionCompleted(id, Done()):
                if not await state.db.execute("DELETE FROM payouts WHERE id = ?", id):
                    raise Refused

    @invariant
    def no_money_is_made(self, state):
        return True


PLANTED = (StaleRead, CommitsItself, SecondConnection, FieldFirst, GoesOn, Shuffled, LostUpdate, Forgets)
