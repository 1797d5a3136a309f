"""The store of a machine that runs for real: its state, and what was decided about it, in one transaction.

Beside the author's tables stand five of ours. `fasm_state` has the fields of the state that are in no table, and the
number of the last step that was committed; `fasm_about` says whose state it is; `fasm_outbox` has the actions of
committed steps that are not done with; `fasm_inputs` the keys of inputs that were accepted, and at which step;
`fasm_history` the committed events, where they are asked for.
"""

import json
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from fasm_cli.contract.database import ConnectionLost, DatabaseError, SerializationConflict, Tables
from fasm_cli.contract.state_machine import Action, Tracked
from fasm_cli.engine.events import Completion, Crash, Event, InjectedFault, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import decode_action
from fasm_cli.engine.transaction import Connection, Transaction
from fasm_cli.stores.await_policy import run_awaiting
from fasm_cli.stores.batch import BatchedConnection
from fasm_cli.stores.metadata import Metadata, write_metadata
from fasm_cli.stores.state_row import STATE_TABLE, ResettableConnection, StateRow
from fasm_cli.stores.virtual_loop import RealLoop
from fasm_cli.types.plain import ordered_text

MAX_REMEMBERED_KEYS = 100_000  # of inputs that are remembered
SCHEMA = f"""
{STATE_TABLE};
CREATE TABLE fasm_about (one INTEGER PRIMARY KEY, machine TEXT NOT NULL, version INTEGER NOT NULL, types TEXT NOT NULL);
CREATE TABLE fasm_outbox (step BIGINT, place INTEGER, id TEXT, action TEXT NOT NULL, PRIMARY KEY (step, place));
CREATE INDEX fasm_outbox_id ON fasm_outbox (id);
CREATE TABLE fasm_inputs (input_key TEXT PRIMARY KEY, step BIGINT NOT NULL);
CREATE INDEX fasm_inputs_step ON fasm_inputs (step);
CREATE TABLE fasm_history (step BIGINT PRIMARY KEY, event TEXT NOT NULL, actions TEXT NOT NULL);
"""
OutboxPosition = tuple[int, int]  # of an action in the outbox: its step, and its index there


class LazyTransaction(Transaction):
    """A transaction on a database that may be large: nothing is read that is not asked for."""

    __slots__ = ()

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failed = False
        self._at = connection.changes

    def snapshot(self) -> Tables:
        return self.connection.tables()


@dataclass(slots=True)
class CommitMeta:
    """What is to be written with the next commit, beside the state."""

    event: Event
    key: str = ""  # of the input
    sent: Iterable[OutboxPosition] = ()  # untracked actions that were carried out since the last commit


class CommitUnknown(Exception):
    """Whether a commit was made is not known, and will not be: nobody waits for the database any more."""


