"""A state that is kept in a database: its tables, and its other fields in a row beside them, in one transaction.

So whatever is in the state survives together or not at all. What a transition did to the tables is undone with its
transaction, and it may fail wherever it likes; what it did to the fields is undone too, and is told, as it is told of
a state in memory.
"""

from collections.abc import Coroutine
from typing import Any

from fasm_cli.contract.database import DatabaseError, SerializationConflict
from fasm_cli.contract.state_machine import Action
from fasm_cli.engine.events import Crash, InjectedFault
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.transaction import Transaction
from fasm_cli.stores.await_policy import run_awaiting
from fasm_cli.stores.state_row import ResettableConnection, StateRow
from fasm_cli.types.codec import DecodeError


class SnapshotStore(StateRow):
    """The store of a machine that is stepped or simulated: exact, with a copy of all rows after each commit."""

    def __init__(self, machine: Machine, connection: ResettableConnection, state: Any) -> None:
        super().__init__(machine, connection)
        self.fix = machine.copy_action
        try:
            self._load(state)
            connection.commit()
        except DatabaseError as refused:
            raise DecodeError(f"the database does not take it: {refused}") from None
        self._transaction = Transaction(connection)
        connection.rollback()
        self._take(state)

    def _take(self, state: Any) -> None:
        """`state` and the rows there are were committed."""
        self.working = self._with(state, self._transaction)
        self.committed = self._with(state, self._transaction.snapshot())

    def run(
        self, coroutine: Coroutine[Any, Any, Any], state: Any = None, ahead: Crash | InjectedFault | None = None
    ) -> BaseException | None:
        return run_awaiting(coroutine, state, ahead, self._transaction)

    def is_dirty(self) -> bool:
        if self._machine.eq_is_exact and self.working == self.committed:
            return False
        before = self._machine.encode_state(self.committed)
        try:
            return bool(before != self._machine.encode_state(self.working))
        except DecodeError:
            return True

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        fields = self._encoded(self.working)
        for action in actions:
            self._machine.encode_action(action)
        self._check_usable()
        if fields != self._fields or self._transaction.has_writes:
            tables = self._transaction.snapshot()
            self._write(fields)
            self._commit()
            self._transaction.mark_committed(tables)
            self.version, self._fields = self.version + 1, fields
            self.committed = self._with(self.working, tables)
        return actions

    def rollback(self, error: BaseException | None) -> bool:
        changed = error is None and self.is_dirty()
        self._transaction.rollback()
        if not changed and not self._same_fields():
            changed = True
        if type(error) is SerializationConflict:
            self._read()
        elif changed:
            self.working = self._with(self.committed, self._transaction)
        return changed

    def _same_fields(self) -> bool:
        return bool(self.working == self.committed) if self._machine.eq_is_exact else super()._same_fields()

    def _read(self) -> None:
        state = self._read_fields()
        self._transaction.mark_committed(self._connection.tables())
        self._connection.rollback()
        self._take(state)
