"""Stores a state in a database: its tables, and its other fields in one row beside them, in the same transaction.

Optimistic concurrency (Kung & Robinson 1981): each commit executes `UPDATE … WHERE version = <the version read>`. If
that writes no row, another process has committed first.
"""

import json
from collections.abc import Callable
from typing import Any

from fasm_cli.contract.database import ConnectionLost, SerializationConflict, Tables
from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.coroutines import Runner
from fasm_cli.engine.machine import Machine
from fasm_cli.stores.transaction import Connection, Transaction
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import ordered_text
from fasm_cli.types.schema import RecordSchema


class StateRow:
    """The part of a store that reads and writes the row. A subclass opens a `_transaction` and sets `run`, `working`
    and `committed`."""

    fix: Callable[[Action], Action] | None = None
    run: Runner
    working: Any
    committed: Any
    _transaction: Transaction

    def __init__(self, machine: Machine, connection: Connection) -> None:
        self._machine = machine
        self._connection = connection
        self._copy = machine.copiers.of(machine.state_schema)
        self._row_schema = machine.state_schema  # of the fields that are in the row
        if isinstance(machine.state_schema, RecordSchema) and machine.database:
            fields = tuple(field for field in machine.state_schema.fields if field.name != machine.database)
            self._row_schema = RecordSchema(
                machine.state_schema.annotation, cls=machine.state_schema.cls, fields=fields
            )
        self._has_fields = not isinstance(self._row_schema, RecordSchema) or bool(self._row_schema.fields)
        self.version = 0  # the number of the last commit
        self._row = ""  # the fields as JSON, as they were committed then

    def begin(self) -> Any:
        return self.working

    def reload(self) -> None:
        self._connection.drop()
        self._transaction.rollback()
        self._read()

    def _read(self) -> None:
        """Read the committed state from the database."""
        raise NotImplementedError

    # --- the row ----------------------------------------------------------------------------------------------

    def _insert(self, state: Any) -> None:
        """Make `state` the whole contents of the database. Does not commit."""
        database = self._machine.database
        self._connection.load(getattr(state, database) if database else Tables())
        self._row = self._encode(state)
        self._execute("INSERT INTO fasm_state VALUES (1, ?, ?)", self.version, self._row)

    def _check_usable(self) -> None:
        """Raises `DecodeError` if the database would refuse to commit."""
        if self._transaction.failed:
            raise DecodeError(
                "a statement failed and the transition went on: nothing of it can be committed; let it fail"
            )

    def _write(self, row: str) -> None:
        """Write the row for the next commit. Raises `SerializationConflict` if another process has committed."""
        sql = "UPDATE fasm_state SET version = ?, state_json = ? WHERE version = ?"
        if self._connection.execute(sql, (self.version + 1, row, self.version)).count != 1:
            raise SerializationConflict("another process has written this state")

    def _commit(self) -> None:
        """Commit what was written. Raises `ConnectionLost` if it was not committed."""
        try:
            self._connection.commit()
        except ConnectionLost:  # before or after the commit? The version in the database tells
            self._connection.drop()
            if not self._is_stored(self.version + 1):
                raise

    def _is_stored(self, version: int) -> bool:
        """Whether `version` is the last commit in the database. Raises `ConnectionLost`."""
        return self._read_row()[0] == version

    def _read_row(self) -> tuple[int, str]:
        (row,) = self._execute("SELECT version, state_json FROM fasm_state")
        self._connection.rollback()
        return row["version"], row["state_json"]

    def _read_fields(self) -> Any:
        """The committed state, with an empty database in it."""
        self.version, self._row = self._read_row()
        plain = json.loads(self._row)
        if self._machine.database:
            plain[self._machine.database] = {}
        return self._machine.codec.decode(self._machine.state_schema, plain)

    def _fields_unchanged(self) -> bool:
        """Whether the fields of the working state are the committed ones."""
        try:
            return self._encode(self.working) == self._row
        except DecodeError:
            return False

    def _with_database(self, state: Any, database: Any) -> Any:
        """A copy of `state` with `database` in it, if the machine has a database."""
        copy = self._copy(state)
        if self._machine.database:
            object.__setattr__(copy, self._machine.database, database)
        return copy

    def _encode(self, state: Any) -> str:
        return ordered_text(self._machine.codec.encode(self._row_schema, state)) if self._has_fields else "{}"

    def _execute(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        return self._connection.execute(sql, args).rows
