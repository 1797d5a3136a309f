"""Opens the store that a URL names: a scratch one for an engine, or the durable one of a machine in production.

`sqlite:///FILE`, `sqlite://` (in memory) and `postgresql://…` are the URLs. The module of a database is imported when
its URL is used, because SQLite costs start-up time and psycopg is an optional dependency.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fasm_cli.contract.database import DatabaseError, redact_url
from fasm_cli.engine.coroutines import Runner, run_coroutine
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError, SessionError, UsageError
from fasm_cli.types.codec import DecodeError

if TYPE_CHECKING:
    from fasm_cli.stores.scratch import Backend
    from fasm_cli.stores.state_store import DurableStore
    from fasm_cli.stores.tables import JournalEntry


def backend_of(url: str) -> "Backend":
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
    from fasm_cli.stores.scratch import ScratchFactory

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
