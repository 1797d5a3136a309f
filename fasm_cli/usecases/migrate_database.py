"""Carrying the database of a machine that runs for real over to the machine as it is now."""

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
    """The database at `url`, for the machine TARGET names. Raises `SessionError` for a database or a version that
    nothing can be done with, or that a process has; `MachineError` where `migrate` gives what is no state."""
    machine = import_machine(project, target)
    engine = Engine(machine)
    shown = redact_url(url)
    lock = lock_of(url)
    if lock is not None:
        lock.acquire()
    try:
        done = migrate_stored(
            machine, url, lambda version, plain: migrate_state(engine, version, plain), keep=not dry_run
        )
    except DatabaseError as error:
        raise SessionError(f"cannot migrate {shown}: {error}", "nothing of it is changed") from None
    finally:
        if lock is not None:
            lock.release()
    return MigratedDatabase(
        url=shown,
        machine=machine.name,
        versions=(done.version, machine.version),
        types=[str(change) for change in done.types],
        pending=done.pending,
        needed=done.needed,
        written=done.needed and not dry_run,
    )
