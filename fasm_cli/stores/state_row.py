"""What every state in a database has: its fields in a row beside the tables, with the number of the last commit.

The row says at each commit which one it came after, so of two that began from the same state one is refused.
"""

import json
from collections.abc import Callable
from typing import Any, Protocol

from fasm_cli.contract.database import ConnectionLost, SerializationConflict, Tables
from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.transaction import Connection, Transaction
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import ordered_text
from fasm_cli.types.schema import RecordSchema

STATE_TABLE = "CREATE TABLE fasm_state (one INTEGER PRIMARY KEY, version BIGINT NOT NULL, fields TEXT NOT NULL)"
"""Every table of ours begins with `fasm_`."""


class ResettableConnection(Connection, Protocol):
    """A connection whose whole contents can be exchanged."""

    def load(self, tables: Tables) -> None:
        """Have these rows and no others, in the transaction that is open. Raises `DatabaseError`."""
        ...

    def close(self) -> None: ...


class StateRow:
    """The part of a store that reads and writes the row. Who derives from it opens a `_transaction` and says what is
    `committed`."""

    fix: Callable[[Action], Action] | None = None
    working: Any
    committed: Any
    _transaction: Transaction

    def __init__(self, machine: Machine, connection: ResettableConnection) -> None:
        self._machine = machine
        self._connection = connection
        self._copy = machine.copiers.of(machine.state_schema)
        self._fields_of = machine.state_schema
        if isinstance(machine.state_schema, RecordSchema) and machine.database:
            others = tuple(field for field in machine.state_schema.fields if field.name != machine.database)
            self._fields_of = RecordSchema(machine.state_schema.annotation, cls=machine.state_schema.cls, fields=others)
        self._has_fields = not isinstance(self._fields_of, RecordSchema) or bool(self._fields_of.fields)
        self.version = 0  # the number of the last commit
        self._fields = ""  # as they were committed then

    def begin(self) -> Any:
        return self.working

    def reload(self) -> None:
        self._connection.drop()
        self._transaction.rollback()
        self._read()

    def _read(self) -> None:
        """Take what is committed from the database."""
        raise NotImplementedError

    # --- the row ----------------------------------------------------------------------------------------------

    def _load(self, state: Any) -> None:
        """Have `state` and nothing else, in a database that has no row yet."""
        database = self._machine.database
        self._connection.load(getattr(state, database) if database else Tables())
        self._fields = self._encoded(state)
        self._execute("INSERT INTO fasm_state VALUES (1, ?, ?)", self.version, self._fields)

    def _check_usable(self) -> None:
        """Raises `Mismatch` where the database would not do it."""
        if self._transaction.failed:
            raise DecodeError(
                "a statement failed and the transition went on: nothing of it can be committed; let it fail"
            )

    def _write(self, fields: str) -> None:
        """Write the row for the next commit. Raises `Contention`."""
        sql = "UPDATE fasm_state SET version = ?, fields = ? WHERE version = ?"
        if self._connection.execute(sql, (self.version + 1, fields, self.version)).count != 1:
            raise SerializationConflict("another process has written this state")

    def _commit(self) -> None:
        """Commit what was written; raises `ConnectionLost` where it was not."""
        try:
            self._connection.commit()
        except ConnectionLost:  # before the commit or after it? What is there tells
            self._connection.drop()
            if not self._is_stored(self.version + 1):
                raise

    def _is_stored(self, version: int) -> bool:
        """Whether this is the number of the last commit. Raises `ConnectionLost`."""
        return self._stored()[0] == version

    def _stored(self) -> tuple[int, str]:
        (row,) = self._execute("SELECT version, fields FROM fasm_state")
        self._connection.rollback()
        return row["version"], row["fields"]

    def _read_fields(self) -> Any:
        """The state as it is committed, with nothing in the place of its tables."""
        self.version, self._fields = self._stored()
        plain = json.loads(self._fields)
        if self._machine.database:
            plain[self._machine.database] = {}
        return self._machine.codec.decode(self._machine.state_schema, plain)

    def _same_fields(self) -> bool:
        """Whether the fields are as they were committed."""
        try:
            return self._encoded(self.working) == self._fields
        except DecodeError:
            return False

    def _with(self, state: Any, database: Any) -> Any:
        """A copy of `state` with this database in it."""
        copy = self._copy(state)
        if self._machine.database:
            object.__setattr__(copy, self._machine.database, database)
        return copy

    def _encoded(self, state: Any) -> str:
        return ordered_text(self._machine.codec.encode(self._fields_of, state)) if self._has_fields else "{}"

    def _execute(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        return self._connection.execute(sql, args).rows
