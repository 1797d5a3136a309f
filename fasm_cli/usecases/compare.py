"""How two sessions differ: by the steps that lead to where they are, and by the states there."""

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.records import Record
from fasm_cli.errors import FasmError, MachineError, SessionError, UsageError
from fasm_cli.project.load import load_for_file
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import Compared, StepPair, StepSummary
from fasm_cli.reports.steps import Change, diff_report, format_event_record
from fasm_cli.sessions import Stored, read_session
from fasm_cli.usecases.compatibility import check_version
from fasm_cli.usecases.sessions import timeline_of

AT = re.compile(r"(.+)@([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a file, and the step that is meant."""

    shown: str
    path: Path
    stored: Stored
    step: int

    def way(self) -> list[Record]:
        return self.stored.journal().ancestors(self.step)


def compare(project: Project, a: str, b: str, target: str = "") -> Compared:
    """Two sessions where their heads are; where one is given as `SESSION@STEP`, only the states of the two steps.

    Raises `UsageError` for a step that is not there, and what keeps states from being told where only they are asked
    for.
    """
    sides = (side_of(project, a), side_of(project, b))
    asked = any(_named(project, each)[1] is not None for each in (a, b))
    ways = [side.way() for side in sides]
    parted, pairs = (-1, []) if asked else _ways(*sides, *ways)
    problem = ""
    states: list[Change] = []
    try:
        states = _states(project, sides, target)
    except FasmError as error:
        if asked:
            raise
        problem = error.message
    one, other = (f"{side.shown}@{side.step}" if asked else side.shown for side in sides)
    return Compared(one, other, not asked, (len(ways[0]), len(ways[1])), parted, pairs, states, problem)


def _named(project: Project, text: str) -> tuple[str, int | None]:
    """The session and the step that `SESSION@STEP` means; a file whose name is like that goes first."""
    found = AT.fullmatch(text)
    if found is None or project.session_path(text).exists():
        return text, None
    return found[1], int(found[2])


def side_of(project: Project, text: str) -> Side:
    """What `SESSION` or `SESSION@STEP` names. Raises `UsageError` for a step that is not there."""
    name, step = _named(project, text)
    path = project.session_path(name)
    stored = read_session(path)
    if step is not None and step > len(stored.records):
        raise UsageError(f"{path} has no step {step}", f"steps go from 0 to {len(stored.records)}")
    return Side(project.display_path(path), path, stored, stored.head if step is None else step)


def _ways(a: Side, b: Side, way_a: list[Record], way_b: list[Record]) -> tuple[int, list[StepPair]]:
    """Where the ways part, and the steps that are not the same from there on."""
    parted = -1 if a.stored.header.machine.state == b.stored.header.machine.state else 0
    pairs = []
    for place, (record, other_record) in enumerate(zip_longest(way_a, way_b), 1):
        one, other = (None if each is None else _told(each) for each in (record, other_record))
        if record is not None and other_record is not None and _same(record, other_record):
            continue
        parted = place if parted < 0 else parted
        pairs.append(StepPair(place, one, other))
    return parted, pairs


def _same(one: Record, other: Record) -> bool:
    """Whether both say the same of what happened; the state as a whole has its own comparison."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("event", "outcome", "error", "actions", "changed_paths")
    )


def _told(record: Record) -> StepSummary:
    return StepSummary(record.n, format_event_record(record.event), record.outcome, record.error, record.changed_paths)


def _states(project: Project, sides: tuple[Side, Side], target: str) -> list[Change]:
    """By path. Two states of one machine are compared as they are, others as plain data."""
    engines: dict[str, Engine] = {}
    (engine, state), (other, other_state) = (_state(project, side, engines, target) for side in sides)
    if engine is None or engine is not other:
        state = state if engine is None else engine.machine.encode_state(state)
        other_state = other_state if other is None else other.machine.encode_state(other_state)
    return diff_report(state, other_state)


def _state(project: Project, side: Side, engines: dict[str, Engine], target: str) -> tuple[Engine | None, Any]:
    """The state with its machine, which is loaded once for both; plain and without one where it does not fit any more
    but the file itself has that state."""
    header = side.stored.header
    reference = target or header.machine.name
    try:
        if reference not in engines:
            engines[reference] = load_for_file(project, header.machine.name, target)
        engine = engines[reference]
        check_version(side.path, header, engine.machine, given=bool(target))
        return engine, timeline_of(engine, side.path, side.stored, side.step).now.state
    except (SessionError, MachineError):
        kept = _kept(side)
        if kept is None:
            raise
        return None, kept


def _kept(side: Side) -> Any:
    """The state as the file has it, in a snapshot or at its beginning; None where it was changed since."""
    records, at = side.stored.records, side.step
    while at and at not in side.stored.snapshots:
        if records[at - 1].changed_paths:
            return None
        at = records[at - 1].parent
    return side.stored.snapshots[at] if at else side.stored.header.machine.state
