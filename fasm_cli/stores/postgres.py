"""States in PostgreSQL, with psycopg: serializable transactions in one schema."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import dict_row

from fasm_cli.contract.database import (
    ConnectionLost,
    ConstraintError,
    DatabaseError,
    Row,
    SerializationConflict,
    Table,
    redact_url,
)
from fasm_cli.errors import MachineError, SessionError, UsageError
from fasm_cli.stores.tables import PREFIX, TableConnection, check_key, quote_identifier
from fasm_cli.stores.transaction import QueryResult, first_word

IN_PROCESS = False
_PLACEHOLDERS = re.compile(r"\?|'[^']*'?|\"[^\"]*\"?|--[^\n]*|/\*(?:.*?\*/|.*)", re.DOTALL)
SERVER_HINT = "is the server running? what the URL leaves out comes from PGHOST, PGUSER, PGPASSWORD and the like"
READS = ("SELECT", "VALUES")  # the status of `WITH` names its last statement only, so it counts as a write
LOCK_SQL = "SELECT pg_try_advisory_lock(hashtext('fasm'), hashtext(current_schema())) AS held"
UNLOCK_SQL = "SELECT pg_advisory_unlock(hashtext('fasm'), hashtext(current_schema()))"
TABLE_NAMES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
TABLES = """
SELECT c.relname AS name,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum)
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum))
          FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
         WHERE i.indrelid = c.oid AND i.indisprimary) AS key
  FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.oid
