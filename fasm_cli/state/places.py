"""Where the state of a machine that runs for real is: the database at a URL, opened once for as long as it runs."""

import sqlite3
from pathlib import Path
from urllib.parse import unquote, urlsplit

from fasm_cli.core.errors import SessionError, UsageError
from fasm_cli.core.machine import Machine
from fasm_cli.state.backend import URLS
from fasm_cli.state.durable import SCHEMA, Durable
from fasm_cli.state.sqlite import MEMORY, SqliteConnection


def open_durable(machine: Machine, url: str, *, history: bool = False) -> Durable:
    """The state of `machine` at `url`, which is made where it is not there. Raises `UsageError` for the URL and
    `SessionError` for what stands there."""
    schema = f"{SCHEMA}\n{machine.store.schema if machine.store is not None else ''}"
    if not url.startswith("sqlite://"):
        raise UsageError(f"no store {url!r}", URLS)
    file = file_of(url)
    return Durable(machine, _sqlite(MEMORY if file is None else str(file), schema), history=history)


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
