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

from fasm_cli.contract.database import ConnectionLost, Contention, DatabaseError, Tables
from fasm_cli.contract.state_machine import Action, Tracked
from fasm_cli.engine.events import Complete, Crash, Event, Fault, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import decode_action, encode_event
from fasm_cli.engine.transaction import Connection, Transaction
from fasm_cli.stores.await_policy import drive_awaiting
from fasm_cli.stores.batch import Together
from fasm_cli.stores.metadata import About, write_about
from fasm_cli.stores.state_row import OWN_SCHEMA, InRow, Loadable
from fasm_cli.stores.virtual_loop import RealTime
from fasm_cli.types.plain import ordered_text

KEYS = 100_000  # of inputs that are remembered
SCHEMA = f"""
{OWN_SCHEMA};
CREATE TABLE fasm_about (one INTEGER PRIMARY KEY, machine TEXT NOT NULL, version INTEGER NOT NULL, types TEXT NOT NULL);
CREATE TABLE fasm_outbox (step BIGINT, place INTEGER, id TEXT, action TEXT NOT NULL, PRIMARY KEY (step, place));
CREATE INDEX fasm_outbox_id ON fasm_outbox (id);
CREATE TABLE fasm_inputs (input_key TEXT PRIMARY KEY, step BIGINT NOT NULL);
CREATE INDEX fasm_inputs_step ON fasm_inputs (step);
CREATE TABLE fasm_history (step BIGINT PRIMARY KEY, event TEXT NOT NULL, actions TEXT NOT NULL);
"""
Place = tuple[int, int]  # of an action in the outbox: its step, and its index there


class Running(Transaction):
    """A transaction on a database that may be large: nothing is read that is not asked for."""

    __slots__ = ()

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.failed = False
        self._at = connection.changes

    def now(self) -> Tables:
        return self.connection.tables()


@dataclass(slots=True)
class Entry:
    """What is to be written with the next commit, beside the state."""

    event: Event
    key: str = ""  # of the input
    sent: Iterable[Place] = ()  # untracked actions that were carried out since the last commit


class InDoubt(Exception):
    """Whether a commit was made is not known, and will not be: nobody waits for the database any more."""