"""


class PostgresConnection(TableConnection):
    """A connection to the durable database at `url`: the tables in the schema that the URL selects. An advisory lock
    keeps other processes from running the same machine. A lost connection is opened again.

    Raises `UsageError` if there is no server, `MachineError` if it refuses the schema, and `SessionError` if another
    process holds the lock or the tables belong to no machine.
    """

    def __init__(self, schema: str, url: str) -> None:
        self._url = url
        self.changes = 0
        self._db: psycopg.Connection[Row] | None = None
        try:
            self._db = _open(url)
        except psycopg.Error as error:
            raise UsageError(f"no PostgreSQL at {redact_url(url)}: {_first_line(error)}", SERVER_HINT) from None
        try:
            self._create(self._db, schema)
            self._tables = list(_introspect(self._db))
            self._db.commit()
        except psycopg.Error as error:
            self._db.close()
            raise MachineError(f"PostgreSQL refuses the schema: {_first_line(error)}", "store = Postgres(…)") from None
        except BaseException:
            self._db.close()
            raise

    def _create(self, db: "psycopg.Connection[Row]", schema: str) -> None:
        """Take the lock, and execute `schema` if there are no tables yet."""
        label = redact_url(self._url)
        if not _lock(db):
            raise SessionError(f"another process runs the machine at {label}", "stop that one first")
        names = {row["relname"] for row in db.execute(TABLE_NAMES).fetchall()}
        if names and "fasm_state" not in names:
            raise SessionError(
                f"{label} has tables that no machine has made",
                "give a database of its own, or a schema: ?options=-csearch_path%3DNAME",
            )
        if not names and not schema:
            raise SessionError(f"no machine has run at {label}", "`fasm run` creates the database")
        if not names:
            db.execute(schema.encode())

    def _connected(self) -> "psycopg.Connection[Row]":
        if self._db is None or self._db.closed:
            self._db = None
            try:
                self._db = self._reconnect()
            except psycopg.Error as error:
                raise ConnectionLost(_first_line(error)) from None
        return self._db

    def _reconnect(self) -> "psycopg.Connection[Row]":
        db = _open(self._url)
        held = _lock(db)
        db.commit()
        if not held:  # the server may not have noticed yet that the lost connection is gone
            db.close()
            raise ConnectionLost("another process has the machine")
        return db

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult:
        db = self._connected()
        try:
            # A prepared statement is never two statements in one.
            cursor = db.execute(to_pyformat(sql).encode(), args, prepare=True)
            rows = cursor.fetchall() if cursor.description is not None else []
        except (psycopg.Error, OverflowError, UnicodeError) as error:
            raise self._translate_error(error) from None
        nested = first_word(sql) == "WITH"
        if (cursor.statusmessage or "").startswith(READS) and not nested:
            return QueryResult(rows, 0)
        self.changes += 1 if nested else max(cursor.rowcount, 0)
        return QueryResult(rows, max(cursor.rowcount, 0))

    def _table(self, name: str, columns: list[str], key: list[str]) -> Table:
        rows: dict[Any, Row] = {}
        for row in self.execute(
            f"SELECT {', '.join(map(quote_identifier, columns))} FROM {quote_identifier(name)}", ()
        ).rows:
            rows[row[key[0]] if len(key) == 1 else tuple(row[each] for each in key)] = row
        return Table(tuple(key), {at: rows[at] for at in sorted(rows)})  # Python's order, not a collation

    def commit(self) -> None:
        try:
            if self._db is not None:
                self._db.commit()
        except psycopg.Error as error:
            raise self._translate_error(error) from None

    def rollback(self) -> None:
        if self._db is not None and not self._db.closed:
            try:
                self._db.rollback()
            except psycopg.Error:  # the connection is gone, with what was not committed
                self.drop()

    def drop(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def close(self) -> None:
        if self._db is not None:
            with suppress(psycopg.Error):  # the connection is gone, and the lock with it
                self._db.execute(UNLOCK_SQL)  # a server may notice late that a connection was closed
        self.drop()

    def _translate_error(self, error: Exception) -> DatabaseError:
        text = _first_line(error)
        if self._db is not None and self._db.closed:
            self._db = None
            return ConnectionLost(f"the connection was lost: {text}")
        if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected):
            return SerializationConflict(text)
        return ConstraintError(text) if isinstance(error, errors.IntegrityError) else DatabaseError(text)


class ScratchPostgresConnection(PostgresConnection):
    """A connection to a scratch database: the schema `name`, which `close` removes. It needs no lock."""

    def __init__(self, schema: str, url: str, name: str) -> None:
        self._name = name
        super().__init__(schema, url)

    def _create(self, db: "psycopg.Connection[Row]", schema: str) -> None:
        db.execute(f"CREATE SCHEMA {self._name}; SET search_path = {self._name}; {schema}".encode())
        self._sequences = db.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace"
        ).fetchall()

    def _reconnect(self) -> "psycopg.Connection[Row]":
        return _open(self._url, f"-c search_path={self._name}")

    def _begin_load(self) -> None:
        self.execute("DELETE FROM fasm_state", ())
        for sequence in self._sequences:  # sequences are not part of a transaction
            self._connected().execute(f"ALTER SEQUENCE {quote_identifier(sequence['relname'])} RESTART".encode())

    def close(self) -> None:
        with suppress(DatabaseError, psycopg.Error):  # a server that is gone has nothing to remove
            self.rollback()
            db = self._connected()
            db.execute(f"DROP SCHEMA {self._name} CASCADE".encode())
            db.commit()
        self.drop()


def file_of(url: str) -> None:
    """A server keeps its files."""


def connect(url: str, schema: str = "") -> PostgresConnection:
    return PostgresConnection(schema, url)


def read_rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    try:
        with psycopg.connect(url) as db:
            return db.execute(sql.encode()).fetchall()
    except psycopg.Error as error:
        raise DatabaseError(_first_line(error)) from None


def connect_scratch(url: str, schema: str, name: str) -> ScratchPostgresConnection:
    return ScratchPostgresConnection(schema, url, name)


def scratch_names(url: str) -> list[str]:
    try:
        with _open(url) as db:
            return [row["nspname"] for row in db.execute("SELECT nspname FROM pg_namespace").fetchall()]
    except psycopg.Error:
        return []


def remove_scratch(url: str, name: str) -> None:
    with suppress(psycopg.Error), _open(url) as db:
        db.execute(f"DROP SCHEMA IF EXISTS {quote_identifier(name)} CASCADE".encode())


def _open(url: str, options: str = "") -> "psycopg.Connection[Row]":
    """A serializable connection to the server at `url`. Raises `psycopg.Error`."""
    given: dict[str, Any] = {"options": options} if options else {}  # an empty string would replace those of the URL
    db = psycopg.connect(url, row_factory=dict_row, **given)
    db.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    return db


def _lock(db: "psycopg.Connection[Any]") -> bool:
    row = db.execute(LOCK_SQL).fetchone()
    return bool(row and row["held"])


@lru_cache(maxsize=1000)
def to_pyformat(sql: str) -> str:
    """`sql` with `?` as `%s`, as psycopg wants it, except inside quotes and comments."""
    return _PLACEHOLDERS.sub(lambda found: "%s" if found[0] == "?" else found[0], sql.replace("%", "%%"))


def _introspect(db: "psycopg.Connection[Row]") -> Iterator[tuple[str, list[str], list[str]]]:
    """The author's tables: name, columns, columns of the primary key. Raises `MachineError` if there is no key."""
    for row in db.execute(TABLES).fetchall():
        if not row["name"].startswith(PREFIX):
            check_key(row["name"], row["key"])
            yield row["name"], row["columns"], row["key"]


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
