"""State in PostgreSQL, by psycopg: serializable transactions in a schema of one's own."""

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
    Tables,
    redact_url,
)
from fasm_cli.engine.sql_policy import first_word
from fasm_cli.engine.transaction import QueryResult
from fasm_cli.errors import MachineError, UsageError

RUNNING = "is the server running? what the URL leaves out comes from PGHOST, PGUSER, PGPASSWORD and the like"
READS = ("SELECT", "VALUES")  # what `WITH` leads to may write, whatever it says it did

TABLES = """
SELECT c.relname AS name,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum)
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum))
          FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
         WHERE i.indrelid = c.oid AND i.indisprimary) AS key
  FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.oid
"""


class PostgresConnection:
    """A connection to the schema `name` of the server at `url`, made again where it was lost."""

    def __init__(self, schema: str, url: str, name: str) -> None:
        """Raises `UsageError` where there is no server, and `MachineError` where it does not take the schema."""
        self._url = url
        self._name = name
        self.changes = 0
        self._db: psycopg.Connection[Row] | None = connect_or_usage_error(url)
        try:
            self._db.execute(f"CREATE SCHEMA {name}; SET search_path = {name}; {schema}".encode())
            self._tables = list(introspect(self._db))
            self._sequences = self._db.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace"
            ).fetchall()
            self._db.commit()
        except MachineError:
            self._db.close()
            raise
        except psycopg.Error as error:
            self._db.close()
            raise MachineError(f"PostgreSQL refuses the schema: {first_line(error)}", "store = Postgres(…)") from None

    def _connected(self) -> "psycopg.Connection[Row]":
        if self._db is None or self._db.closed:
            try:
                self._db = connect(self._url, f"-c search_path={self._name}")
            except psycopg.Error as error:
                raise ConnectionLost(first_line(error)) from None
        return self._db

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult:
        db = self._connected()
        try:
            cursor = db.execute(to_pyformat(sql).encode(), args, prepare=True)  # prepared: never two statements in one
            rows = cursor.fetchall() if cursor.description is not None else []
        except (psycopg.Error, OverflowError, UnicodeError) as error:
            raise self._translate_error(error) from None
        nested = first_word(sql) == "WITH"
        if (cursor.statusmessage or "").startswith(READS) and not nested:
            return QueryResult(rows, 0)
        self.changes += 1 if nested else max(cursor.rowcount, 0)
        return QueryResult(rows, max(cursor.rowcount, 0))

    def tables(self) -> Tables:
        return Tables.of({name: self._table(name, *about) for name, *about in self._tables})

    def _table(self, name: str, columns: list[str], key: list[str]) -> Table:
        rows: dict[Any, Row] = {}
        for row in self.execute(
            f"SELECT {', '.join(map(quote_identifier, columns))} FROM {quote_identifier(name)}", ()
        ).rows:
            rows[row[key[0]] if len(key) == 1 else tuple(row[each] for each in key)] = row
        return Table(tuple(key), {at: rows[at] for at in sorted(rows)})  # in no language's order

    def commit(self) -> None:
        if self._db is not None:
            try:
                self._db.commit()
            except psycopg.Error as error:
                raise self._translate_error(error) from None

    def rollback(self) -> None:
        if self._db is not None and not self._db.closed:
            try:
                self._db.rollback()
            except psycopg.Error:  # it is gone, and what was not committed with it
                self.drop()

    def drop(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def load(self, tables: Tables) -> None:
        self.rollback()
        known = [name for name, *_ in self._tables]
        for name in tables.by_name:
            if name not in known:
                raise DatabaseError(f"there is no table {name!r}; the schema has {', '.join(known) or 'none'}")
        for name in ("fasm_state", *reversed(known)):
            self.execute(f"DELETE FROM {quote_identifier(name)}", ())
        for sequence in self._sequences:  # they are not part of any transaction
            self._connected().execute(f"ALTER SEQUENCE {quote_identifier(sequence['relname'])} RESTART".encode())
        for name in known:
            for row in tables.by_name[name].rows.values() if name in tables.by_name else ():
                places = ", ".join("?" * len(row))
                self.execute(
                    f"INSERT INTO {quote_identifier(name)} ({', '.join(map(quote_identifier, row))}) VALUES ({places})",
                    tuple(row.values()),
                )

    def close(self) -> None:
        with suppress(DatabaseError, psycopg.Error):  # a server that is gone has nothing to clean up
            self.rollback()
            db = self._connected()
            db.execute(f"DROP SCHEMA {self._name} CASCADE".encode())
            db.commit()
        self.drop()

    def _translate_error(self, error: Exception) -> DatabaseError:
        said = first_line(error)
        if self._db is not None and self._db.closed:
            self._db = None
            return ConnectionLost(f"the connection was lost: {said}")
        if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected):
            return SerializationConflict(said)
        return ConstraintError(said) if isinstance(error, errors.IntegrityError) else DatabaseError(said)


class PostgresScratch:
    """Scratch databases on a server: each is a schema."""

    def __init__(self, url: str) -> None:
        self._url = url

    def connect(self, schema: str, name: str) -> PostgresConnection:
        """A new, empty schema that is called `name`."""
        return PostgresConnection(schema, self._url, name)

    def names(self) -> list[str]:
        """The schemas that are there; none where the server is gone."""
        try:
            with connect(self._url) as db:
                return [row["nspname"] for row in db.execute("SELECT nspname FROM pg_namespace").fetchall()]
        except psycopg.Error:
            return []

    def remove(self, name: str) -> None:
        with suppress(psycopg.Error), connect(self._url) as db:
            db.execute(f"DROP SCHEMA IF EXISTS {quote_identifier(name)} CASCADE".encode())


def connect_or_usage_error(url: str) -> "psycopg.Connection[Row]":
    """A connection to the server at `url`. Raises `UsageError`."""
    try:
        return connect(url)
    except psycopg.Error as error:
        raise UsageError(f"no PostgreSQL at {redact_url(url)}: {first_line(error)}", RUNNING) from None


def connect(url: str, options: str = "") -> "psycopg.Connection[Row]":
    given: dict[str, Any] = {"options": options} if options else {}  # where there are none, those of the URL count
    db = psycopg.connect(url, row_factory=dict_row, **given)
    db.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
    return db


@lru_cache(maxsize=1000)
def to_pyformat(sql: str) -> str:
    """`sql` with `?` as psycopg writes it, except inside of quotes and comments."""
    out: list[str] = []
    at = 0
    while at < len(sql):
        end = at + 1
        if sql[at] in "'\"":
            closing = sql.find(sql[at], end)
            end = len(sql) if closing < 0 else closing + 1
        elif sql.startswith("--", at):
            newline = sql.find("\n", end)
            end = len(sql) if newline < 0 else newline
        elif sql.startswith("/*", at):
            closing = sql.find("*/", at + 2)
            end = len(sql) if closing < 0 else closing + 2
        elif sql[at] == "?":
            out.append("%s")
            at = end
            continue
        out.append(sql[at:end].replace("%", "%%"))
        at = end
    return "".join(out)


def quote_identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def introspect(db: "psycopg.Connection[Row]") -> Any:
    """Each table of the author's, with its columns and those of its primary key. Raises `MachineError`."""
    for row in db.execute(TABLES).fetchall():
        if not row["name"].startswith("fasm_"):
            if not row["key"]:
                raise MachineError(
                    f"the table {row['name']} has no primary key", "its rows could not be told apart: add one"
                )
            yield row["name"], row["columns"], row["key"]


def first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
