"""Defines the author's interface to a state that lives in a database, independent of the kind of database.

A field `db: Database` of the state is a `Transaction` (engine/transaction.py) inside `stf` and `restore`. Everywhere
else, in `initial`, invariants, `propose` and session files, it is `Tables`: a snapshot of the committed rows.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

Row = dict[str, Any]


class DatabaseError(Exception):
    """The database refused a statement. The transaction can only be rolled back; do not catch the exception.

    DatabaseError                a wrong statement: no such table, a value of the wrong type  a defect of the machine
    ├── ConstraintError          a constraint of the schema; catch it where you expect it     a defect if not caught
    ├── ConnectionLost           the store failed; the transition was rolled back             not the machine's fault
    └── SerializationConflict    a concurrent transaction; the store retries                  not the machine's fault
    """


class ConstraintError(DatabaseError):
    """A row violates a constraint: UNIQUE, CHECK, NOT NULL, a foreign key."""


class ConnectionLost(DatabaseError):
    """The connection to the store was lost during a transition; none of its writes is committed."""


class SerializationConflict(DatabaseError):
    """A concurrent transaction wrote what this one had read; the step must run again."""


class Database:
    """The database that holds the state.

    In `stf` and `restore` it is a transaction: `await state.db.fetch(…)` also returns what the transition itself wrote.
    Elsewhere it is a snapshot of the committed rows: `state.db.table(name)`.

    SQL has a `?` in place of each argument. Rows are dicts of plain values.
    """

    __slots__ = ()

    async def execute(self, sql: str, *args: Any) -> int:
        """Execute a statement and return the number of rows that it wrote. Raises `DatabaseError`."""
        _no_transaction()

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """Return the rows of a query. Raises `DatabaseError`."""
        _no_transaction()

    async def fetch_one(self, sql: str, *args: Any) -> Row | None:
        """Return the first row of a query, or None if it has no rows."""
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetch_value(self, sql: str, *args: Any) -> Any:
        """Return the first column of the first row of a query, or None if it has no rows."""
        rows = await self.fetch(sql, *args)
        return next(iter(rows[0].values()), None) if rows else None

    def snapshot(self) -> "Tables":
        """All rows as they are now."""
        raise NotImplementedError

    def table(self, name: str) -> dict[Any, Row]:
        """The rows of a table by primary key, in its order. A key of several columns is a tuple.

        Raises `KeyError` if the schema has no such table.
        """
        return self.snapshot().table(name)

    def rows(self, name: str) -> list[Row]:
        """The rows of a table in the order of the primary key."""
        return list(self.table(name).values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Database):
            return NotImplemented
        mine, others = self.snapshot(), other.snapshot()
        return mine is others or mine.contents() == others.contents()

    __hash__ = None  # type: ignore[assignment]


def _no_transaction() -> NoReturn:
    raise DatabaseError("no transaction is open: await this in `stf` and `restore` only; elsewhere use db.table(name)")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table. `key` names the columns of the primary key; it is empty until a store sets it."""

    key: tuple[str, ...]
    rows: Mapping[Any, Row]


class Tables(Database):
    """Rows that do not change: `Tables(accounts=[{"id": 1, "balance": 100}])`."""

    __slots__ = ("by_name",)

    def __init__(self, **rows: Iterable[Row]) -> None:
        self.by_name: Mapping[str, Table] = {
            name: Table((), dict(enumerate(map(dict, given)))) for name, given in rows.items()
        }

    @classmethod
    def of(cls, by_name: Mapping[str, Table]) -> "Tables":
        """The tables that a store has read."""
        tables = cls()
        tables.by_name = by_name
        return tables

    def snapshot(self) -> "Tables":
        return self

    def table(self, name: str) -> dict[Any, Row]:
        if name not in self.by_name:
            raise KeyError(f"no table {name!r}; the schema has {', '.join(self.by_name) or 'none'}")
        return dict(self.by_name[name].rows)

    def contents(self) -> dict[str, list[Row]]:
        """The rows of each table that is not empty."""
        return {name: list(table.rows.values()) for name, table in self.by_name.items() if table.rows}

    def __repr__(self) -> str:
        return f"Tables({', '.join(f'{name}={rows!r}' for name, rows in self.contents().items())})"


# --- where a state lives ---


@dataclass(frozen=True, slots=True)
class Sqlite:
    """State in SQLite: `store = Sqlite(schema="CREATE TABLE …")`.

    `url` is `sqlite:///file`, or `sqlite://` for a database in memory.
    """

    schema: str = ""
    url: str = "sqlite://"


@dataclass(frozen=True, slots=True)
class Postgres:
    """State in PostgreSQL: `store = Postgres(schema="CREATE TABLE …")`.

    `url` is `postgresql://…`. libpq takes what it omits from the environment (PGHOST, PGUSER …).
    """

    schema: str = ""
    url: str = "postgresql://"


StoreSpec = Sqlite | Postgres


def redact_url(url: str) -> str:
    """`url` without its password, for reports and for the commands in them."""
    return re.sub(r"\A(\w+://[^/@:?]+):[^/@]*@", r"\1@", url)
