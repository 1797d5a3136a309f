"""Carrying a session over to its machine as it is now: into a new file, the old one kept.

The initial state is put through the machine's `migrate`, and then every step of every branch is run again from it. That
is what makes the new file true: nothing in it is a guess at what would have happened. Where a step is not committed or
rejected as it was, for the same reason, or does not emit tracked actions under the same ids in the same places, the new
machine has another history; then nothing is written.
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
from fasm_cli.sessions import FORMAT, SNAPSHOT_EVERY, Header, Stored, read_session, render_session, write_copy
from fasm_cli.sessions.model import Marks
from fasm_cli.types.codec import DecodeError
from fasm_cli.types.diff import diff_values
from fasm_cli.usecases.compatibility import changes_since, same_types
from fasm_cli.usecases.journal_replay import JournalReplay, narrow_diff


def migrate(project: Project, name: str, target: str = "", *, dry_run: bool = False) -> Migrated:
    """The session under `name`, for the machine it names or the one given by hand. Raises `SessionError` for a file or
    a version that nothing can be done with, `MachineError` where `migrate` gives what is no state."""
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
            "a session is only carried forward",
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
    """The state that was stored as `plain` by `version` of the machine, as one of the present version."""
    machine = engine.machine
    own = machine.migrates and version < machine.version
    data = machine.instance.migrate(version, plain) if own else plain
    try:
        return engine.decode_state(data)
    except DecodeError as wrong:
        if own:
            text = f"{machine.name}: migrate({version}, …) gives what is no state of version {machine.version}: {wrong}"
            raise MachineError(text, "give the whole state as plain data, as it stands in a session") from None
        now = "raise `version` and write" if version == machine.version else "write"
        raise SessionError(
            f"the states of version {version} do not fit {machine.name}: {wrong}",
            f"{now} `def migrate(self, version, data)` in {machine.name}",
        ) from None


def _replay_all(
    engine: Engine, stored: Stored, initial: Any
) -> tuple[list[Record], dict[int, Any], StepDifference | None]:
    """The steps as they are now, with their snapshots; or where they go another way."""
    steps: list[Record] = []
    snapshots: dict[int, Any] = {}
    rerun = JournalReplay(engine, stored.journal(), initial, behavioural_diff)
    for record, entry in rerun.steps():
        if record.n in stored.snapshots:
            kept = migrate_state(engine, stored.header.machine.version, stored.snapshots[record.n])
            apart = diff_values(kept, entry.state)
            if apart:
                what = f"state, {apart[0].path}"
                return [], {}, StepDifference(record.n, what, *apart[0].before_after)
        steps.append(entry.record)
        if record.n in stored.snapshots or record.n % SNAPSHOT_EVERY == 0:
            snapshots[record.n] = engine.machine.encode_state(entry.state)
    return steps, snapshots, rerun.difference


def behavioural_diff(old: Record, new: Record) -> StepDifference | None:
    """The first thing in which a step went another way; its values may be told in other words."""
    for what in ("outcome", "violated_law"):
        was, is_now = getattr(old, what), getattr(new, what)
        if was != is_now:
            return narrow_diff(old.n, what, was, is_now)
    if old.outcome == "rejected" and _name(old.error) != _name(new.error):
        return narrow_diff(old.n, "error", old.error, new.error)
    was, is_now = (dict(_tracked(record)) for record in (old, new))
    for at in sorted({*was, *is_now}):
        if was.get(at) != is_now.get(at):
            return StepDifference(old.n, f"action {at}", *(_action(record, at) for record in (old, new)))
    return None


def _tracked(record: Record) -> Iterator[tuple[int, str]]:
    """The tracked actions by their place, each as its id: that is what later steps hold on to."""
    for at, action in enumerate(record.actions, 1):
        if action.get("type") == "Tracked":
            yield at, format_plain(action.get("id"))


def _action(record: Record, at: int) -> str:
    return "".join(map(format_plain, record.actions[at - 1 : at]))


def _name(error: str) -> str:
    return error.partition("(")[0]


def candidate_names(path: Path, version: int) -> Iterator[Path]:
    """`shop.v2.toml` beside `shop.toml` for version 2, `shop.v2-2.toml` where that is taken, and so on."""
    stem = sub(r"\.v\d+(-\d+)?\Z", "", path.stem)
    yield path.with_name(f"{stem}.v{version}.toml")
    for number in count(2):
        yield path.with_name(f"{stem}.v{version}-{number}.toml")
