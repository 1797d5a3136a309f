"""Migrates a session to the present version of its machine, into a new file.

The machine's `migrate` converts the initial state, and every step of every branch is executed again from there, so
the new file holds only what the machine really does. Nothing is written if a step has another outcome, is rejected for
another reason, or emits tracked actions at other positions or under other ids: the new machine has another history.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from os.path import lexists
from pathlib import Path
from re import sub
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.records import Record
from fasm_cli.errors import MachineError, SessionError
from fasm_cli.project.load import load_for_file
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import Migrated, StepDifference
from fasm_cli.reports.steps import format_plain
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.model import FORMAT, SNAPSHOT_EVERY, Header, Marks, Stored
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import write_copy
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.diff import diff_values
from fasm_cli.usecases.sessions import changes_since, same_types
from fasm_cli.usecases.verify import JournalReplay, narrow_diff


def migrate(project: Project, name: str, target: str = "", *, dry_run: bool = False) -> Migrated:
    """Migrate the session `name` to the machine it names, or to `target`. With `dry_run`, write nothing.

    Raises `SessionError` if the file cannot be read or migrated, and `MachineError` if the machine's `migrate` does not
    return a state.
    """
    path = project.session_path(name)
    stored = read_session(path)
    header = stored.header
    engine = load_for_file(project, header.machine.name, target)
    machine = engine.machine
    versions = (header.machine.version, machine.version)
    if header.machine.version > machine.version:
        raise SessionError(
            f"{path} is a session of {header.machine.name} version {header.machine.version}; {machine.name} is version "
            f"{machine.version}, which is older",
            "a session is only migrated to a newer version",
        )
    report = Migrated(
        path=project.display_path(path),
        target="",
        machine=header.machine.name,
        versions=versions,
        formats=(header.format, FORMAT),
        types=[str(change) for change in changes_since(header, machine)],
        steps=len(stored.records),
        written=False,
        dry_run=dry_run,
    )
    if header.format == FORMAT and versions[0] == versions[1] and same_types(header, machine):
        return report
    initial = migrate_state(engine, header.machine.version, header.machine.state)
    steps, snapshots, finding = _replay_all(engine, stored, initial)
    if finding is not None:
        return replace(report, finding=finding)
    paths = candidate_names(path, machine.version)
    if dry_run:
        return replace(report, target=project.display_path(next(each for each in paths if not lexists(each))))
    reference = project.reference(machine) if target else header.machine.name
    origin = {**header.origin, "migrated": f"{path.name}, version {header.machine.version}"}
    state = machine.encode_state(initial)
    new = Header.alone(reference, machine.version, machine.types, state, origin, header.finding)
    written = write_copy(paths, render_session(new, steps, snapshots, stored.head, Marks.of(stored.marks).current()))
    return replace(report, target=project.display_path(written), written=True)


def migrate_state(engine: Engine, version: int, plain: Any) -> Any:
    """The state that `version` of the machine stored as `plain`, converted to the present version. Raises
    `SessionError` or `MachineError`, as `migrate`."""
    machine = engine.machine
    own = machine.migrates and version < machine.version
    data = machine.instance.migrate(version, plain) if own else plain
    try:
        return engine.decode_state(data)
    except DecodeError as wrong:
        if own:
            text = (
                f"{machine.name}: migrate({version}, …) does not return a state of version {machine.version}: {wrong}"
            )
            raise MachineError(text, "return the whole state as plain data, as a session stores it") from None
        now = "raise `version` and write" if version == machine.version else "write"
        raise SessionError(
            f"the states of version {version} do not fit {machine.name}: {wrong}",
            f"{now} `def migrate(self, version, data)` in {machine.name}",
        ) from None


def _replay_all(
    engine: Engine, stored: Stored, initial: Any
) -> tuple[list[Record], dict[int, Any], StepDifference | None]:
    """The steps of the present machine with their snapshots, or the first difference."""
    steps: list[Record] = []
    snapshots: dict[int, Any] = {}
    replay = JournalReplay(engine, stored.journal(), initial, behavioural_diff)
    for record, entry in replay.steps():
        if record.n in stored.snapshots:
            migrated = migrate_state(engine, stored.header.machine.version, stored.snapshots[record.n])
            changes = diff_values(migrated, entry.state)
            if changes:
                return [], {}, StepDifference(record.n, f"state, {changes[0].path}", *changes[0].before_after)
        steps.append(entry.record)
        if record.n in stored.snapshots or record.n % SNAPSHOT_EVERY == 0:
            snapshots[record.n] = engine.machine.encode_state(entry.state)
    return steps, snapshots, replay.difference


def behavioural_diff(old: Record, new: Record) -> StepDifference | None:
    """The first difference in behaviour between two records of a step: outcome, violated law, class of the rejection,
    or the ids and positions of tracked actions. Texts and other values may differ."""
    for part in ("outcome", "violated_law"):
        before, now = getattr(old, part), getattr(new, part)
        if before != now:
            return narrow_diff(old.n, part, before, now)
    if old.outcome == "rejected" and _class_of(old.error) != _class_of(new.error):
        return narrow_diff(old.n, "error", old.error, new.error)
    before, now = _tracked_ids(old), _tracked_ids(new)
    for position in sorted({*before, *now}):
        if before.get(position) != now.get(position):
            texts = (_action_text(record, position) for record in (old, new))
            return StepDifference(old.n, f"action {position}", *texts)
    return None


def _tracked_ids(record: Record) -> dict[int, str]:
    """The ids of the tracked actions by position, to which later steps refer."""
    actions = enumerate(record.actions, 1)
    return {at: format_plain(action.get("id")) for at, action in actions if action.get("type") == "Tracked"}


def _action_text(record: Record, position: int) -> str:
    return "".join(map(format_plain, record.actions[position - 1 : position]))


def _class_of(error: str) -> str:
    return error.partition("(")[0]


def candidate_names(path: Path, version: int) -> Iterator[Path]:
    """`shop.v2.toml` beside `shop.toml` for version 2, then `shop.v2-2.toml` and so on."""
    stem = sub(r"\.v\d+(-\d+)?\Z", "", path.stem)
    yield path.with_name(f"{stem}.v{version}.toml")
    for number in count(2):
        yield path.with_name(f"{stem}.v{version}-{number}.toml")
