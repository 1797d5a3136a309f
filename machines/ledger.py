"""Accounts and the transfers between them, in SQL.

What it teaches: where the state is a transaction, atomicity comes by itself. This STF debits before it knows whether
there is anybody to credit, and simply raises: nothing of a transition that fails is ever committed. The constraints of
the schema are invariants that the database checks; one that breaks is a defect, so what may happen in the ordinary
course of things is looked at first.
"""

from dataclasses import dataclass
from typing import Annotated

from fasm_cli import (
    Actions,
    Between,
    Chooser,
    Database,
    Normal,
    Sqlite,
    StateMachine,
    Tables,
    TrackedActionCompleted,
    TransitionError,
    Untracked,
    invariant,
    sometimes,
    transition_invariant,
)

SCHEMA = """
CREATE TABLE accounts (
    id      INTEGER PRIMARY KEY,
    balance INTEGER NOT NULL CHECK (balance >= 0)
);
CREATE TABLE transfers (
    id     INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES accounts (id),
    target INTEGER NOT NULL REFERENCES accounts (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    CHECK (source <> target)
);
"""
MONEY = 300  # there is so much of it, and it is never made or lost


@dataclass
class Books:
    db: Database


@dataclass
class Transfer:
    source: Annotated[int, Between(1, 4)]
    target: Annotated[int, Between(1, 4)]
    amount: Annotated[int, Between(1, 150)]


@dataclass
class Transferred:
    """A line for the customers' statements."""

    transfer: int
    amount: int


class SameAccount(TransitionError):
    """Both ends of the transfer are one account."""


class InsufficientFunds(TransitionError):
    """The source does not have as much."""


class NoSuchAccount(TransitionError):
    """There is no account of this number."""


class Ledger(StateMachine):
    """Moves money between accounts that live in a database."""

    State = Books
    Input = Transfer
    UntrackedAction = Transferred
    store = Sqlite(schema=SCHEMA)

    def initial(self) -> Books:
        return Books(Tables(accounts=[{"id": id, "balance": MONEY // 3} for id in (1, 2, 3)]))

    async def stf(self, state: Books, input: Normal | TrackedActionCompleted, actions: Actions) -> None:
        assert isinstance(input, Normal)  # there are no tracked actions, so nothing else ever comes in
        wanted: Transfer = input.value
        if wanted.source == wanted.target:
            raise SameAccount(wanted.source)
        debit = "UPDATE accounts SET balance = balance - ? WHERE id = ? AND balance >= ?"
        if not await state.db.execute(debit, wanted.amount, wanted.source, wanted.amount):
            raise InsufficientFunds(account=wanted.source, needed=wanted.amount)
        credit = "UPDATE accounts SET balance = balance + ? WHERE id = ?"
        if not await state.db.execute(credit, wanted.amount, wanted.target):
            raise NoSuchAccount(wanted.target)  # the debit is undone with the transaction
        number = await state.db.fetch_value("SELECT coalesce(max(id), 0) + 1 FROM transfers")
        record = "INSERT INTO transfers (id, source, target, amount) VALUES (?, ?, ?, ?)"
        await state.db.execute(record, number, wanted.source, wanted.target, wanted.amount)
        actions.add(Untracked(Transferred(number, wanted.amount)))

    @invariant
    def no_money_is_made_or_lost(self, state: Books) -> bool:
        return sum(int(row["balance"]) for row in state.db.rows("accounts")) == MONEY

    @transition_invariant
    def transfers_are_kept(self, before: Books, after: Books) -> bool:
        return before.db.table("transfers").items() <= after.db.table("transfers").items()

    def propose(self, choose: Chooser, state: Books) -> Transfer:
        source = choose.between(1, 4)
        balance = state.db.table("accounts").get(source, {"balance": 0})["balance"]
        return Transfer(source, choose.between(1, 4), choose.between(1, min(150, balance + 10)))

    @sometimes
    def an_account_is_empty(self, state: Books) -> bool:
        return any(row["balance"] == 0 for row in state.db.rows("accounts"))
