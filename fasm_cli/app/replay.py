"""Running a trace again: does it still break, and does it still go the same way?"""

from pathlib import Path

from fasm_cli.app.reports import Finding, Replayed, Stepped
from fasm_cli.app.sessions import recorded_finding
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.codec import Mismatch
from fasm_cli.core.errors import SessionError
from fasm_cli.core.event import Event
from fasm_cli.core.machine import Machine
from fasm_cli.core.record import Record
from fasm_cli.core.timeline import Timeline, difference
from fasm_cli.store.catalog import Project
from fasm_cli.store.session import Stored, read_session


def replay(project: Project, path: Path, target: str = "") -> Replayed:
    """Every step that leads to the head of a session or trace, from the initial state in it, with every law."""
    stored = read_session(path)
    header = stored.header
    machine = project.load(target) if target else project.load_named(header.machine)
    try:
        initial = machine.codec.decode(machine.state, header.state)
    except Mismatch as wrong:
        text = f"{path} is a session of {header.machine}, and its initial state does not fit {machine.name}: {wrong}"
        raise SessionError(text, "give the machine it was made with: --machine TARGET") from None
    return _run(machine, project.shown(path), stored, Timeline(machine, initial))


def _run(machine: Machine, shown: str, stored: Stored, timeline: Timeline) -> Replayed:
    workbench = Workbench(machine, timeline)
    steps: list[Stepped] = []
    differs = ""
    finding: Finding | None = None
    for record in Timeline(machine, None, stored.records).path(stored.head):
        before = dict(timeline.now.pending)
        try:
            entry = timeline.retake(record)
        except Mismatch as wrong:
            differs = differs or f"step {record.n} can no longer be taken: {wrong}"
            break
        steps.append(workbench.stepped(entry, before))
        if not differs and not record.same_result(entry.record):
            differs = f"step {record.n} {difference(record, entry.record)}"
        finding = steps[-1].finding
        if finding is not None:
            break
    recorded = recorded_finding(stored.header)
    if finding is None and recorded is not None and recorded.law == "stuck" and not differs and timeline.now.pending:
        finding = Finding("stuck", recorded.why, timeline.head)
    return Replayed(shown, steps, recorded, finding, differs)


def trace_of(machine: Machine, events: list[Event]) -> list[Record]:
    """The records of `events` from the initial state on."""
    timeline = Timeline(machine, machine.instance.initial())
    return [timeline.take(event).record for event in events]
