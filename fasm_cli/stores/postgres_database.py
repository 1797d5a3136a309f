"""The state of a machine that runs for real, in PostgreSQL: the tables of the URL's own schema, held by one process."""

from contextlib import suppress
from typing import Any

import psycopg

from fasm_cli.contract.database import ConnectionLost, DatabaseError, Row, redact_url
from fasm_cli.errors import MachineError, SessionError
from fasm_cli.stores.postgres import PostgresConnection, connect, connect_or_usage_error, first_line, introspect
from fasm_cli.stores.urls import missing_database

LOCK_SQL = "SELECT pg_try_advisory_lock(hashtext('fasm'), hashtext(current_schema())) AS held"
UNLOCK_SQL = "SELECT pg_advisory_unlock(hashtext('fasm'), hashtext(current_schema()))"
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"


class PostgresDatabase(PostgresConnection):
    """A database that is kept: what is committed stays when this is closed.

    Raises `UsageError` where there is no server, `MachineError` where it does not take the schema, and `SessionError`
    where another process has it or it is no machine's.
    """

    def __init__(self, schema: str, url: str) -> None:
        self._url = url
        self.changes = 0
        self._sequences = []
        self._db = db = connect_or_usage_error(url)
        try:
            if not _held(db):
                raise SessionError(f"another process runs the machine at {redact_url(url)}", "stop that one first")
            names = {row["relname"] for row in db.execute(TABLES).fetchall()}
            if names and "fasm_state" not in names:
                raise SessionError(
                    f"{redact_url(url)} has tables, and not those of a machine",
                    "give a database of its own, or a schema: ?options=-csearch_path%3DNAME",
                )
            if not names and not schema:
                raise missing_database(redact_url(url))
            if not names:
                db.execute(schema.encode())
            self._tables = list(introspect(db))
            db.commit()
        except psycopg.Error as error:
            db.close()
            raise MachineError(f"PostgreSQL refuses the schema: {first_line(error)}", "store = Postgres(…)") from None
        except BaseException:
            db.close()
            raise

    def _connected(self) -> "psycopg.Connection[Row]":
        if self._db is None or self._db.closed:
            self._db = None
            try:
                db = connect(self._url)
                held = _held(db)
                db.commit()
            except psycopg.Error as error:
                raise ConnectionLost(first_line(error)) from None
            if not held:  # the server may not have noticed yet that the connection before this one is gone
                db.close()
                raise ConnectionLost("another process has the machine")
            self._db = db
        return self._db

    def close(self) -> None:
        if self._db is not None:
            with suppress(psycopg.Error):  # it is gone, and what it held with it
                self._db.execute(UNLOCK_SQL)  # the server may take its time to notice that nobody is there any more
        self.drop()


def _held(db: "psycopg.Connection[Any]") -> bool:
    row = db.execute(LOCK_SQL).fetchone()
    return bool(row and row["held"])


def read_rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query, read beside whoever has the machine. Raises `DatabaseError`."""
    try:
        with psycopg.connect(url) as db:
            return db.execute(sql.encode()).fetchall()
    except psycopg.Error as error:
        raise DatabaseError(first_line(error)) from None
