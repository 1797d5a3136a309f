"""Whether steps still come out as they were recorded, asked of processes that have done nothing before."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fasm_cli.engine.occurrence import encoded_trace_of
from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import StepDifference, Verified
from fasm_cli.reports.steps import Finding
from fasm_cli.sessions import read_session
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.simulation import worker
from fasm_cli.simulation.pool import ignore_sigpipe
from fasm_cli.simulation.replicas import Replicas
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import canonical_text
from fasm_cli.usecases.compatibility import engine_of
from fasm_cli.usecases.journal_replay import JournalReplay, narrow_diff, strict_diff


def verify(project: Project, name: str, target: str = "") -> Verified:
    """A session: every step of every branch, every snapshot, and what the way to its head leaves behind. Raises
    `SessionError` for a file that is not whole or not of this machine."""
    path = project.session_path(name)
    stored = read_session(path)
    engine = engine_of(project, path, stored, target)
    way = stored.journal().ancestors(stored.head)
    with ignore_sigpipe(), Replicas(engine, project) as replicas:
        found = replicas.call(first_of_file, str(path)) or _doubt(replicas, stored.header.machine.state, way)
    return Verified(
        project.display_path(path), stored.header.machine.name, len(stored.records), len(stored.snapshots), found
    )


def verify_here(project: Project, timeline: Timeline) -> Verified:
    """The steps that lead to the head: only they were taken by the machine as it is now, where it was reloaded."""
    machine = timeline.machine
    initial, way = machine.encode_state(timeline.snapshot(0).state), timeline.ancestors()
    with ignore_sigpipe(), Replicas(timeline.engine, project) as replicas:
        found = replicas.call(first_of_way, initial, way) or _doubt(replicas, initial, way)
    return Verified("", machine.reference, len(way), 0, found)


def _doubt(replicas: Replicas, initial: Any, way: list[Record]) -> Finding | None:
    """What shows only when processes are compared; they begin in the machine's own initial state."""
    machine = replicas.machine
    if canonical_text(initial) != canonical_text(machine.encode_state(replicas.engine.initial())):
        return None
    found = next(replicas.findings(encoded_trace_of(way)), None)
    return None if found is None else Finding(found.law, found.reason, found.last_step)


# --- what a worker does: each in a process that has done nothing before -------------------------------------------


@worker.forked
def first_of_file(path: str) -> StepDifference | None:
    """The first difference in a session file."""
    stored = read_session(Path(path))
    return _first(stored.header.machine.state, stored.journal(), stored.snapshots)


@worker.forked
def first_of_way(initial: Any, way: list[Record]) -> StepDifference | None:
    """The first difference in the steps of `way`, which begin in the state `initial`."""
    journal = Journal()
    for record in way:
        journal.append(record)
    return _first(initial, journal, {})


def _first(initial: Any, history: Journal, snapshots: Mapping[int, Any]) -> StepDifference | None:
    """The first step, or snapshot, that does not come out the same."""
    engine = worker.current_worker().engine
    machine = engine.machine
    try:
        state = engine.decode_state(initial)
    except DecodeError as wrong:
        raise SessionError(f"the initial state does not fit {machine.name}: {wrong}") from None
    rerun = JournalReplay(engine, history, state, strict_diff)
    for record, entry in rerun.steps():
        if record.n in snapshots:
            kept, now = snapshots[record.n], machine.encode_state(entry.state)
            if canonical_text(kept) != canonical_text(now):
                return narrow_diff(record.n, "state", kept, now)
    return rerun.difference
