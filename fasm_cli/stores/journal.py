"""The history that a machine keeps while it runs for real, read beside it: nothing is locked and nothing written."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from fasm_cli.contract.database import DatabaseError, redact_url
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import SessionError
from fasm_cli.stores.urls import Backend, backend_of, file_of, no_store, require_psycopg

ALL = "SELECT machine, step, event, actions FROM fasm_about LEFT JOIN fasm_history ON true ORDER BY step"
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A committed event and what it emitted, as plain data. The first of a history is the state that it begins with."""

    step: int
    event: dict[str, Any]
    actions: list[Any]


def read_history(machine: Machine, url: str) -> list[JournalEntry]:
    """The history of `machine` at `url`, since it was migrated last where it ever was. Raises `UsageError` for the URL
    and `SessionError` where there is none."""
    shown = redact_url(url)
    try:
        rows = _rows(url)
    except DatabaseError as error:
        raise SessionError(f"cannot read {shown}: {error}", f"`fasm run --db {shown}` makes it") from None
    if not rows or rows[0][0] != machine.name:
        raise SessionError(f"{shown} holds the state of {rows[0][0] if rows else 'nothing'}, not of {machine.name}")
    if rows[0][1] is None:
        raise SessionError(f"{shown} has no history", "give --history to `fasm run`")
    past = [JournalEntry(step, json.loads(event), json.loads(actions)) for _, step, event, actions in rows]
    begins = max(at for at, each in enumerate(past) if each.event.get("type") == "state")
    return past[begins:]


def _rows(url: str) -> Rows:
    """Raises `DatabaseError`."""
    if backend_of(url) is Backend.POSTGRES:
        with require_psycopg():
            from fasm_cli.stores.postgres_database import read_rows
        return read_rows(url, ALL)
    file = file_of(url)
    if file is None:
        raise no_store(url)  # a state in memory is gone with its process
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return db.execute(ALL).fetchall()
    except sqlite3.Error as error:
        raise DatabaseError(str(error)) from None
