"""Where the state of a machine that runs for real is: the database at a URL, opened once for as long as it runs."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fasm_cli.core.database import without_password
from fasm_cli.core.errors import SessionError, UsageError
from fasm_cli.core.machine import Machine
from fasm_cli.state.backend import URLS
from fasm_cli.state.durable import SCHEMA, Durable
from fasm_cli.state.sqlite import MEMORY, SqliteConnection


def open_durable(machine: Machine, url: str, *, history: bool = False) -> Durable:
    """The state of `machine` at `url`, which is made where it is not there. Raises `UsageError` for the URL and
    `SessionError` for what stands there."""
    schema = f"{SCHEMA}\n{machine.store.schema if machine.store is not None else ''}"
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        file = file_of(url)
        return Durable(machine, _sqlite(MEMORY if file is None else str(file), schema), history=history)
    if scheme in ("postgresql", "postgres"):
        try:
            from fasm_cli.state.open_postgres import OpenPostgres
        except ImportError as error:
            raise UsageError(f"PostgreSQL needs psycopg: {error}", "pip install 'fasm-cli[postgres]'") from None
        return Durable(machine, OpenPostgres(schema, url), history=history)
    raise UsageError(f"no store {without_password(url)!r}", URLS)


def file_of(url: str) -> Path | None:
    """The file of `sqlite:///file`; None where the state is in no file."""
    path = unquote(urlsplit(url).path).removeprefix("/") if url.startswith("sqlite:///") else ""
    return Path(path) if path else None


def _sqlite(path: str, schema: str) -> SqliteConnection:
    try:
        return OpenSqlite("" if _is_there(path) else f"BEGIN IMMEDIATE;\n{schema};\nCOMMIT;", path)
    except sqlite3.Error as error:
        raise SessionError(f"cannot open {path}: {error}") from None


def _is_there(path: str) -> bool:
    if path == MEMORY:
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


class OpenSqlite(SqliteConnection):
    """A database that is kept: what is committed is on the disk, and others may read it meanwhile."""

    def _connect(self) -> sqlite3.Connection:
        db = super()._connect()
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        return db

    def close(self) -> None:
        self._db.close()


@dataclass(frozen=True, slots=True)
class Past:
    """One row of the history: a committed event and what it emitted, as plain data. The first is the state that the
    history begins with."""

    step: int
    event: dict[str, Any]
    actions: list[Any]


def read_history(machine: Machine, url: str) -> list[Past]:
    """The history of `machine` at `url`, which may be running. Raises `UsageError` for the URL and `SessionError` where
    there is none."""
    shown = without_password(url)
    try:
        rows = _history_rows(url)
    except _database_errors() as error:
        raise SessionError(
            f"cannot read {shown}: {str(error).partition(chr(10))[0]}", f"`fasm run --db {shown}` makes it"
        ) from None
    if not rows or rows[0][0] != machine.name:
        raise SessionError(f"{shown} holds the state of {rows[0][0] if rows else 'nothing'}, not of {machine.name}")
    if rows[0][1] is None:
        raise SessionError(f"{shown} has no history", "give --history to `fasm run`")
    return [Past(step, json.loads(event), json.loads(actions)) for _, step, event, actions in rows]


_HISTORY = "SELECT machine, step, event, actions FROM fasm_about LEFT JOIN fasm_history ON true ORDER BY step"


def _history_rows(url: str) -> list[tuple[str, Any, Any, Any]]:
    file = file_of(url)
    if file is not None:
        db = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return db.execute(_HISTORY).fetchall()
        finally:
            db.close()
    if urlsplit(url).scheme in ("postgresql", "postgres"):
        import psycopg

        with psycopg.connect(url) as server:
            return server.execute(_HISTORY).fetchall()
    raise UsageError(f"no store {without_password(url)!r}", URLS)


def _database_errors() -> tuple[type[Exception], ...]:
    try:
        import psycopg
    except ImportError:
        return (sqlite3.Error,)
    return (sqlite3.Error, psycopg.Error)
