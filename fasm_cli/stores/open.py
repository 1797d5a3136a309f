"""Opens the store that a URL names: a scratch one for an engine, or the durable one of a machine in production.

`sqlite:///FILE`, `sqlite://` (in memory) and `postgresql://…` are the URLs. The module of a database is imported when
its URL is used, because SQLite costs start-up time and psycopg is an optional dependency.
"""

import os
import re
import weakref
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from fasm_cli.contract.database import DatabaseError, redact_url
from fasm_cli.engine.coroutines import Runner, run_coroutine
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.store import Store
from fasm_cli.errors import MachineError, SessionError, UsageError
from fasm_cli.types.codec import DecodeError

if TYPE_CHECKING:
    from fasm_cli.stores.state_store import DurableStore
    from fasm_cli.stores.tables import JournalEntry
    from fasm_cli.stores.transaction import Connection


class Backend(Protocol):
    """A module for one kind of database. `IN_PROCESS`: a statement needs no network round trip."""

    IN_PROCESS: bool

    def file_of(self, url: str) -> Path | None:
        """The file that holds the database at `url`, if there is one."""
        ...

    def connect(self, url: str, schema: str = "") -> "Connection":
        """A connection to the durable database at `url`, which is created with `schema` if it does not exist. Raises
        `UsageError` for the URL, and `SessionError` if there is no database and no schema, or it is locked."""
        ...

    def read_rows(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query. It neither locks nor writes the database. Raises `DatabaseError`."""
        ...

    def connect_scratch(self, url: str, schema: str, name: str) -> "Connection":
        """A connection to a new, empty scratch database, which is removed when the connection is closed."""
        ...

    def scratch_names(self, url: str) -> list[str]:
        """The names of all databases beside the one at `url`; an empty list if they cannot be read."""
        ...

    def remove_scratch(self, url: str, name: str) -> None: ...


def backend_of(url: str) -> Backend:
    """The module of the database that `url` names. Raises `UsageError`."""
    match urlsplit(url).scheme:
        case "sqlite":
            from fasm_cli.stores import sqlite

            return sqlite
        case "postgresql" | "postgres":
            try:
                from fasm_cli.stores import postgres
            except ImportError as error:
                raise UsageError(f"PostgreSQL needs psycopg: {error}", "pip install 'fasm-cli[postgres]'") from None
            return postgres
    raise _no_store(url)


def file_of(url: str) -> Path | None:
    """The file of `sqlite:///FILE`; None if the state is not in a file. Raises `UsageError`."""
    return backend_of(url).file_of(url)


def engine_for(machine: Machine, url: str = "") -> Engine:
    """The engine of `machine`, with its states in scratch databases at `url`, or else at the machine's own URL, or
    else in memory. Raises `UsageError` for the URL and `MachineError` for the schema."""
    runner: Runner = run_coroutine
    if machine.has_awaitable_state:
        from fasm_cli.stores.transaction import AwaitPolicy

        runner = AwaitPolicy().run
    url = url or (machine.store.url if machine.store is not None else "")
    if not url:
        return Engine(machine, None, runner)
    engine = Engine(machine, ScratchFactory(_schema_of(machine), backend_of(url), url), runner)
    try:
        engine.initial()
    except DecodeError as wrong:
        raise MachineError(f"{machine.name}: initial() gives a state that cannot be stored: {wrong}") from None
    return engine


def open_durable(machine: Machine, url: str, *, history: bool = False) -> "DurableStore":
    """The durable store of `machine` at `url`; a database that does not exist is created. With `history`, it keeps a
    journal. Raises `UsageError` for the URL, `SessionError` for a database that does not fit the machine."""
    from fasm_cli.stores.state_store import DurableStore
    from fasm_cli.stores.tables import SCHEMA

    backend = backend_of(url)
    connection = backend.connect(url, f"{SCHEMA}\n{_schema_of(machine)}")
    try:
        return DurableStore(machine, connection, history=history, in_process=backend.IN_PROCESS)
    except BaseException:
        connection.close()
        raise


def read_journal(machine: Machine, url: str) -> "list[JournalEntry]":
    """The journal of `machine` at `url` since its last migration. Neither locks nor writes the database. Raises
    `UsageError` for the URL and `SessionError` if there is no journal."""
    from fasm_cli.stores.tables import READ_JOURNAL, read_entries

    label, backend = redact_url(url), backend_of(url)
    if backend.IN_PROCESS and backend.file_of(url) is None:  # a state in memory is gone with its process
        raise _no_store(url)
    try:
        rows = backend.read_rows(url, READ_JOURNAL)
    except DatabaseError as error:
        raise SessionError(f"cannot read {label}: {error}", f"`fasm run --db {label}` creates it") from None
    return read_entries(machine, rows, label)


def _schema_of(machine: Machine) -> str:
    return machine.store.schema if machine.store is not None else ""


def _no_store(url: str) -> UsageError:
    hint = "write sqlite:///FILE, sqlite:// for one in memory, or postgresql://…"
    return UsageError(f"no store {redact_url(url)!r}", hint)


# --- scratch databases: made as they are needed, reused, and removed afterwards --------------------------------------


class ScratchFactory:
    """Opens stores in scratch databases of one schema. Each open store has a database of its own; databases are
    reused.

    The database at the URL itself is never touched. The databases of a process that was killed are removed by the next
    process on the same computer that ends.
    """

    def __init__(self, schema: str, backend: Backend, url: str) -> None:
        self._schema = schema
        self._backend, self._url = backend, url
        self._pool = _Pool(backend, url)
        weakref.finalize(self, self._pool.shut_down)

    def open(self, machine: Machine, state: Any) -> Store:
        """A store with `state` committed. Raises `DecodeError` if the database refuses it."""
        from fasm_cli.stores.state_store import SnapshotStore
        from fasm_cli.stores.tables import STATE_TABLE

        pool = self._pool
        connection = pool.acquire()
        if connection is None:
            name = f"fasm_scratch_{_hostname()}_{next(_numbers)}_{os.getpid()}"
            connection = self._backend.connect_scratch(self._url, f"{STATE_TABLE};\n{self._schema}", name)
        try:
            store = SnapshotStore(machine, connection, state)
        except BaseException:
            pool.release(connection, os.getpid())
            raise
        weakref.finalize(store, pool.release, connection, os.getpid())
        return store

    def close(self) -> None:
        """Remove every database that no store uses."""
        self._pool.close()


class _Pool:
    """Connections that no store uses now. A forked process keeps those of its parent, but never uses or closes them."""

    def __init__(self, backend: Backend, url: str) -> None:
        self._backend, self._url = backend, url
        self._process = os.getpid()
        self._free: list[Connection] = []
        self._of_parent: list[Connection] = []
        self._shut_down = False

    def acquire(self) -> "Connection | None":
        """A free connection, or None."""
        if self._process != os.getpid():
            self._process, self._of_parent, self._free = os.getpid(), self._free, []
        return self._free.pop() if self._free else None

    def release(self, connection: "Connection", process: int) -> None:
        """Take back a connection that was opened in `process`."""
        if process != os.getpid():
            self._of_parent.append(connection)
        elif self._shut_down:
            connection.close()
        else:
            self._free.append(connection)

    def close(self) -> None:
        """Close the free connections, and remove the databases of processes that no longer run."""
        while (connection := self.acquire()) is not None:
            connection.close()
        for name in self._backend.scratch_names(self._url):
            owner = re.match(rf"fasm_scratch_{_hostname()}_\d+_(\d+)", name)
            if owner is not None and not _pid_alive(int(owner[1])):
                self._backend.remove_scratch(self._url, name)

    def shut_down(self) -> None:
        self._shut_down = True
        self.close()


_numbers = count(1)  # of the databases of this process


def _hostname() -> str:
    import platform  # costs a millisecond, which a start without a database saves

    return re.sub(r"\W", "_", platform.node().lower())[:20]


def _pid_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