class DurableStore(StateRow):
    """The state of `machine` in the database behind `connection`; `fresh` where it was made just now. Of a state in
    tables, `committed` is only its other fields. `near` says that a step asks nobody outside of this process.

    Raises `SessionError` where it is another machine's, or of other types.
    """

    def __init__(
        self, machine: Machine, connection: ResettableConnection, *, history: bool = False, near: bool = False
    ) -> None:
        self._together = BatchedConnection(connection)
        super().__init__(machine, self._together)
        self._history = history
        self.in_process = near and not machine.awaits_arbitrarily
        self.created = not self._execute("SELECT one FROM fasm_state")
        if self.created:
            self._begin()
        else:
            self._recognise()
        self._transaction: LazyTransaction = LazyTransaction(self._together)
        self.entry: CommitMeta | None = None  # what the next commit is for
        self.shutdown = threading.Event()  # set where nobody waits for the database to come back
        self._read()
        self._time = RealLoop()
        if history and not self.has_history:
            self.keep_history_from_here()

    # --- opening ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._load(self._machine.instance.initial())
        write_metadata(self._connection, self._machine)
        self._connection.commit()

    def _recognise(self) -> None:
        about = Metadata.read(self._connection)
        self._connection.rollback()
        about.check(self._machine)

    @property
    def has_history(self) -> bool:
        """Whether anything is in it."""
        return bool(self._execute("SELECT step FROM fasm_history LIMIT 1"))

    def keep_history_from_here(self) -> None:
        """The state as it is begins the history anew; what came before is left there."""
        state = self._machine.encode_state(self.full_state())
        event = ordered_text({"type": "state", "state": state})
        self._execute("INSERT INTO fasm_history VALUES (?, ?, '[]')", self.version, event)
        self._connection.commit()

    def full_state(self) -> Any:
        """The committed state, with its tables."""
        return self._with(self.committed, self._transaction.snapshot()) if self._machine.database else self.committed

    # --- a transition -----------------------------------------------------------------------------------------

    def run(
        self, coroutine: Coroutine[Any, Any, Any], state: Any = None, ahead: Crash | InjectedFault | None = None
    ) -> BaseException | None:
        return run_awaiting(coroutine, state, ahead, self._transaction, self._time.running)

    def is_dirty(self) -> bool:
        return self._transaction.has_writes or not self._same_fields()

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        self._check_usable()
        fields = self._encoded(self.working)
        self._write(fields)
        self._write_outbox(self.version + 1, actions)
        self._commit()
        self.version += 1
        if fields != self._fields:
            self._fields, self.committed = fields, self._with(self.working, None)
        self._transaction.rollback()  # what is written is committed
        return actions

    def _write_outbox(self, step: int, actions: tuple[Action, ...]) -> None:
        plain = [self._machine.encode_action(action) for action in actions]
        for place, (action, told) in enumerate(zip(actions, plain, strict=True), 1):
            id = ordered_text(told["id"]) if type(action) is Tracked else None
            self._execute("INSERT INTO fasm_outbox VALUES (?, ?, ?, ?)", step, place, id, ordered_text(told))
        entry = self.entry
        if entry is None:
            return
        if type(entry.event) is Completion and self._machine.action_id_schema is not None:
            done = ordered_text(self._machine.codec.encode(self._machine.action_id_schema, entry.event.id))
            self._execute("DELETE FROM fasm_outbox WHERE id = ? AND step < ?", done, step)
        self._forget(entry.sent)
        if entry.key:
            self._execute("INSERT INTO fasm_inputs VALUES (?, ?)", entry.key, step)
            self._execute("DELETE FROM fasm_inputs WHERE step < ?", step - MAX_REMEMBERED_KEYS)
        if self._history:
            event = ordered_text(entry.event.encode(self._machine))
            self._execute("INSERT INTO fasm_history VALUES (?, ?, ?)", step, event, ordered_text(plain))

    def rollback(self, error: BaseException | None) -> bool:
        self._transaction.rollback()
        changed = not self._same_fields()
        if type(error) is SerializationConflict:
            self._read()
        elif changed:
            self.working = self._with(self.committed, self._transaction)
        return changed

    # --- several of them ----------------------------------------------------------------------------------------

    def begin_batch(self) -> None:
        """Take the transitions from here on in one transaction, that `settle` or `abandon` ends."""
        self._before = self.version, self._fields, self.committed
        self._together.begin_batch()

    def commit_batch(self) -> bool:
        """Commit them all; false where that cannot be, and they are to be abandoned. Raises `InDoubt`."""
        try:
            self._together.commit_batch()
        except ConnectionLost as lost:  # as after a commit of one
            self._together.drop()
            try:
                return self.version != self._before[0] and self._is_stored(self.version)
            except DatabaseError:
                raise CommitUnknown(str(lost)) from None
        except DatabaseError:  # a deferred constraint, a full disk
            return False
        return True

    def rollback_batch(self) -> None:
        """Not one of them has happened."""
        self._together.rollback_batch()
        self.version, self._fields, self.committed = self._before
        self._transaction.rollback()
        self.working = self._with(self.committed, self._transaction)

    def _is_stored(self, version: int) -> bool:
        """Nothing can be said or done before that is known: it is asked for until there is an answer, or an end."""
        wait = 0.05
        while True:
            try:
                return super()._is_stored(version)
            except ConnectionLost:
                if self.shutdown.wait(wait):
                    raise
                wait = min(2 * wait, 5.0)

    def _read(self) -> None:
        state = self._read_fields()
        self.working = self._with(state, self._transaction)
        self.committed = self._with(state, None)

    # --- what is beside the state -----------------------------------------------------------------------------

    def find_idempotency_key(self, key: str) -> int | None:
        """The step at which the input with this key was accepted, if it was."""
        rows = self._execute("SELECT step FROM fasm_inputs WHERE input_key = ?", key)
        self._connection.rollback()
        return rows[0]["step"] if rows else None

    def outbox(self) -> dict[OutboxPosition, Action]:
        """The actions of committed steps that are not done with, in the order they were emitted."""
        rows = self._execute("SELECT step, place, action FROM fasm_outbox ORDER BY step, place")
        self._connection.rollback()
        machine = self._machine
        return {(row["step"], row["place"]): decode_action(machine, json.loads(row["action"])) for row in rows}

    def log_restart(self, actions: tuple[Action, ...]) -> None:
        """An earlier process has died, and restore has emitted `actions`: two steps of the history."""
        if not self._history:
            return
        plain = ordered_text([self._machine.encode_action(action) for action in actions])
        for event, emitted in ((Crash(), "[]"), (Restore(), plain)):
            self.version += 1
            told = ordered_text(event.encode(self._machine))
            self._execute("INSERT INTO fasm_history VALUES (?, ?, ?)", self.version, told, emitted)
        self._execute("UPDATE fasm_state SET version = ?", self.version)
        self._connection.commit()

    def mark_sent(self, places: Iterable[OutboxPosition]) -> None:
        """The actions at `places` were carried out; said by itself where no commit follows."""
        self._forget(places)
        self._connection.commit()

    def close(self) -> None:
        self._connection.rollback()
        self._connection.close()
        self._time.close()

    def _forget(self, places: Iterable[OutboxPosition]) -> None:
        for step, place in places:
            self._execute("DELETE FROM fasm_outbox WHERE step = ? AND place = ?", step, place)
