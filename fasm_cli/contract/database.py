"""State that lives in a database: what a machine's author sees of it, and nothing of any particular database.

A field `db: Database` of the state is a `Transaction` inside `stf` and `restore` (in `transaction`), and `Tables`, a
look at what is committed, everywhere else: in `initial`, in invariants, in `propose`, in a session file.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

Row = dict[str, Any]


class DatabaseError(Exception):
    """The database refuses a statement. The transaction can only be undone then; let the exception through.

    DatabaseError        the statement: no such table, a value of the wrong type        a defect of the machine
    ├── ConstraintError  a constraint of the schema: catch it where it is expected      a defect where it is not
    ├── ConnectionLost   the store: nothing of the transition happened                  nobody's fault
    └── Contention       another transaction came first: the store tries again          nobody's fault
    """


class ConstraintError(DatabaseError):
    """A row breaks a constraint: UNIQUE, CHECK, NOT NULL, a foreign key."""


class ConnectionLost(DatabaseError):
    """The store has gone away in the middle of a transition; nothing of it was written."""


class SerializationConflict(DatabaseError):
    """Another transaction wrote what this one had read; it has to be made again."""


class Database:
    """The database a state lives in. In `stf` and `restore` it is a transaction, and `await state.db.fetch(…)` reads
    what this transition wrote; elsewhere it is a look at the committed rows, by `state.db.table(name)`.

    SQL has `?` where an argument goes. Rows are dicts of plain values.
    """

    __slots__ = ()

    async def execute(self, sql: str, *args: Any) -> int:
        """Run a statement; gives how many rows it wrote. Raises `DatabaseError`."""
        _no_transaction()

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        """The rows of a query. Raises `DatabaseError`."""
        _no_transaction()

    async def fetch_one(self, sql: str, *args: Any) -> Row | None:
        """The first row of a query, or None."""
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def fetch_value(self, sql: str, *args: Any) -> Any:
        """The first column of the first row of a query, or None where there is none."""
        rows = await self.fetch(sql, *args)
        return next(iter(rows[0].values()), None) if rows else None

    def snapshot(self) -> "Tables":
        """Every row there is at this moment."""
        raise NotImplementedError

    def table(self, name: str) -> dict[Any, Row]:
        """The rows of a table by their primary key (a tuple where it has several columns), in the order of it.

        Raises KeyError for a table the schema does not have.
        """
        return self.snapshot().table(name)

    def rows(self, name: str) -> list[Row]:
        """The rows of a table, in the order of their primary key."""
        return list(self.table(name).values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Database):
            return NotImplemented
        mine, others = self.snapshot(), other.snapshot()
        return mine is others or mine.contents() == others.contents()

    __hash__ = None  # type: ignore[assignment]


def _no_transaction() -> NoReturn:
    raise DatabaseError("there is no transaction here: in `stf` and `restore` await this, elsewhere use db.table(name)")


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one table. `key` names the columns of its primary key, empty where no store has said them yet."""

    key: tuple[str, ...]
    rows: Mapping[Any, Row]


class Tables(Database):
    """Rows that nobody changes: `Tables(accounts=[{"id": 1, "balance": 100}])`."""

    __slots__ = ("by_name",)

    def __init__(self, **rows: Iterable[Row]) -> None:
        self.by_name: Mapping[str, Table] = {
            name: Table((), dict(enumerate(map(dict, given)))) for name, given in rows.items()
        }

    @classmethod
    def of(cls, found: Mapping[str, Table]) -> "Tables":
        """What a store found."""
        made = cls()
        made.by_name = found
        return made

    def snapshot(self) -> "Tables":
        return self

    def table(self, name: str) -> dict[Any, Row]:
        if name not in self.by_name:
            raise KeyError(f"no table {name!r}; the schema has {', '.join(self.by_name) or 'none'}")
        return dict(self.by_name[name].rows)

    def contents(self) -> dict[str, list[Row]]:
        """The rows of each table that has any."""
        return {name: list(table.rows.values()) for name, table in self.by_name.items() if table.rows}

    def __repr__(self) -> str:
        return f"Tables({', '.join(f'{name}={rows!r}' for name, rows in self.contents().items())})"


# --- where it is --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sqlite:
    """State in SQLite: `store = Sqlite(schema="CREATE TABLE …")`. `url` is `sqlite:///file`, or `sqlite://` for one
    in memory."""

    schema: str = ""
    url: str = "sqlite://"


@dataclass(frozen=True, slots=True)
class Postgres:
    """State in PostgreSQL: `store = Postgres(schema="CREATE TABLE …")`. `url` is `postgresql://…`; what it leaves out
    comes from the environment of libpq (PGHOST, PGUSER …)."""

    schema: str = ""
    url: str = "postgresql://"


StoreSpec = Sqlite | Postgres


def redact_url(url: str) -> str:
    """`url` as it may be shown: a line to paste must not tell a password to whoever reads the report."""
    return re.sub(r"\A(\w+://[^/@:?]+):[^/@]*@", r"\1@", url)
