"""Migrates the database of a machine in production to the present version of the machine, in one transaction.

The transaction starts the machine as the runtime will: it decodes the fields as the new types, checks the invariants,
and lets `restore` say what is pending. If any of that fails, the database is unchanged.
"""

import json

from fasm_cli.contract.database import DatabaseError, redact_url
from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Restore
from fasm_cli.engine.laws import check_invariants
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process, ProcessState
from fasm_cli.engine.records import decode_action
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import MachineError, SessionError
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import MigratedDatabase
from fasm_cli.runtime.runtime import lock_of
from fasm_cli.stores.open import backend_of
from fasm_cli.stores.state_store import DurableStore
from fasm_cli.stores.tables import Metadata, write_metadata
from fasm_cli.stores.transaction import BatchedConnection
from fasm_cli.types.codec import DecodeError, format_value
from fasm_cli.types.plain import ordered_text
from fasm_cli.usecases.migrate_session import migrate_state


def migrate_database(project: Project, target: str, url: str, *, dry_run: bool = False) -> MigratedDatabase:
    """Migrate the database at `url` to the machine that TARGET names; with `dry_run`, do everything but the commit.

    Raises `SessionError` if the database cannot be migrated or another process uses it, `MachineError` if `migrate`
    returns something that is not a state. In each case nothing is changed.
    """
    machine = import_machine(project, target)
    lock = lock_of(url)
    if lock is not None:
        lock.acquire()
    try:
        return migrate_stored(machine, url, dry_run=dry_run)
    except DatabaseError as error:
        raise SessionError(f"cannot migrate {redact_url(url)}: {error}", "the database is unchanged") from None
    finally:
        if lock is not None:
            lock.release()


def migrate_stored(machine: Machine, url: str, *, dry_run: bool) -> MigratedDatabase:
    """Migrate the state at `url`, without a lock. Raises `DatabaseError`, and what `migrate_database` raises."""
    connection = BatchedConnection(backend_of(url).connect(url))
    store: DurableStore | None = None
    pending: dict[str, Tracked] = {}
    try:
        metadata = Metadata.read(connection)
        connection.rollback()
        metadata.check_machine(machine)
        needed = not metadata.is_compatible(machine)
        if needed:
            connection.begin_batch()
            _write_state(machine, connection, metadata.version)
            store = DurableStore(machine, connection)
            pending = _restore_pending(machine, store)
            _write_outbox(machine, connection, pending)
            if not dry_run:
                connection.commit_batch()
    finally:
        connection.rollback_batch()
        (connection if store is None else store).close()
    return MigratedDatabase(
        url=redact_url(url),
        machine=machine.name,
        versions=(metadata.version, machine.version),
        types=[str(change) for change in metadata.changes(machine)],
        pending=[format_value(action) for action in pending.values()],
        needed=needed,
        written=needed and not dry_run,
    )


def _write_state(machine: Machine, connection: BatchedConnection, version: int) -> None:
    """Write the migrated fields under a step number of their own, as a restart does."""
    (row,) = connection.execute("SELECT version, state_json FROM fasm_state", ()).rows
    plain = json.loads(row["state_json"])
    if machine.database:
        plain[machine.database] = {}
    fields = machine.encode_state(migrate_state(Engine(machine), version, plain))
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