class Durable(InRow):
    """The state of `machine` in the database behind `connection`; `fresh` where it was made just now. Of a state in
    tables, `committed` is only its other fields. `near` says that a step asks nobody outside of this process.

    Raises `SessionError` where it is another machine's, or of other types.
    """

    def __init__(self, machine: Machine, connection: Loadable, *, history: bool = False, near: bool = False) -> None:
        self._together = Together(connection)
        super().__init__(machine, self._together)
        self._history = history
        self.near = near and not machine.waits
        self.fresh = not self._execute("SELECT one FROM fasm_state")
        if self.fresh:
            self._begin()
        else:
            self._recognise()
        self._transaction: Running = Running(self._together)
        self.entry: Entry | None = None  # what the next commit is for
        self.ending = threading.Event()  # set where nobody waits for the database to come back
        self._read()
        self._time = RealTime()
        if history and not self.has_history:
            self.keep_history_from_here()

    # --- opening ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._load(self._machine.instance.initial())
        write_about(self._connection, self._machine)
        self._connection.commit()

    def _recognise(self) -> None:
        about = About.read(self._connection)
        self._connection.rollback()
        about.check(self._machine)

    @property
    def has_history(self) -> bool:
        """Whether anything is in it."""
        return bool(self._execute("SELECT step FROM fasm_history LIMIT 1"))

    def keep_history_from_here(self) -> None:
        """The state as it is begins the history anew; what came before is left there."""
        state = self._machine.encode_state(self.whole())
        event = ordered_text({"type": "state", "state": state})
        self._execute("INSERT INTO fasm_history VALUES (?, ?, '[]')", self.version, event)
        self._connection.commit()

    def whole(self) -> Any:
        """The committed state, with its tables."""
        return self._with(self.committed, self._transaction.now()) if self._machine.database else self.committed

    # --- a transition -----------------------------------------------------------------------------------------

    def drive(
        self, coroutine: Coroutine[Any, Any, Any], state: Any = None, ahead: Crash | Fault | None = None
    ) -> BaseException | None:
        return drive_awaiting(coroutine, state, ahead, self._transaction, self._time.running)

    def changed(self) -> bool:
        return self._transaction.touched or not self._same_fields()

    def commit(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        self._may_commit()
        fields = self._encoded(self.live)
        self._write(fields)
        self._journal(self.version + 1, actions)
        self._end()
        self.version += 1
        if fields != self._fields:
            self._fields, self.committed = fields, self._with(self.live, None)
        self._transaction.undo()  # what is written is committed
        return actions

    def _journal(self, step: int, actions: tuple[Action, ...]) -> None:
        plain = [self._machine.encode_action(action) for action in actions]
        for place, (action, told) in enumerate(zip(actions, plain, strict=True), 1):
            id = ordered_text(told["id"]) if type(action) is Tracked else None
            self._execute("INSERT INTO fasm_outbox VALUES (?, ?, ?, ?)", step, place, id, ordered_text(told))
        entry = self.entry
        if entry is None:
            return
        if type(entry.event) is Complete and self._machine.action_id is not None:
            done = ordered_text(self._machine.codec.encode(self._machine.action_id, entry.event.id))
            self._execute("DELETE FROM fasm_outbox WHERE id = ? AND step < ?", done, step)
        self._forget(entry.sent)
        if entry.key:
            self._execute("INSERT INTO fasm_inputs VALUES (?, ?)", entry.key, step)
            self._execute("DELETE FROM fasm_inputs WHERE step < ?", step - KEYS)
        if self._history:
            event = ordered_text(encode_event(self._machine, entry.event))
            self._execute("INSERT INTO fasm_history VALUES (?, ?, ?)", step, event, ordered_text(plain))

    def rollback(self, error: BaseException | None) -> bool:
        self._transaction.undo()
        changed = not self._same_fields()
        if type(error) is Contention:
            self._read()
        elif changed:
            self.live = self._with(self.committed, self._transaction)
        return changed

    # --- several of them ----------------------------------------------------------------------------------------

    def join(self) -> None:
        """Take the transitions from here on in one transaction, that `settle` or `abandon` ends."""
        self._before = self.version, self._fields, self.committed
        self._together.join()

    def settle(self) -> bool:
        """Commit them all; false where that cannot be, and they are to be abandoned. Raises `InDoubt`."""
        try:
            self._together.settle()
        except ConnectionLost as lost:  # as after a commit of one
            self._together.drop()
            try:
                return self.version != self._before[0] and self._is_stored(self.version)
            except DatabaseError:
                raise InDoubt(str(lost)) from None
        except DatabaseError:  # a deferred constraint, a full disk
            return False
        return True

    def abandon(self) -> None:
        """Not one of them has happened."""
        self._together.abandon()
        self.version, self._fields, self.committed = self._before
        self._transaction.undo()
        self.live = self._with(self.committed, self._transaction)

    def _is_stored(self, version: int) -> bool:
        """Nothing can be said or done before that is known: it is asked for until there is an answer, or an end."""
        wait = 0.05
        while True:
            try:
                return super()._is_stored(version)
            except ConnectionLost:
                if self.ending.wait(wait):
                    raise
                wait = min(2 * wait, 5.0)

    def _read(self) -> None:
        state = self._read_fields()
        self.live = self._with(state, self._transaction)
        self.committed = self._with(state, None)

    # --- what is beside the state -----------------------------------------------------------------------------

    def accepted_at(self, key: str) -> int | None:
        """The step at which the input with this key was accepted, if it was."""
        rows = self._execute("SELECT step FROM fasm_inputs WHERE input_key = ?", key)
        self._connection.rollback()
        return rows[0]["step"] if rows else None

    def outbox(self) -> dict[Place, Action]:
        """The actions of committed steps that are not done with, in the order they were emitted."""
        rows = self._execute("SELECT step, place, action FROM fasm_outbox ORDER BY step, place")
        self._connection.rollback()
        machine = self._machine
        return {(row["step"], row["place"]): decode_action(machine, json.loads(row["action"])) for row in rows}

    def restarted(self, actions: tuple[Action, ...]) -> None:
        """An earlier process has died, and restore has emitted `actions`: two steps of the history."""
        if not self._history:
            return
        plain = ordered_text([self._machine.encode_action(action) for action in actions])
        for event, emitted in ((Crash(), "[]"), (Restore(), plain)):
            self.version += 1
            told = ordered_text(encode_event(self._machine, event))
            self._execute("INSERT INTO fasm_history VALUES (?, ?, ?)", self.version, told, emitted)
        self._execute("UPDATE fasm_state SET version = ?", self.version)
        self._connection.commit()

    def sent(self, places: Iterable[Place]) -> None:
        """The actions at `places` were carried out; said by itself where no commit follows."""
        self._forget(places)
        self._connection.commit()

    def close(self) -> None:
        self._connection.rollback()
        self._connection.close()
        self._time.close()

    def _forget(self, places: Iterable[Place]) -> None:
        for step, place in places:
            self._execute("DELETE FROM fasm_outbox WHERE step = ? AND place = ?", step, place)
