"""Verifies recorded steps: executes them again in fresh processes and compares every record and snapshot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fasm_cli.engine.occurrence import encoded_trace_of
from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import StepDifference, Verified
from fasm_cli.reports.steps import FindingReport
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.simulation import worker
from fasm_cli.simulation.pool import ignore_sigpipe
from fasm_cli.simulation.replicas import Replicas
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import canonical_text
from fasm_cli.usecases.journal_replay import JournalReplay, narrow_diff, strict_diff
from fasm_cli.usecases.sessions import engine_of


def verify(project: Project, name: str, target: str = "") -> Verified:
    """Verify a session: every step of every branch, every snapshot, and, by comparing processes, the steps to its head.

    Raises `SessionError` if the file cannot be read or belongs to another machine.
    """
    path = project.session_path(name)
    stored = read_session(path)
    engine = engine_of(project, path, stored, target)
    steps = stored.journal().ancestors(stored.head)
    with ignore_sigpipe(), Replicas(engine, project) as replicas:
        difference = replicas.call(first_difference_of_file, str(path))
        found = difference or _compare_processes(replicas, stored.header.machine.state, steps)
    return Verified(
        project.display_path(path), stored.header.machine.name, len(stored.records), len(stored.snapshots), found
    )


def verify_here(project: Project, timeline: Timeline) -> Verified:
    """Verify the steps from the initial state to the head of `timeline`; others may be older than the last reload."""
    machine = timeline.machine
    initial, steps = machine.encode_state(timeline.snapshot(0).state), timeline.ancestors()
    with ignore_sigpipe(), Replicas(timeline.engine, project) as replicas:
        found = replicas.call(first_difference, initial, steps) or _compare_processes(replicas, initial, steps)
    return Verified("", machine.reference, len(steps), 0, found)


def _compare_processes(replicas: Replicas, initial: Any, steps: list[Record]) -> FindingReport | None:
    """The first finding of the laws that need several processes. They start in the machine's own initial state, so
    there is none for a session that starts in another."""
    machine = replicas.machine
    if canonical_text(initial) != canonical_text(machine.encode_state(replicas.engine.initial())):
        return None
    found = next(replicas.findings(encoded_trace_of(steps)), None)
    return None if found is None else FindingReport(found.law, found.reason, found.last_step)


# --- in a worker: each call in a fresh process --------------------------------------------------------------------


@worker.forked
def first_difference_of_file(path: str) -> StepDifference | None:
    """The first difference in a session file."""
    stored = read_session(Path(path))
    return _find_difference(stored.header.machine.state, stored.journal(), stored.snapshots)


@worker.forked
def first_difference(initial: Any, steps: list[Record]) -> StepDifference | None:
    """The first difference in `steps`, which begin in the state `initial`."""
    journal = Journal()
    for record in steps:
        journal.append(record)
    return _find_difference(initial, journal, {})


def _find_difference(initial: Any, journal: Journal, snapshots: Mapping[int, Any]) -> StepDifference | None:
    """The first difference of a step or snapshot."""
    engine = worker.current_worker().engine
    machine = engine.machine
    try:
        state = engine.decode_state(initial)
    except DecodeError as wrong:
        raise SessionError(f"the initial state does not fit {machine.name}: {wrong}") from None
    replay = JournalReplay(engine, journal, state, strict_diff)
    for record, entry in replay.steps():
        if record.n in snapshots:
            stored, now = snapshots[record.n], machine.encode_state(entry.state)
            if canonical_text(stored) != canonical_text(now):
                return narrow_diff(record.n, "state", stored, now)
    return replay.difference
