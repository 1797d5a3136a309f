"""Stores of a state that lives in a database: its tables, and its other fields in one row beside them, in the same
transaction. `SnapshotStore` is for scratch databases, `DurableStore` for production.

Optimistic concurrency (Kung & Robinson 1981): each commit executes `UPDATE … WHERE version = <the version read>`. If
that writes no row, another process has committed first.
"""

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from fasm_cli.contract.database import ConnectionLost, DatabaseError, SerializationConflict, Tables
from fasm_cli.contract.state_machine import Action, Tracked
from fasm_cli.engine.coroutines import Runner
from fasm_cli.engine.events import Completion, Crash, Event, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import decode_action
from fasm_cli.stores.tables import Metadata, write_metadata
from fasm_cli.stores.transaction import AwaitPolicy, BatchedConnection, Connection, Transaction
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import ordered_text
from fasm_cli.types.schema import RecordSchema

MAX_REMEMBERED_KEYS = 100_000  # steps after which the idempotency key of an input is forgotten
OutboxPosition = tuple[int, int]  # of an action in the outbox: its step, and its index in that step, from 1


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

    def rollback(self, error: BaseException | None) -> bool:
        self._transaction.rollback()
        leaked = not self._fields_unchanged()
        if type(error) is SerializationConflict:
            self._read()
        elif leaked:
            self.working = self._with_database(self.committed, self._transaction)
        return leaked

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
            went_on = "a statement failed and the transition went on"
            raise DecodeError(f"{went_on}: nothing of it can be committed; let it fail")

    def _write(self, row: str) -> None:
        """Write the row for the next commit. Raises `SerializationConflict` if another process has committed."""
        sql = "UPDATE fasm_state SET version = ?, state_json = ? WHERE version = ?"
        if self._connection.execute(sql, (self.version + 1, row, self.version)).count != 1:
            raise SerializationConflict("another process has written this state")

    def _commit(self) -> None:
        """Commit what was written. Raises `ConnectionLost` if it was not committed."""
        try:
            self._connection.commit()
        except ConnectionLost:  # before or after the commit? Compare the version in the database
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
        try:
            return self._encode(self.working) == self._row
        except DecodeError:
            return False

    def _with_database(self, state: Any, database: Any) -> Any:
        copy = self._copy(state)
        if self._machine.database:
            object.__setattr__(copy, self._machine.database, database)
        return copy

    def _encode(self, state: Any) -> str:
        return ordered_text(self._machine.codec.encode(self._row_schema, state)) if self._has_fields else "{}"

    def _execute(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        return self._connection.execute(sql, args).rows


class SnapshotStore(StateRow):
    """The store of a machine that is stepped or simulated. It keeps a copy of all rows after each commit, so that
    changes are compared exactly."""

    def __init__(self, machine: Machine, connection: Connection, state: Any) -> None:
        """Raises `DecodeError` if the database refuses `state`."""
        super().__init__(machine, connection)
        self.fix: Callable[[Action], Action] | None = machine.copy_action
        try:
            self._insert(state)
            connection.commit()
        except DatabaseError as refused:
            raise DecodeError(f"the database does not take it: {refused}") from None
        self._transaction = Transaction(connection, connection.tables())
        self.run = AwaitPolicy(self._transaction).run
        connection.rollback()
        self._set_committed(state)

    def _set_committed(self, state: Any) -> None:
        self.working = self._with_database(state, self._transaction)
        self.committed = self._with_database(state, self._transaction.snapshot())

    def is_dirty(self) -> bool:
        if self._machine.eq_is_exact and self.working == self.committed:
            return False
        before = self._machine.encode_state(self.committed)
        try:
            return bool(before != self._machine.encode_state(self.working))
        except DecodeError:
            return True

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        row = self._encode(self.working)
        for action in actions:
            self._machine.encode_action(action)
        self._check_usable()
        if row != self._row or self._transaction.has_writes:
            tables = self._transaction.snapshot()
            self._write(row)
            self._commit()
            self._transaction.mark_committed(tables)
            self.version, self._row = self.version + 1, row
            self.committed = self._with_database(self.working, tables)
        return actions

    def rollback(self, error: BaseException | None) -> bool:
        wrote = error is None and self.is_dirty()
        return super().rollback(error) or wrote

    def _fields_unchanged(self) -> bool:
        return bool(self.working == self.committed) if self._machine.eq_is_exact else super()._fields_unchanged()

    def _read(self) -> None:
        state = self._read_fields()
        self._transaction.mark_committed(self._connection.tables())
        self._connection.rollback()
        self._set_committed(state)


@dataclass(slots=True)
class CommitMeta:
    """What the next commit writes besides the state."""

    event: Event
    key: str = ""  # the idempotency key of the input
    sent: Iterable[OutboxPosition] = ()  # untracked actions that were executed since the last commit


class CommitUnknown(Exception):
    """It is not known whether a commit was made, and the runtime stops before the database can be asked."""


class DurableStore(StateRow):
    """The state of `machine` in the durable database behind `connection`. A commit writes the state, the emitted
    actions (transactional outbox), the idempotency key of the input and the journal entry together, so that after a
    crash either all of them are there or none.

    history: keep a journal.
    in_process: a step needs no network round trip, so that steps may run on the event loop.

    `created` says whether the database was new. If the state has a database, `committed` has only the other fields.
    Raises `SessionError` if the database belongs to another machine, or has other types.
    """

    def __init__(
        self, machine: Machine, connection: Connection, *, history: bool = False, in_process: bool = False
    ) -> None:
        self._batch = BatchedConnection(connection)
        super().__init__(machine, self._batch)
        self._history = history
        self.in_process = in_process and not machine.awaits_arbitrarily
        self.created = not self._execute("SELECT version FROM fasm_state")
        if self.created:
            self._insert(machine.instance.initial())
            write_metadata(self._connection, machine)
            self._connection.commit()
        else:
            metadata = Metadata.read(self._connection)
            self._connection.rollback()
            metadata.check(machine)
        self._transaction = Transaction(self._batch, None)
        self.meta: CommitMeta | None = None  # of the next commit
        self.shutdown = threading.Event()  # set when nobody waits any longer for the database to come back
        self._read()
        self._loop = None
        if machine.awaits_arbitrarily:
            from fasm_cli.stores.loops import RealLoop  # imports asyncio, which a database alone does not need

            self._loop = RealLoop()
        self.run = AwaitPolicy(self._transaction, lambda: self._loop or nullcontext()).run
        if history and not self.has_journal:
            self.begin_journal()

    # --- a transition -----------------------------------------------------------------------------------------

    def is_dirty(self) -> bool:
        return self._transaction.has_writes or not self._fields_unchanged()

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        self._check_usable()
        row = self._encode(self.working)
        self._write(row)
        self._write_meta(self.version + 1, actions)
        self._commit()
        self.version += 1
        if row != self._row:
            self._row, self.committed = row, self._with_database(self.working, None)
        self._transaction.rollback()  # starts anew; everything is committed
        return actions

    def _write_meta(self, step: int, actions: tuple[Action, ...]) -> None:
        plain = [self._machine.encode_action(action) for action in actions]
        for position, (action, encoded) in enumerate(zip(actions, plain, strict=True), 1):
            id = ordered_text(encoded["id"]) if type(action) is Tracked else None
            self._execute("INSERT INTO fasm_outbox VALUES (?, ?, ?, ?)", step, position, id, ordered_text(encoded))
        meta = self.meta
        if meta is None:
            return
        if type(meta.event) is Completion and self._machine.action_id_schema is not None:
            # An action that this step emitted again under the same id stays: it is pending anew.
            completed = ordered_text(self._machine.codec.encode(self._machine.action_id_schema, meta.event.id))
            self._execute("DELETE FROM fasm_outbox WHERE id = ? AND step < ?", completed, step)
        self._delete_sent(meta.sent)
        if meta.key:
            self._execute("INSERT INTO fasm_idempotency VALUES (?, ?)", meta.key, step)
            self._execute("DELETE FROM fasm_idempotency WHERE step < ?", step - MAX_REMEMBERED_KEYS)
        if self._history:
            self._append_journal(step, meta.event.encode(self._machine), plain)

    def _read(self) -> None:
        state = self._read_fields()
        self.working = self._with_database(state, self._transaction)
        self.committed = self._with_database(state, None)

    def _is_stored(self, version: int) -> bool:
        """Whether `version` is the last commit. Nothing can be done before that is known, so the database is asked
        until it answers. Raises `ConnectionLost` only after `shutdown` is set."""
        wait = 0.05  # seconds
        while True:
            try:
                return super()._is_stored(version)
            except ConnectionLost:
                if self.shutdown.wait(wait):
                    raise
                wait = min(2 * wait, 5.0)

    # --- group commit -----------------------------------------------------------------------------------------

    def begin_batch(self) -> None:
        """Execute the following transitions in one transaction, until `commit_batch` or `rollback_batch`."""
        self._before_batch = self.version, self._row, self.committed
        self._batch.begin_batch()

    def commit_batch(self) -> bool:
        """Commit them all. Returns False if that is impossible and they must be rolled back. Raises
        `CommitUnknown`."""
        try:
            self._batch.commit_batch()
        except ConnectionLost as lost:
            self._batch.drop()
            try:
                return self.version != self._before_batch[0] and self._is_stored(self.version)
            except DatabaseError:
                raise CommitUnknown(str(lost)) from None
        except DatabaseError:  # a deferred constraint, a full disk
            return False
        return True

    def rollback_batch(self) -> None:
        """Roll back all of them."""
        self._batch.rollback_batch()
        self.version, self._row, self.committed = self._before_batch
        self._transaction.rollback()
        self.working = self._with_database(self.committed, self._transaction)

    # --- idempotency keys, outbox and journal -----------------------------------------------------------------

    def find_idempotency_key(self, key: str) -> int | None:
        """The step that accepted the input with this key, if there is one."""
        rows = self._execute("SELECT step FROM fasm_idempotency WHERE input_key = ?", key)
        self._connection.rollback()
        return rows[0]["step"] if rows else None

    def outbox(self) -> dict[OutboxPosition, Action]:
        """The actions of committed steps that are not finished, in the order of their emission."""
        rows = self._execute("SELECT step, position, action FROM fasm_outbox ORDER BY step, position")
        self._connection.rollback()
        machine = self._machine
        return {(row["step"], row["position"]): decode_action(machine, json.loads(row["action"])) for row in rows}

    def mark_sent(self, positions: Iterable[OutboxPosition]) -> None:
        """Delete executed actions from the outbox, in a transaction of its own."""
        self._delete_sent(positions)
        self._connection.commit()

    def _delete_sent(self, positions: Iterable[OutboxPosition]) -> None:
        for step, position in positions:
            self._execute("DELETE FROM fasm_outbox WHERE step = ? AND position = ?", step, position)

    @property
    def has_journal(self) -> bool:
        """Whether the journal has an entry."""
        return bool(self._execute("SELECT step FROM fasm_journal LIMIT 1"))

    def begin_journal(self) -> None:
        """Begin the journal anew with the present state. Earlier entries stay in the table."""
        state = self._machine.encode_state(self.full_state())
        self._append_journal(self.version, {"type": "state", "state": state}, [])
        self._connection.commit()

    def log_restart(self, actions: tuple[Action, ...]) -> None:
        """Append the crash of an earlier process and the restore that emitted `actions` to the journal."""
        if not self._history:
            return
        for event, emitted in ((Crash(), ()), (Restore(), actions)):
            self.version += 1
            plain = [self._machine.encode_action(action) for action in emitted]
            self._append_journal(self.version, event.encode(self._machine), plain)
        self._execute("UPDATE fasm_state SET version = ?", self.version)
        self._connection.commit()

    def _append_journal(self, step: int, event: dict[str, Any], actions: list[Any]) -> None:
        self._execute("INSERT INTO fasm_journal VALUES (?, ?, ?)", step, ordered_text(event), ordered_text(actions))

    def full_state(self) -> Any:
        """The committed state, with its tables."""
        if not self._machine.database:
            return self.committed
        return self._with_database(self.committed, self._transaction.snapshot())

    def close(self) -> None:
        self._connection.rollback()
        self._connection.close()
        if self._loop is not None:
            self._loop.close()
