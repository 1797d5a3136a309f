"""The transaction an STF works in: each statement is handed to whoever drives the STF, who hands back its answer.

So a statement is an await like any other, at which the driver may cancel, or lose the connection; and the STF cannot
reach the connection at all. What may be said is reading and writing rows: beginning, committing and everything else is
the step's.
"""

from collections.abc import Generator
from dataclasses import dataclass
from types import coroutine
from typing import Any, Protocol

from fasm_cli.contract.database import ConnectionLost, Database, DatabaseError, Row, Tables


@dataclass(slots=True)  # made for every statement, and frozen it would take thrice as long
class QueryResult:
    """What a statement came to: its rows, and how many it wrote."""

    rows: list[Row]
    count: int


class Connection(Protocol):
    """One connection to a database, with a transaction that begins at the first statement.

    `changes` differs where a row was written in between. Whatever fails raises a `DatabaseError`.
    """

    @property
    def changes(self) -> int: ...
    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult: ...
    def tables(self) -> Tables: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def drop(self) -> None:
        """Lose the connection, with what is not committed; the next statement opens another."""
        ...


@dataclass(slots=True)
class Statement:
    """A statement that an STF awaits."""

    transaction: "Transaction"
    sql: str
    args: tuple[Any, ...]


class Transaction(Database):
    """The rows as one transition sees them. `failed` from the first statement that was refused until it is undone."""

    __slots__ = ("_at", "_committed", "connection", "failed")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failed = False
        self.mark_committed(connection.tables())

    async def execute(self, sql: str, *args: Any) -> int:
        return (await _asked(Statement(self, sql, args))).count

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        return (await _asked(Statement(self, sql, args))).rows

    def snapshot(self) -> Tables:
        return self.connection.tables() if self.has_writes else self._committed

    @property
    def has_writes(self) -> bool:
        """Whether anything was written since the last commit."""
        return self.connection.changes != self._at

    def mark_committed(self, tables: Tables) -> None:
        """What is committed is `tables`."""
        self._committed = tables
        self._at = self.connection.changes

    def perform(self, operation: Statement) -> QueryResult:
        """Do what the STF awaits. Raises `DatabaseError`."""
        if self.failed:
            raise DatabaseError("an earlier statement of this transition failed: it can only be undone")
        try:
            return self.connection.execute(operation.sql, operation.args)
        except DatabaseError:
            self.failed = True
            raise

    def drop_connection(self, why: str) -> ConnectionLost:
        """Lose the connection; gives what its user gets to see of that."""
        self.connection.drop()
        self.failed = True
        return ConnectionLost(why)

    def rollback(self) -> None:
        """Back to what is committed."""
        self.connection.rollback()
        self.failed = False
        self._at = self.connection.changes


@coroutine
def _asked(operation: Statement) -> Generator[Statement, QueryResult, QueryResult]:
    return (yield operation)
