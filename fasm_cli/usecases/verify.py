"""Verifies recorded steps: executes them again in fresh processes and compares every record and snapshot."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.engine.trace import encoded_trace_of
from fasm_cli.errors import SessionError
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import StepDifference, Verified
from fasm_cli.reports.steps import FindingReport, format_event_record, format_plain
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.timeline import TakenStep, Timeline
from fasm_cli.simulation import worker
from fasm_cli.simulation.pool import ignore_sigpipe
from fasm_cli.simulation.replicas import Replicas
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.plain import canonical_text
from fasm_cli.usecases.sessions import engine_of

WORDS = {
    "actions": "action",
    "changed_paths": "change",
    "unrestored_ids": "unrestored id",
    "violated_law": "violated law",
}
Compare = Callable[[Record, Record], StepDifference | None]


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


# --- executing a journal again ------------------------------------------------------------------------------------


class JournalReplay:
    """Executes the steps of `journal`, on every branch, again from `initial`.

    `difference` is set when a step differs from its record by `compare`; iterating ends there.
    """

    def __init__(self, engine: Engine, journal: Journal, initial: Any, compare: Compare) -> None:
        self.difference: StepDifference | None = None
        self.timeline = Timeline(engine, initial)
        self._journal = journal
        self._compare = compare

    def steps(self) -> Iterator[tuple[Record, TakenStep]]:
        """Yield each record with the step that it gives now, up to the first difference."""
        journal = self._journal
        last_child = {journal.parent(n): n for n in journal}
        try:
            for recorded, taken in self.timeline.replay(journal.values()):
                self.difference = self._compare(recorded, taken.record)
                if self.difference is not None:
                    return
                yield recorded, taken
                for n in (recorded.n, recorded.parent):
                    if last_child.get(n, 0) <= recorded.n:
                        self.timeline.evict(n)
        except CannotReplay as failed:
            record: Record = failed.recorded
            text = format_event_record(record.event)
            self.difference = StepDifference(record.n, "event", text, f"can no longer be taken: {failed.reason}")


def strict_diff(old: Record, new: Record) -> StepDifference | None:
    """The first thing in which two records of one step differ. The law that it violates is not compared."""
    for what in ("event", "outcome", "error", "actions", "changed_paths", "unrestored_ids", "digest"):
        was, is_now = getattr(old, what), getattr(new, what)
        if canonical_text(was) != canonical_text(is_now):
            return narrow_diff(old.n, what, was, is_now)
    return None


def narrow_diff(step: int, what: str, old: Any, new: Any) -> StepDifference:
    """Describe a difference as narrowly as possible: for two lists, by the first element that differs."""
    if isinstance(old, list) and isinstance(new, list):
        at = next((at for at, (was, is_now) in enumerate(zip(old, new, strict=False)) if was != is_now), None)
        at = min(len(old), len(new)) if at is None else at
        was, is_now = ("".join(map(_text, side[at : at + 1])) for side in (old, new))
        return StepDifference(step, f"{WORDS.get(what, what)} {at + 1}", was, is_now)
    if what == "event":
        return StepDifference(step, what, format_event_record(old), format_event_record(new))
    return StepDifference(step, WORDS.get(what, what), _text(old), _text(new))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else format_plain(value)
