"""Transactions: what an STF sees of its database, which statements it may execute, and batches of transactions.

A statement is an await like any other: the STF hands it to the await policy, which may cancel it or lose the connection
instead, and which hands back the result. The STF cannot reach the connection itself. It may read and write rows;
beginning and committing belong to the engine.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from types import coroutine
from typing import Any, Protocol

from fasm_cli.contract.database import ConnectionLost, Database, DatabaseError, Row, Tables
from fasm_cli.types.fields import record


@record
class QueryResult:
    """The rows that a statement returned, and the number of rows that it wrote."""

    rows: list[Row]
    count: int


class Connection(Protocol):
    """A connection to one database. A transaction begins with the first statement. All methods may raise
    `DatabaseError`.
    """

    @property
    def changes(self) -> int:
        """A number that differs whenever a row was written in between."""
        ...

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult: ...

    def tables(self) -> Tables:
        """Every row of the author's tables."""
        ...

    def load(self, tables: Tables) -> None:
        """Replace the rows of the author's tables by `tables`, in the open transaction. Raises `DatabaseError` if a
        durable database holds a state already."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def drop(self) -> None:
        """Lose the connection, with what is not committed. The next statement opens another one."""
        ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Statement:
    """A statement that an STF awaits."""

    transaction: "Transaction"
    sql: str
    args: tuple[Any, ...]


class Transaction(Database):
    """The database as one transition sees it. `failed`: a statement was refused, so that only a rollback is left."""

    __slots__ = ("_at", "_committed", "connection", "failed")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failed = False
        self.mark_committed(connection.tables())

    async def execute(self, sql: str, *args: Any) -> int:
        return (await _await(Statement(self, sql, args))).count

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        return (await _await(Statement(self, sql, args))).rows

    def snapshot(self) -> Tables:
        return self.connection.tables() if self.has_writes else self._committed

    @property
    def has_writes(self) -> bool:
        """Whether a row was written since the last commit."""
        return self.connection.changes != self._at

    def mark_committed(self, tables: Tables) -> None:
        """Remember that `tables` are committed."""
        self._committed = tables
        self._at = self.connection.changes

    def perform(self, statement: Statement) -> QueryResult:
        """Execute a statement that the STF awaits. Raises `DatabaseError`."""
        if self.failed:
            raise DatabaseError("an earlier statement of this transition failed: it can only be undone")
        try:
            return self.connection.execute(statement.sql, statement.args)
        except DatabaseError:
            self.failed = True
            raise

    def drop_connection(self, reason: str) -> ConnectionLost:
        """Lose the connection, and return the exception that the STF sees."""
        self.connection.drop()
        self.failed = True
        return ConnectionLost(reason)

    def rollback(self) -> None:
        """Go back to the committed rows."""
        self.connection.rollback()
        self.failed = False
        self._at = self.connection.changes


class LazyTransaction(Transaction):
    """A transaction on a database that may be large: it reads only the rows that are asked for."""

    __slots__ = ()

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failed = False
        self._at = connection.changes

    def snapshot(self) -> Tables:
        return self.connection.tables()


@coroutine
def _await(statement: Statement) -> Generator[Statement, QueryResult, QueryResult]:
    return (yield statement)


# --- group commit -------------------------------------------------------------------------------------------------

SAVEPOINT, RELEASE, ROLLBACK_TO = (f"{verb}SAVEPOINT fasm_step" for verb in ("", "RELEASE ", "ROLLBACK TO "))


class BatchedConnection:
    """A connection that can commit several transactions as one, so that they wait for the disk once (group commit).

    Between `begin_batch` and `commit_batch`, each transaction is a savepoint: one that fails is rolled back alone.
    Callers must not acknowledge any of them before `commit_batch` returns.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._batching = False
        self._in_savepoint = False
        self._broken = False  # the transaction of the batch is gone, and its savepoints with it

    @property
    def changes(self) -> int:
        return self._connection.changes

    def begin_batch(self) -> None:
        """Collect the following transactions until `commit_batch` or `rollback_batch`."""
        self._batching = True

    def commit_batch(self) -> None:
        """Commit all of them. Raises `DatabaseError` if the transaction is gone or the commit was refused."""
        broken = self._broken
        self._end_batch()
        if broken:
            self._connection.rollback()
            raise ConnectionLost("the transaction is gone")
        self._connection.commit()

    def rollback_batch(self) -> None:
        """Roll back all of them, in whatever state they are."""
        self._end_batch()
        self._connection.rollback()

    def _end_batch(self) -> None:
        self._batching = self._in_savepoint = self._broken = False

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult:
        if self._batching and not self._in_savepoint:
            if self._broken:  # a new transaction would commit without the rows of this one
                raise ConnectionLost("the transaction is gone")
            self._broken = True  # until there is a savepoint
            self._connection.execute(SAVEPOINT, ())
            self._in_savepoint, self._broken = True, False
        return self._connection.execute(sql, args)

    def tables(self) -> Tables:
        return self._connection.tables()

    def load(self, tables: Tables) -> None:
        self._connection.load(tables)

    def commit(self) -> None:
        if not self._batching:
            self._connection.commit()
        elif self._in_savepoint:
            self._connection.execute(RELEASE, ())
            self._in_savepoint = False

    def rollback(self) -> None:
        if not self._batching:
            self._connection.rollback()
        elif self._in_savepoint:
            self._in_savepoint = False
            try:
                self._connection.execute(ROLLBACK_TO, ())
                self._connection.execute(RELEASE, ())
            except DatabaseError:  # a full disk or a lost connection has rolled back the whole batch
                self._broken = True

    def drop(self) -> None:
        self._connection.drop()

    def close(self) -> None:
        self._connection.close()


# --- which statements an STF may execute --------------------------------------------------------------------------
# Only the text of a statement is examined. A view, a trigger or a default may still call something; a run that is
# repeated in another process finds that.

ROW_STATEMENTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "REPLACE", "MERGE"})
CONTROL_STATEMENTS = frozenset(
    {"BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "START", "SAVEPOINT", "RELEASE", "PREPARE"}
)
_LITERALS_AND_COMMENTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"[\s(]*([A-Za-z]*)")
_NONDETERMINISTIC = {
    "random": re.compile(r"\b(random|randomblob|gen_random_\w+|uuid_generate_\w+|uuidv[47])\s*\(", re.IGNORECASE),
    "clock": re.compile(
        r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|unixepoch)\s*\("
        r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
        re.IGNORECASE,
    ),
}
_NOW = re.compile(r"'now'", re.IGNORECASE)


@lru_cache(maxsize=1000)
def first_word(sql: str) -> str:
    """The word that names the kind of a statement, in capitals; empty if there is none."""
    found = _WORD.match(_LITERALS_AND_COMMENTS.sub(" ", sql))
    return found[1].upper() if found else ""


@lru_cache(maxsize=1000)
def law_broken_by(sql: str) -> tuple[str, str]:
    """The law that a statement breaks, and the word in it that breaks it; two empty strings if it breaks none."""
    word = first_word(sql)
    if word not in ROW_STATEMENTS:
        return "atomic" if word in CONTROL_STATEMENTS else "effects", word or "an empty statement"
    bare = _LITERALS_AND_COMMENTS.sub(" ", sql)
    for law, pattern in _NONDETERMINISTIC.items():
        found = pattern.search(bare)
        if found:
            return law, next(filter(None, found.groups()))
    now = _NOW.search(sql)
    return ("clock", now[0]) if now else ("", "")
