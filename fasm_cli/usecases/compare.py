"""Compares two sessions: the steps that lead to their heads, and the states there."""

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
from fasm_cli.reports.sessions import Compared, StepPair
from fasm_cli.reports.steps import Change, StepSummary, diff_report, format_event_record
from fasm_cli.sessions.model import Stored
from fasm_cli.sessions.reader import read_session
from fasm_cli.usecases.sessions import check_version, timeline_of

AT = re.compile(r"(.+)@([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a session file, and a step in it."""

    name: str
    path: Path
    stored: Stored
    step: int

    def path_records(self) -> list[Record]:
        return self.stored.journal().ancestors(self.step)


def compare(project: Project, a: str, b: str, target: str = "") -> Compared:
    """Compare two sessions at their heads. If one is given as `SESSION@STEP`, compare only the states at two steps.

    `target` names the machine if the files may not. Raises `UsageError` for a step that does not exist; and, if only
    states are compared, `SessionError` and `MachineError` if a state cannot be computed. In a comparison of sessions
    that is reported as `problem`.
    """
    sides = (side_of(project, a), side_of(project, b))
    only_states = any(_split(project, each)[1] is not None for each in (a, b))
    paths = [side.path_records() for side in sides]
    first_difference, pairs = (-1, []) if only_states else _compare_paths(*sides, *paths)
    problem = ""
    states: list[Change] = []
    try:
        states = _states(project, sides, target)
    except FasmError as error:
        if only_states:
            raise
        problem = error.message
    one, other = (f"{side.name}@{side.step}" if only_states else side.name for side in sides)
    return Compared(
        one, other, not only_states, (len(paths[0]), len(paths[1])), first_difference, pairs, states, problem
    )


def _split(project: Project, text: str) -> tuple[str, int | None]:
    """Split `SESSION@STEP`; None for the step if there is none. A file that has this whole name is preferred."""
    found = AT.fullmatch(text)
    if found is None or project.session_path(text).exists():
        return text, None
    return found[1], int(found[2])


def side_of(project: Project, text: str) -> Side:
    """Read what `SESSION` or `SESSION@STEP` names. Raises `UsageError` for a step that does not exist."""
    name, step = _split(project, text)
    path = project.session_path(name)
    stored = read_session(path)
    if step is not None and step > len(stored.records):
        raise UsageError(f"{path} has no step {step}", f"steps go from 0 to {len(stored.records)}")
    return Side(project.display_path(path), path, stored, stored.head if step is None else step)


def _compare_paths(a: Side, b: Side, path_a: list[Record], path_b: list[Record]) -> tuple[int, list[StepPair]]:
    """The first position at which the paths differ (0: the initial state, -1: none), and the steps that differ."""
    first_difference = -1 if a.stored.header.machine.state == b.stored.header.machine.state else 0
    pairs = []
    for position, (record, other_record) in enumerate(zip_longest(path_a, path_b), 1):
        one, other = (None if each is None else _summary(each) for each in (record, other_record))
        if record is not None and other_record is not None and _same(record, other_record):
            continue
        first_difference = position if first_difference < 0 else first_difference
        pairs.append(StepPair(position, one, other))
    return first_difference, pairs


def _same(one: Record, other: Record) -> bool:
    """Whether two records agree; states are compared on their own."""
    return all(
        getattr(one, name) == getattr(other, name) for name in ("event", "outcome", "error", "actions", "changed_paths")
    )


def _summary(record: Record) -> StepSummary:
    return StepSummary(record.n, format_event_record(record.event), record.outcome, record.error, record.changed_paths)


def _states(project: Project, sides: tuple[Side, Side], target: str) -> list[Change]:
    """The differences of the two states by path: as values if both are of one machine, else as plain data."""
    engines: dict[str, Engine] = {}
    (engine, state), (other, other_state) = (_state(project, side, engines, target) for side in sides)
    if engine is None or engine is not other:
        state = state if engine is None else engine.machine.encode_state(state)
        other_state = other_state if other is None else other.machine.encode_state(other_state)
    return diff_report(state, other_state)


def _state(project: Project, side: Side, engines: dict[str, Engine], target: str) -> tuple[Engine | None, Any]:
    """The state of a side, with its machine, which is loaded once for both sides.

    If the machine no longer fits, the state as plain data and None, provided that the file has that state.
    """
    header = side.stored.header
    reference = target or header.machine.name
    try:
        if reference not in engines:
            engines[reference] = load_for_file(project, header.machine.name, target)
        engine = engines[reference]
        check_version(side.path, header, engine.machine, given=bool(target))
        return engine, timeline_of(engine, side.path, side.stored, side.step).now.state
    except (SessionError, MachineError):
        stored = _stored_state(side)
        if stored is None:
            raise
        return None, stored


def _stored_state(side: Side) -> Any:
    """The state that the file has, of a snapshot or at the beginning; None if steps have changed it since."""
    records, at = side.stored.records, side.step
    while at and at not in side.stored.snapshots:
        if records[at - 1].changed_paths:
            return None
        at = records[at - 1].parent
    return side.stored.snapshots[at] if at else side.stored.header.machine.state
