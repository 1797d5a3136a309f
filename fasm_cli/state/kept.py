"""A state that is kept in a database: its tables, and its other fields in a row beside them, in one transaction.

So whatever is in the state survives together or not at all. What a transition did to the tables is undone with its
transaction, and it may fail wherever it likes; what it did to the fields is undone too, and is told, as it is told of
a state in memory.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from fasm_cli.core.codec import Mismatch
from fasm_cli.core.codec.plain import ordered_text
from fasm_cli.core.codec.shape import Record
from fasm_cli.core.database import ConnectionLost, Contention, DatabaseError, Tables
from fasm_cli.core.event import Crash, Fault
from fasm_cli.core.machine import Machine
from fasm_cli.core.model import Action
from fasm_cli.core.transaction import Connection, Transaction
from fasm_cli.state.gate import drive_awaiting

OWN = "fasm_state"  # the table of the row beside the author's; every table of ours begins with `fasm_`
OWN_SCHEMA = f"CREATE TABLE {OWN} (one INTEGER PRIMARY KEY, version BIGINT NOT NULL, fields TEXT NOT NULL)"


class Loadable(Connection, Protocol):
    """A connection whose whole contents can be exchanged."""

    def load(self, tables: Tables) -> None:
        """Have these rows and no others, committed. Raises `DatabaseError`."""
        ...


class Kept:
    """The store of a machine whose state is kept by way of `connection`."""

    fix: Callable[[Action], Action] | None

    def __init__(self, machine: Machine, connection: Loadable, state: Any) -> None:
        self._machine = machine
        self._connection = connection
        self.fix = machine.copy_action
        self._copy = machine.copiers.of(machine.state)
        self._fields_of = machine.state
        if isinstance(machine.state, Record) and machine.database:
            others = tuple(field for field in machine.state.fields if field.name != machine.database)
            self._fields_of = Record(machine.state.annotation, cls=machine.state.cls, fields=others)
        self._version = 0
        self._fields = self._encoded(state)
        self._load(getattr(state, machine.database) if machine.database else Tables())
        self._transaction = Transaction(connection)
        self._connection.rollback()
        self.live = self._with(state, self._transaction)
        self.committed = self._with(state, self._transaction.now())

    def _load(self, tables: Tables) -> None:
        try:
            self._connection.load(tables)
            self._connection.execute(f"INSERT INTO {OWN} VALUES (1, ?, ?)", (self._version, self._fields))
            self._connection.commit()
        except DatabaseError as refused:
            raise Mismatch(f"the database does not take it: {refused}") from None

    def _with(self, state: Any, database: Any) -> Any:
        """A copy of `state` with this database in it."""
        copy = self._copy(state)
        if self._machine.database:
            object.__setattr__(copy, self._machine.database, database)
        return copy

    def drive(
        self, coroutine: Coroutine[Any, Any, Any], state: Any = None, ahead: Crash | Fault | None = None
    ) -> BaseException | None:
        return drive_awaiting(coroutine, state, ahead, self._transaction)

    def begin(self) -> Any:
        return self.live

    def changed(self) -> bool:
        if self._machine.comparable and self.live == self.committed:
            return False
        before = self._machine.encode_state(self.committed)
        try:
            return bool(before != self._machine.encode_state(self.live))
        except Mismatch:
            return True

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        fields = self._encoded(self.live)
        for action in actions:
            self._machine.encode_action(action)
        if self._transaction.failed:
            raise Mismatch("a statement failed and the transition went on: nothing of it can be committed; let it fail")
        if fields != self._fields or self._transaction.touched:
            tables = self._transaction.now()
            self.write(fields, actions)
            self._end()
            self._transaction.settled(tables)
            self._version, self._fields = self._version + 1, fields
            self.committed = self._with(self.live, tables)
        return actions

    def write(self, fields: str, actions: tuple[Action, ...]) -> None:
        """Write what is kept beside the tables, in the same transaction. A store that sends actions out itself keeps
        them here too."""
        found = self._connection.execute(
            f"UPDATE {OWN} SET version = ?, fields = ? WHERE version = ?", (self._version + 1, fields, self._version)
        )
        if found.count != 1:
            raise Contention("another process has written this state")

    def _end(self) -> None:
        try:
            self._connection.commit()
        except ConnectionLost:  # before the commit or after it? What is there tells
            self._connection.drop()
            if self._stored()[0] != self._version + 1:
                raise

    def _stored(self) -> tuple[int, str]:
        row = self._connection.execute(f"SELECT version, fields FROM {OWN}", ()).rows[0]
        self._connection.rollback()
        return row["version"], row["fields"]

    def rollback(self, error: BaseException | None) -> bool:
        changed = error is None and self.changed()
        self._transaction.undo()
        if not changed and not self._same_fields():
            changed = True
        if type(error) is Contention:
            self._read()
        elif changed:
            self.live = self._with(self.committed, self._transaction)
        return changed

    def _same_fields(self) -> bool:
        if self._machine.comparable:
            return bool(self.live == self.committed)
        try:
            return self._encoded(self.live) == self._fields
        except Mismatch:
            return False

    def reload(self) -> None:
        self._connection.drop()
        self._transaction.undo()
        self._read()

    def _read(self) -> None:
        """Take what is committed from the database."""
        self._version, self._fields = self._stored()
        plain = json.loads(self._fields)
        if self._machine.database:
            plain[self._machine.database] = {}
        state = self._machine.codec.decode(self._machine.state, plain)
        self._transaction.settled(self._connection.tables())
        self._connection.rollback()
        self.live = self._with(state, self._transaction)
        self.committed = self._with(state, self._transaction.now())

    def _encoded(self, state: Any) -> str:
        return ordered_text(self._machine.codec.encode(self._fields_of, state))
