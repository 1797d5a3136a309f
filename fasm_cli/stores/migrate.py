"""Carrying the database of a machine that runs for real over to the machine as it is now.

All of it is one transaction, in which the machine is started as it will be: its fields are read as the new types,
`restore` says what is pending, the invariants are asked. Where any of that fails, the database is as it was.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import Restore
from fasm_cli.engine.laws import check_invariants
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.process_state import ProcessState
from fasm_cli.engine.records import decode_action
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import MachineError, SessionError
from fasm_cli.stores.batch import BatchedConnection
from fasm_cli.stores.durable_store import DurableStore
from fasm_cli.stores.metadata import Metadata, write_metadata
from fasm_cli.stores.open import connect
from fasm_cli.types.codec import DecodeError, format_value
from fasm_cli.types.description import TypeChange
from fasm_cli.types.plain import ordered_text

Carry = Callable[[int, Any], Any]
"""From the version that a state was stored by, and its plain data, to the state as it is now."""


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """`version` is the one the database was of, `pending` what `restore` emits of it now; `needed` is false where the
    database fits as it is."""

    version: int
    types: list[TypeChange]
    pending: list[str]
    needed: bool


def migrate_stored(machine: Machine, url: str, carry: Carry, *, keep: bool) -> MigrationResult:
    """Have the state at `url` be one of `machine`; without `keep` only what would come of it is said. Raises
    `SessionError` and `MachineError`, what `carry` does, and `UsageError` for the URL; then nothing is changed."""
    connection = BatchedConnection(connect(url))
    store: DurableStore | None = None
    try:
        about = Metadata.read(connection)
        connection.rollback()
        about.check_machine(machine)
        types = about.changes(machine)
        if about.is_compatible(machine):
            return MigrationResult(about.version, types, [], needed=False)
        connection.begin_batch()
        _write_state(machine, connection, lambda plain: carry(about.version, plain))
        store = DurableStore(machine, connection)
        pending = _pending(machine, store)
        _write_outbox(machine, connection, pending)
        if keep:
            connection.commit_batch()
        return MigrationResult(about.version, types, [format_value(action) for action in pending.values()], needed=True)
    finally:
        connection.rollback_batch()
        (connection if store is None else store).close()


def _write_state(machine: Machine, connection: BatchedConnection, carry: Callable[[Any], Any]) -> None:
    """The fields as they are now, under a number of their own, as a restart has."""
    (row,) = connection.execute("SELECT version, fields FROM fasm_state", ()).rows
    plain = json.loads(row["fields"])
    if machine.database:
        plain[machine.database] = {}
    fields = machine.encode_state(carry(plain))
    if machine.database:
        del fields[machine.database]
    connection.execute("UPDATE fasm_state SET version = ?, fields = ?", (row["version"] + 1, ordered_text(fields)))
    write_metadata(connection, machine)
    connection.commit()


def _pending(machine: Machine, store: DurableStore) -> dict[str, Tracked]:
    """What is pending of the state as it is now, by id as it is stored."""
    broken = check_invariants(machine, store.full_state())
    if broken is not None:
        raise MachineError(f"{machine.name}: the state breaks {broken.law}: {broken.reason}", "let migrate() mend it")
    process = Process(machine, store, ProcessState(running=False))
    restored = process.step(Restore())
    if restored.outcome is not Outcome.COMMITTED:
        raise MachineError(f"{machine.name}: restore failed: {restored.error or restored.details.reason}")
    if store.has_history:
        store.keep_history_from_here()
    return {ordered_text(machine.encode_action(each)["id"]): each for each in restored.actions if type(each) is Tracked}


def _write_outbox(machine: Machine, connection: BatchedConnection, pending: dict[str, Tracked]) -> None:
    """What `restore` emits is what is pending; of what it does not emit, only what the machine still knows can stay."""
    for row in connection.execute("SELECT step, place, id, action FROM fasm_outbox ORDER BY step, place", ()).rows:
        action = pending.get(row["id"])
        if action is not None:
            told = ordered_text(machine.encode_action(action))
            where = (told, row["step"], row["place"])
            connection.execute("UPDATE fasm_outbox SET action = ? WHERE step = ? AND place = ?", where)
            continue
        try:
            decode_action(machine, json.loads(row["action"]))
        except DecodeError as wrong:
            raise SessionError(
                f"the action {row['step']}.{row['place']} is not done, and {machine.name} does not know it any more: "
                f"{wrong}",
                "run the version it is from, without inputs, until nothing is at work",
            ) from None
    connection.commit()
