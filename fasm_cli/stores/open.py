"""Where the state of a machine that runs for real is: the database at a URL, opened once for as long as it runs."""

import sqlite3
from pathlib import Path

from fasm_cli.engine.machine import Machine
from fasm_cli.errors import SessionError
from fasm_cli.stores.durable_store import SCHEMA, DurableStore
from fasm_cli.stores.sqlite import MEMORY, SqliteConnection
from fasm_cli.stores.state_row import ResettableConnection
from fasm_cli.stores.urls import Backend, backend_of, file_of, missing_database, require_psycopg


def open_durable(machine: Machine, url: str, *, history: bool = False) -> DurableStore:
    """The state of `machine` at `url`, which is made where it is not there. Raises `UsageError` for the URL and
    `SessionError` for what stands there."""
    schema = f"{SCHEMA}\n{machine.store.schema if machine.store is not None else ''}"
    connection = connect(url, schema)
    try:
        return DurableStore(machine, connection, history=history, near=backend_of(url) is Backend.SQLITE)
    except BaseException:
        connection.close()
        raise


def connect(url: str, schema: str = "") -> ResettableConnection:
    """A connection to the database at `url`, made by `schema` where there is none. Raises as `open_durable` does."""
    if backend_of(url) is Backend.SQLITE:
        file = file_of(url)
        return _sqlite(MEMORY if file is None else str(file), schema)
    with require_psycopg():
        from fasm_cli.stores.postgres_database import PostgresDatabase
    return PostgresDatabase(schema, url)


def _sqlite(path: str, schema: str) -> SqliteConnection:
    there = _exists(path)
    if not there and not schema:
        raise missing_database(path)
    try:
        return SqliteDatabase("" if there else f"BEGIN IMMEDIATE;\n{schema};\nCOMMIT;", path)
    except sqlite3.Error as error:
        raise SessionError(f"cannot open {path}: {error}") from None


def _exists(path: str) -> bool:
    if path == MEMORY or not Path(path).exists():
        return False
    db = sqlite3.connect(path)
    try:
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
    except sqlite3.DatabaseError as error:
        raise SessionError(f"cannot open {path}: {error}", "give the file of a SQLite database, or a new one") from None
    finally:
        db.close()
    if names and "fasm_state" not in names:
        raise SessionError(f"{path} is a database, and not one of a machine", "give a file of its own")
    return bool(names)


class SqliteDatabase(SqliteConnection):
    """A database that is kept: what is committed is on the disk, and others may read it meanwhile."""

    def _connect(self) -> sqlite3.Connection:
        db = super()._connect()
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        return db

    def close(self) -> None:
        self._db.close()
