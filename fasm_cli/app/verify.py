"""Whether a session still comes out as it is written, asked of a process that has done nothing before."""

from pathlib import Path

from fasm_cli.app import worker
from fasm_cli.app.fitting import machine_of
from fasm_cli.app.reports import StepDifference, Verified
from fasm_cli.app.rerun import Rerun, exactly, part_of
from fasm_cli.core.codec import Mismatch
from fasm_cli.core.codec.plain import canonical_text
from fasm_cli.core.errors import SessionError
from fasm_cli.sim.executors import Pool, pipes_may_break
from fasm_cli.sim.replica import HASH_SEEDS
from fasm_cli.store.catalog import Project
from fasm_cli.store.session import read_session


def verify(project: Project, name: str, target: str = "") -> Verified:
    """Every step of every branch, and every snapshot. Raises `SessionError` for a file that is not whole or not of this
    machine."""
    path = project.session_path(name)
    stored = read_session(path)
    machine = machine_of(project, path, stored, target)
    with (
        pipes_may_break(),
        Pool(1, HASH_SEEDS[0], worker.set_up, str(project.root), project.db, machine.reference) as pool,
    ):
        found = pool.one(first_difference, str(path))
    return Verified(project.shown(path), stored.header.machine, len(stored.records), len(stored.snapshots), found)


@worker.told
def first_difference(path: str) -> StepDifference | None:
    """What a worker does: the whole file at `path`, run by its machine."""
    machine, stored = worker.here().machine, read_session(Path(path))
    try:
        initial = machine.decode_state(stored.header.state)
    except Mismatch as wrong:
        raise SessionError(f"{path}: its initial state does not fit {machine.name}: {wrong}") from None
    rerun = Rerun(machine, stored, initial, exactly)
    for record, entry in rerun.entries():
        if record.n in stored.snapshots:
            kept, now = stored.snapshots[record.n], machine.encode_state(entry.state)
            if canonical_text(kept) != canonical_text(now):
                return part_of(record.n, "state", kept, now)
    return rerun.finding
