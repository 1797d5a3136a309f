"""Migrates a durable database to the present version of its machine, in one transaction.

The transaction starts the machine as the runtime will: it decodes the fields as the new types, checks the invariants,
and lets `restore` say what is pending. If any of that fails, the database is unchanged.
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
from fasm_cli.stores.open import backend_of
from fasm_cli.stores.state_store import DurableStore
from fasm_cli.stores.tables import Metadata, write_metadata
from fasm_cli.stores.transaction import BatchedConnection
from fasm_cli.types.codec import DecodeError, format_value
from fasm_cli.types.description import TypeChange
from fasm_cli.types.plain import ordered_text

MigrateState = Callable[[int, Any], Any]
"""Takes the version that stored a state and its plain data, and returns the state as it is now."""


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """version: the version the database had.
    types: the types that changed.
    pending: what `restore` emits for the migrated state, formatted.
    needed: False if the database was already compatible.
    """

    version: int
    types: list[TypeChange]
    pending: list[str]
    needed: bool


def migrate_stored(machine: Machine, url: str, migrate_state: MigrateState, *, dry_run: bool) -> MigrationResult:
    """Migrate the state at `url` to `machine`; with `dry_run`, do everything but the commit.

    Raises `SessionError`, `MachineError`, what `migrate_state` raises, and `UsageError` for the URL; in each case
    nothing is changed.
    """
    connection = BatchedConnection(backend_of(url).connect(url))
    store: DurableStore | None = None
    try:
        metadata = Metadata.read(connection)
        connection.rollback()
        metadata.check_machine(machine)
        types = metadata.changes(machine)
        if metadata.is_compatible(machine):
            return MigrationResult(metadata.version, types, [], needed=False)
        connection.begin_batch()
        _write_state(machine, connection, lambda plain: migrate_state(metadata.version, plain))
        store = DurableStore(machine, connection)
        pending = _restore_pending(machine, store)
        _write_outbox(machine, connection, pending)
        if not dry_run:
            connection.commit_batch()
        formatted = [format_value(action) for action in pending.values()]
        return MigrationResult(metadata.version, types, formatted, needed=True)
    finally:
        connection.rollback_batch()
        (connection if store is None else store).close()


def _write_state(machine: Machine, connection: BatchedConnection, migrate: Callable[[Any], Any]) -> None:
    """Write the migrated fields under a step number of their own, as a restart does."""
    (row,) = connection.execute("SELECT version, state_json FROM fasm_state", ()).rows
    plain = json.loads(row["state_json"])
    if machine.database:
        plain[machine.database] = {}
    fields = machine.encode_state(migrate(plain))
    if machine.database:
        del fields[machine.database]
    update = "UPDATE fasm_state SET version = ?, state_json = ?"
    connection.execute(update, (row["version"] + 1, ordered_text(fields)))
    write_metadata(connection, machine)
    connection.commit()


def _restore_pending(machine: Machine, store: DurableStore) -> dict[str, Tracked]:
    """The tracked actions that `restore` emits for the migrated state, by encoded id."""
    violation = check_invariants(machine, store.full_state())
    if violation is not None:
        raise MachineError(
            f"{machine.name}: the state breaks {violation.law}: {violation.reason}", "let migrate() fix it"
        )
    restored = Process(machine, store, ProcessState(running=False)).step(Restore())
    if restored.outcome is not Outcome.COMMITTED:
        raise MachineError(f"{machine.name}: restore failed: {restored.error or restored.details.reason}")
    if store.has_journal:
        store.begin_journal()
    return {ordered_text(machine.encode_action(each)["id"]): each for each in restored.actions if type(each) is Tracked}


def _write_outbox(machine: Machine, connection: BatchedConnection, pending: dict[str, Tracked]) -> None:
    """Replace pending actions in the outbox by what `restore` emits. Another action may stay if the machine still
    declares its type. Raises `SessionError` if it does not."""
    select = "SELECT step, position, id, action FROM fasm_outbox ORDER BY step, position"
    for row in connection.execute(select, ()).rows:
        action = pending.get(row["id"])
        if action is not None:
            update = "UPDATE fasm_outbox SET action = ? WHERE step = ? AND position = ?"
            encoded = ordered_text(machine.encode_action(action))
            connection.execute(update, (encoded, row["step"], row["position"]))
            continue
        try:
            decode_action(machine, json.loads(row["action"]))
        except DecodeError as wrong:
            raise SessionError(
                f"the action {row['step']}.{row['position']} is not finished, and {machine.name} no longer declares "
                f"it: {wrong}",
                "run the old version without inputs until nothing is pending",
            ) from None
    connection.commit()
