"""The tables of a database: those of the author, and fasm's own with the machine they belong to and its journal.

The names of fasm's tables begin with `fasm_`. `fasm_state` holds the fields of the state that are in no table of the
author's, and the number of the last committed step; `fasm_meta` the machine; `fasm_outbox` the actions of committed
steps that are not finished (transactional outbox); `fasm_idempotency` the keys of accepted inputs, with their steps;
`fasm_journal` the committed events, if `history` is on.
"""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from fasm_cli.contract.database import DatabaseError, Table, Tables
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError, SessionError
from fasm_cli.stores.transaction import Connection, QueryResult
from fasm_cli.types.description import TypeChange, Types, fingerprint, is_description, summarize, type_changes
from fasm_cli.types.plain import ordered_text

PREFIX = "fasm_"
STATE_TABLE = (
    "CREATE TABLE fasm_state (singleton INTEGER PRIMARY KEY, version BIGINT NOT NULL, state_json TEXT NOT NULL)"
)
SCHEMA = f"""
{STATE_TABLE};
CREATE TABLE fasm_meta (
    singleton INTEGER PRIMARY KEY, machine TEXT NOT NULL, version INTEGER NOT NULL, types TEXT NOT NULL
);
CREATE TABLE fasm_outbox (step BIGINT, position INTEGER, id TEXT, action TEXT NOT NULL, PRIMARY KEY (step, position));
CREATE INDEX fasm_outbox_id ON fasm_outbox (id);
CREATE TABLE fasm_idempotency (input_key TEXT PRIMARY KEY, step BIGINT NOT NULL);
CREATE INDEX fasm_idempotency_step ON fasm_idempotency (step);
CREATE TABLE fasm_journal (step BIGINT PRIMARY KEY, event TEXT NOT NULL, actions TEXT NOT NULL);
"""
READ_JOURNAL = "SELECT machine, step, event, actions FROM fasm_meta LEFT JOIN fasm_journal ON true ORDER BY step"
_MIGRATE = "`fasm migrate TARGET --db URL` migrates it"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Which machine a database belongs to. `types` is empty if the database was written before types were described;
    then it has only their `fingerprint`."""

    machine: str
    version: int
    fingerprint: str
    types: Types

    @classmethod
    def read(cls, connection: Connection) -> "Metadata":
        (row,) = connection.execute("SELECT machine, version, types FROM fasm_meta", ()).rows
        text = row["types"]
        types = json.loads(text) if text.startswith("[") else []
        if not is_description(types):
            raise SessionError("the types in table fasm_meta of the database were edited and cannot be read")
        return cls(row["machine"], row["version"], fingerprint(types) if types else text, types)

    def check_machine(self, machine: Machine) -> None:
        """Raises `SessionError` if the database belongs to another machine, or to a later version."""
        if self.machine != machine.name:
            raise SessionError(f"the database holds the state of {self.machine}, not of {machine.name}")
        if self.version > machine.version:
            raise SessionError(
                f"the database holds {self.machine} version {self.version}, and this is version {machine.version}, "
                "which is older",
                f"use the machine of version {self.version}",
            )

    def is_compatible(self, machine: Machine) -> bool:
        """Whether the database was written by this version of `machine`, with the same types."""
        same = not self.changes(machine) if self.types else self.fingerprint == machine.fingerprint
        return same and self.version == machine.version

    def check(self, machine: Machine) -> None:
        """Raises `SessionError` if `machine` cannot use the database as it is."""
        self.check_machine(machine)
        if self.is_compatible(machine):
            return
        types = summarize(self.changes(machine))
        changed = f": {types}" if types else ""
        if self.version != machine.version:
            held = f"the database holds {machine.name} version {self.version}, and this is version {machine.version}"
            raise SessionError(f"{held}{changed}", _MIGRATE)
        raise SessionError(
            f"the types of {machine.name} have changed since the database was written{changed}", _MIGRATE
        )

    def changes(self, machine: Machine) -> list[TypeChange]:
        """The types that differ, as far as the database describes them."""
        return type_changes(self.types, machine.types) if self.types else []


def write_metadata(connection: Connection, machine: Machine) -> None:
    """Record that the database belongs to `machine` as it is now."""
    connection.execute("DELETE FROM fasm_meta", ())
    values = machine.name, machine.version, ordered_text(machine.types)
    connection.execute("INSERT INTO fasm_meta VALUES (1, ?, ?, ?)", values)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A committed event and the actions it emitted, as plain data. The first entry is the state of the machine when
    the journal began."""

    step: int
    event: dict[str, Any]
    actions: list[Any]


def read_entries(machine: Machine, rows: list[tuple[Any, ...]], label: str) -> list[JournalEntry]:
    """The journal in `rows`, the result of `READ_JOURNAL`, since the last migration. `label` is the redacted URL.

    Raises `SessionError` if there is no journal of `machine`.
    """
    if not rows or rows[0][0] != machine.name:
        raise SessionError(f"{label} holds the state of {rows[0][0] if rows else 'nothing'}, not of {machine.name}")
    if rows[0][1] is None:
        raise SessionError(f"{label} has no history", "give --history to `fasm run`")
    entries = [JournalEntry(step, json.loads(event), json.loads(actions)) for _, step, event, actions in rows]
    begin = max(index for index, entry in enumerate(entries) if entry.event.get("type") == "state")
    return entries[begin:]


# --- the author's tables ------------------------------------------------------------------------------------------


class TableConnection(ABC):
    """The part of a connection that reads and replaces the author's tables.

    `_tables`: name, columns and columns of the primary key of each, so that a row is inserted after those it refers to.
    """

    _tables: list[tuple[str, list[str], list[str]]]

    @abstractmethod
    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult: ...

    @abstractmethod
    def rollback(self) -> None: ...

    @abstractmethod
    def _table(self, name: str, columns: list[str], key: list[str]) -> Table: ...

    def tables(self) -> Tables:
        return Tables.of({name: self._table(name, columns, key) for name, columns, key in self._tables})

    def load(self, tables: Tables) -> None:
        self.rollback()
        self._begin_load()
        known = [name for name, *_ in self._tables]
        for name in tables.by_name:
            if name not in known:
                raise DatabaseError(f"there is no table {name!r}; the schema has {', '.join(known) or 'none'}")
        for name in reversed(known):
            self.execute(f"DELETE FROM {quote_identifier(name)}", ())
        for name in known:
            for row in tables.by_name[name].rows.values() if name in tables.by_name else ():
                columns, values = ", ".join(map(quote_identifier, row)), ", ".join("?" * len(row))
                insert = f"INSERT INTO {quote_identifier(name)} ({columns}) VALUES ({values})"
                self.execute(insert, tuple(row.values()))

    def _begin_load(self) -> None:
        """Raises `DatabaseError` if the database holds a state; a scratch database removes it instead."""
        if self.execute("SELECT version FROM fasm_state", ()).rows:
            raise DatabaseError("the database holds a state already")


def check_key(table: str, key: list[str]) -> None:
    """Raises `MachineError` if a table has no primary key."""
    if not key:
        raise MachineError(f"the table {table} has no primary key", "add one: rows are identified by it")


def quote_identifier(name: str) -> str:
    """`name` as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'
