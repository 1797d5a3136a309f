"""State in SQLite, by the standard library: transactions are begun and ended here and nowhere else."""

import glob
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from fasm_cli.contract.database import ConstraintError, DatabaseError, Row, SerializationConflict, Table, Tables
from fasm_cli.engine.transaction import QueryResult
from fasm_cli.errors import MachineError, UsageError
from fasm_cli.stores.urls import file_of

STORED = (type(None), int, float, str, bytes, bool)
_STORED = frozenset(STORED)
MEMORY = ":memory:"


class SqliteConnection:
    """One connection; `path` is a file, or `:memory:` for a database that lives as long as this object."""

    def __init__(self, schema: str, path: str = MEMORY) -> None:
        """Raises `MachineError` where SQLite does not take the schema."""
        self._path = path
        self._open = False
        self._db = self._connect()
        try:
            self._db.executescript(schema)
            self._tables = list(_described(self._db))
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
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = OFF")  # the computer does not crash here, only processes, and those in play
        return db

    @property
    def changes(self) -> int:
        return self._db.total_changes

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult:
        for value in args:
            if type(value) not in _STORED:
                raise _not_stored(value)
        try:
            if not self._open:
                self._db.execute("BEGIN IMMEDIATE")
                self._open = True
            cursor = self._db.execute(sql, args)
            count = max(cursor.rowcount, 0)
            if cursor.description is None:
                return QueryResult([], count)
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
            raise _translate_error(error) from None
        names = [column[0] for column in cursor.description]
        return QueryResult([dict(zip(names, row, strict=True)) for row in rows], count)

    def tables(self) -> Tables:
        return Tables.of({name: self._table(name, *about) for name, *about in self._tables})

    def _table(self, name: str, columns: list[str], key: list[str]) -> Table:
        rows: dict[Any, Row] = {}
        at = [columns.index(each) for each in key]
        for row in self._db.execute(f"SELECT * FROM {quoted(name)} ORDER BY {', '.join(map(quoted, key))}"):
            rows[row[at[0]] if len(at) == 1 else tuple(row[place] for place in at)] = dict(
                zip(columns, row, strict=True)
            )
        return Table(tuple(key), rows)

    def commit(self) -> None:
        if self._open:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error as error:  # a deferred constraint
                raise _translate_error(error) from None
            self._open = False

    def rollback(self) -> None:
        if self._open:
            self._open = False
            with suppress(sqlite3.OperationalError):  # SQLite may have rolled back by itself
                self._db.execute("ROLLBACK")

    def drop(self) -> None:
        self.rollback()
        image = self._db.serialize() if self._path == MEMORY else b""
        self._db.close()
        self._db = self._connect()
        if image:
            self._db.deserialize(image)

    def load(self, tables: Tables) -> None:
        self.rollback()
        known = [name for name, *_ in self._tables]
        for name in tables.by_name:
            if name not in known:
                raise DatabaseError(f"there is no table {name!r}; the schema has {', '.join(known) or 'none'}")
        self.execute("DELETE FROM fasm_state", ())
        self._db.execute("PRAGMA defer_foreign_keys = ON")
        for name in known:
            self._db.execute(f"DELETE FROM {quoted(name)}")
        for name in known:
            for row in tables.by_name[name].rows.values() if name in tables.by_name else ():
                places = ", ".join("?" * len(row))
                sql = f"INSERT INTO {quoted(name)} ({', '.join(map(quoted, row))}) VALUES ({places})"
                self.execute(sql, tuple(row.values()))

    def close(self) -> None:
        self._db.close()
        if self._path != MEMORY:
            Path(self._path).unlink(missing_ok=True)


class SqliteScratch:
    """Scratch databases at a URL: in memory, or in files beside the one it names."""

    def __init__(self, url: str) -> None:
        self._path = file_of(url)

    def connect(self, schema: str, name: str) -> SqliteConnection:
        """A new, empty database that is called `name`, which ends in the number of this process."""
        return SqliteConnection(schema, MEMORY if self._path is None else f"{self._path}.{name}")

    def names(self) -> list[str]:
        """The databases that are there."""
        if self._path is None:
            return []
        return [path.suffix.removeprefix(".") for path in self._path.parent.glob(f"{glob.escape(self._path.name)}.*")]

    def remove(self, name: str) -> None:
        Path(f"{self._path}.{name}").unlink(missing_ok=True)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _described(db: sqlite3.Connection) -> Any:
    """Each table of the author's, with its columns and those of its primary key. Raises `MachineError`."""
    found = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid").fetchall()
    for (name,) in found:
        if not name.startswith(("sqlite_", "fasm_")):
            columns = db.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
            key = [column[1] for column in sorted(columns, key=lambda column: int(column[5])) if column[5]]
            if not key:
                raise MachineError(f"the table {name} has no primary key", "its rows could not be told apart: add one")
            yield name, [column[1] for column in columns], key


def _not_stored(value: Any) -> DatabaseError:
    known = ", ".join("None" if kind is type(None) else kind.__name__ for kind in STORED)
    return DatabaseError(f"SQLite stores {known}, not a {type(value).__name__}: {value!r}")


def _translate_error(error: Exception) -> DatabaseError:
    if isinstance(error, sqlite3.IntegrityError):
        return ConstraintError(str(error))
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return SerializationConflict(str(error))
    return DatabaseError(str(error))
