"""Migrates the database of a machine in production to the machine as it is now."""

from fasm_cli.contract.database import DatabaseError, redact_url
from fasm_cli.engine.engine import Engine
from fasm_cli.errors import SessionError
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import MigratedDatabase
from fasm_cli.runtime.runtime import lock_of
from fasm_cli.stores.migrate import migrate_stored
from fasm_cli.usecases.migrate_session import migrate_state


def migrate_database(project: Project, target: str, url: str, *, dry_run: bool = False) -> MigratedDatabase:
    """Migrate the database at `url` to the machine that TARGET names; with `dry_run`, only report.

    Raises `SessionError` if the database cannot be migrated or another process uses it, `MachineError` if `migrate`
    returns something that is not a state.
    """
    machine = import_machine(project, target)
    engine = Engine(machine)
    label = redact_url(url)
    lock = lock_of(url)
    if lock is not None:
        lock.acquire()
    try:
        result = migrate_stored(
            machine, url, lambda version, plain: migrate_state(engine, version, plain), dry_run=dry_run
        )
    except DatabaseError as error:
        raise SessionError(f"cannot migrate {label}: {error}", "the database is unchanged") from None
    finally:
        if lock is not None:
            lock.release()
    return MigratedDatabase(
        url=label,
        machine=machine.name,
        versions=(result.version, machine.version),
        types=[str(change) for change in result.types],
        pending=result.pending,
        needed=result.needed,
        written=result.needed and not dry_run,
    )
