"""States in SQLite, with the standard library's module. Transactions begin and end here and nowhere else."""

import glob
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fasm_cli.contract.database import ConstraintError, DatabaseError, Row, SerializationConflict, Table
from fasm_cli.errors import MachineError, SessionError, UsageError
from fasm_cli.stores.tables import PREFIX, TableConnection, check_key, quote_identifier
from fasm_cli.stores.transaction import QueryResult

_STORABLE = (type(None), int, float, str, bytes, bool)
_STORABLE_TYPES = frozenset(_STORABLE)
MEMORY = ":memory:"
IN_PROCESS = True


class SqliteConnection(TableConnection):
    """A connection to the database in the file `path`. What is committed is on the disk, and others may read it
    meanwhile. `:memory:` is a database that lives as long as this object."""

    def __init__(self, schema: str, path: str = MEMORY) -> None:
        """Execute `schema`, unless it is empty. Raises `MachineError` if SQLite refuses it, `UsageError` if the file
        cannot be opened, `SessionError` if it is locked or not a database."""
        self._path = path
        self._in_transaction = False
        self._db = self._connect()
        try:
            self._db.executescript(schema)
            self._tables = list(_introspect(self._db))
        except MachineError:
            self._db.close()
            raise
        except sqlite3.Error as error:
            self._db.close()
            raise MachineError(f"SQLite refuses the schema: {error}", "store = Sqlite(schema=…)") from None

    def _connect(self) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise UsageError(
                f"cannot open {self._path}: {error}", "sqlite:///FILE needs a folder to write in"
            ) from None
        try:
            db.execute("PRAGMA foreign_keys = ON")
            self._configure(db)
        except sqlite3.Error as error:
            db.close()
            raise SessionError(f"cannot open {self._path}: {error}") from None
        return db

    def _configure(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")

    @property
    def changes(self) -> int:
        return self._db.total_changes

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult:
        for value in args:
            if type(value) not in _STORABLE_TYPES:
                raise _not_storable(value)
        try:
            if not self._in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
                self._in_transaction = True
            cursor = self._db.execute(sql, args)
            count = max(cursor.rowcount, 0)
            if cursor.description is None:
                return QueryResult([], count)
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
            raise _translate_error(error) from None
        names = [column[0] for column in cursor.description]
        return QueryResult([dict(zip(names, row, strict=True)) for row in rows], count)

    def _table(self, name: str, columns: list[str], key: list[str]) -> Table:
        rows: dict[Any, Row] = {}
        at = [columns.index(each) for each in key]
        order = ", ".join(map(quote_identifier, key))
        for row in self._db.execute(f"SELECT * FROM {quote_identifier(name)} ORDER BY {order}"):
            rows[row[at[0]] if len(at) == 1 else tuple(row[index] for index in at)] = dict(
                zip(columns, row, strict=True)
            )
        return Table(tuple(key), rows)

    def commit(self) -> None:
        if self._in_transaction:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error as error:  # a deferred constraint
                raise _translate_error(error) from None
            self._in_transaction = False

    def rollback(self) -> None:
        if self._in_transaction:
            self._in_transaction = False
            with suppress(sqlite3.OperationalError):  # SQLite may have rolled back by itself
                self._db.execute("ROLLBACK")

    def drop(self) -> None:
        self.rollback()
        image = self._db.serialize() if self._path == MEMORY else b""
        self._db.close()
        self._db = self._connect()
        if image:
            self._db.deserialize(image)

    def _begin_load(self) -> None:
        super()._begin_load()
        self._db.execute("PRAGMA defer_foreign_keys = ON")

    def close(self) -> None:
        self._db.close()


class ScratchSqliteConnection(SqliteConnection):
    """A connection to a scratch database, which `close` removes."""

    def _configure(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA synchronous = OFF")  # a scratch database need not survive a power failure

    def _begin_load(self) -> None:
        self.execute("DELETE FROM fasm_state", ())
        self._db.execute("PRAGMA defer_foreign_keys = ON")

    def close(self) -> None:
        super().close()
        if self._path != MEMORY:
            Path(self._path).unlink(missing_ok=True)


def file_of(url: str) -> Path | None:
    path = unquote(urlsplit(url).path).removeprefix("/")
    return Path(path) if path else None


def connect(url: str, schema: str = "") -> SqliteConnection:
    path = str(file_of(url) or MEMORY)
    exists = _holds_state(path)
    if not exists and not schema:
        raise SessionError(f"no machine has run at {path}", "`fasm run` creates the database")
    return SqliteConnection("" if exists else f"BEGIN IMMEDIATE;\n{schema};\nCOMMIT;", path)


def _holds_state(path: str) -> bool:
    """Whether there is a durable database in the file `path`; False if the file is missing or empty. Raises
    `SessionError` if the file is something else."""
    if path == MEMORY or not Path(path).exists():
        return False
    with closing(sqlite3.connect(path)) as db:
        try:
            names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
        except sqlite3.DatabaseError as error:
            hint = "give the file of a SQLite database, or a new one"
            raise SessionError(f"cannot open {path}: {error}", hint) from None
    if names and "fasm_state" not in names:
        raise SessionError(f"{path} is a database that no machine has made", "give a file of its own")
    return bool(names)


def read_rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    file = (file_of(url) or Path()).absolute()
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()
    except sqlite3.Error as error:
        raise DatabaseError(str(error)) from None


def connect_scratch(url: str, schema: str, name: str) -> ScratchSqliteConnection:
    file = file_of(url)
    return ScratchSqliteConnection(schema, MEMORY if file is None else f"{file}.{name}")


def scratch_names(url: str) -> list[str]:
    file = file_of(url)
    return [] if file is None else [path.suffix[1:] for path in file.parent.glob(f"{glob.escape(file.name)}.*")]


def remove_scratch(url: str, name: str) -> None:
    Path(f"{file_of(url)}.{name}").unlink(missing_ok=True)


def _introspect(db: sqlite3.Connection) -> Iterator[tuple[str, list[str], list[str]]]:
    """The author's tables: name, columns, columns of the primary key. Raises `MachineError` if there is no key."""
    names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid").fetchall()
    for (name,) in names:
        if not name.startswith(("sqlite_", PREFIX)):
            columns = db.execute(f"PRAGMA table_info({quote_identifier(name)})").fetchall()
            key = [column[1] for column in sorted(columns, key=lambda column: int(column[5])) if column[5]]
            check_key(name, key)
            yield name, [column[1] for column in columns], key


def _not_storable(value: Any) -> DatabaseError:
    known = ", ".join("None" if kind is type(None) else kind.__name__ for kind in _STORABLE)
    return DatabaseError(f"SQLite stores {known}, not a {type(value).__name__}: {value!r}")


def _translate_error(error: Exception) -> DatabaseError:
    if isinstance(error, sqlite3.IntegrityError):
        return ConstraintError(str(error))
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return SerializationConflict(str(error))
    return DatabaseError(str(error))
