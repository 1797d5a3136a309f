"""Running a trace again: does it still break, and does it still go the same way?"""

import shlex
from dataclasses import replace
from pathlib import Path

from fasm_cli.contract.database import redact_url
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import decode_event
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.occurrence import encoded_trace_of
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.errors import FasmError, SessionError, UsageError
from fasm_cli.laws.pages import fix_for
from fasm_cli.project.load import load_for_file
from fasm_cli.project.project import Project
from fasm_cli.reports.simulation import Replayed, TraceLine, Traces
from fasm_cli.reports.steps import Finding, StepReport, TraceStep, step_report
from fasm_cli.sessions import Stored, read_session
from fasm_cli.sessions.timeline import Timeline, difference
from fasm_cli.simulation.network import liveness_violation_of
from fasm_cli.simulation.trace import LIVENESS_LAWS
from fasm_cli.types.codec import DecodeError
from fasm_cli.usecases.sessions import recorded_finding

SHOWN_BY_REPLICAS = ("deterministic", "hidden", "reads", "restore")


def replay(project: Project, path: Path, target: str = "") -> Replayed:
    """Every step that leads to the head of a session or trace, from the initial state in it, with every law."""
    stored = read_session(path)
    engine = load_for_file(project, stored.header.machine.name, target)
    return replayed(project, engine, path, stored)


def replayed(project: Project, engine: Engine, path: Path, stored: Stored) -> Replayed:
    """As `replay`, of what was read already."""
    try:
        initial = engine.decode_state(stored.header.machine.state)
    except DecodeError as wrong:
        of = stored.header.machine.name
        text = f"{path} is a session of {of}, and its initial state does not fit {engine.machine.name}: {wrong}"
        raise SessionError(text, "give the machine it was made with: --machine TARGET") from None
    recorded = recorded_finding(stored.header)
    steps, finding, differs = _replay_steps(stored, Timeline(engine, initial), recorded)
    if finding is None and recorded is not None and recorded.law in SHOWN_BY_REPLICAS and steps:
        finding = _by_replicas(project, engine, stored, recorded)
    return Replayed(project.display_path(path), steps, recorded, finding, differs)


def _replay_steps(
    stored: Stored, timeline: Timeline, recorded: Finding | None
) -> tuple[list[StepReport], Finding | None, str]:
    """The steps, the first violation (of the recorded law, where there is one), and the first difference."""
    steps: list[StepReport] = []
    differs = ""
    finding: Finding | None = None
    before = timeline.now
    try:
        for record, taken in timeline.replay(stored.journal().ancestors(stored.head)):
            steps.append(step_report(timeline, taken, before))
            before = timeline.now
            if not differs and not record.same_outcome_as(taken.record):
                differs = f"step {record.n} {difference(record, taken.record)}"
            found = steps[-1].finding
            finding = finding or found
            if found is not None and (recorded is None or recorded.law == found.law):
                return steps, found, differs
    except CannotReplay as failed:
        return steps, finding, differs or f"step {failed.recorded.n} can no longer be taken: {failed.reason}"
    at_rest = recorded is not None and recorded.law.startswith(LIVENESS_LAWS)
    if recorded is not None and at_rest and finding is None and not differs:
        unrest = liveness_violation_of(timeline.machine, timeline.now.pending, timeline.now.state)
        if unrest is not None and unrest.law == recorded.law:
            finding = Finding(unrest.law, unrest.reason, timeline.head)
    return steps, finding, differs


def _by_replicas(project: Project, engine: Engine, stored: Stored, recorded: Finding) -> Finding | None:
    """The recorded violation, where it shows only when processes are compared."""
    from fasm_cli.simulation.pool import ignore_sigpipe
    from fasm_cli.simulation.replicas import Replicas

    trace = encoded_trace_of(stored.journal().ancestors(stored.head))
    with ignore_sigpipe(), Replicas(engine, project) as replicas:
        found = next((each for each in replicas.findings(trace) if each.law == recorded.law), None)
    return None if found is None else Finding(found.law, found.reason, found.last_step)


def still_breaks(project: Project, engine: Engine, path: Path, stored: Stored) -> Finding | None:
    """The recorded finding, as it is told, where the trace still breaks its law."""
    machine = engine.machine
    told = replayed(project, engine, path, stored)
    recorded, finding = told.recorded, told.finding
    if recorded is None or finding is None or finding.law != recorded.law:
        return None
    quiet = int((stored.header.finding or {}).get("quiescing_from", 0))
    return replace(
        recorded,
        trace=project.display_path(path),
        reproduce=replay_line(project, machine, path),
        why=finding.why,
        steps=trace_steps(machine, [step.record for step in told.steps], quiet),
        fix=fix_for(recorded.law),
    )


def replay_line(project: Project, machine: Machine, path: Path) -> str:
    """What to type to replay the trace at `path`; the machine too, where the file alone may not name it."""
    by_hand = (
        ""
        if project.is_trusted_reference(project.reference(machine))
        else f" --machine {shlex.quote(machine.reference)}"
    )
    return f"fasm replay {shlex.quote(project.display_path(path))}{by_hand}{db_flag(project)}"


def db_flag(project: Project) -> str:
    """What to add to a command line where states are kept elsewhere than their machines say."""
    return f" --db {shlex.quote(redact_url(project.db))}" if project.db else ""


def trace_steps(machine: Machine, records: list[Record], quiet: int) -> list[TraceStep]:
    """The steps of a trace as a finding shows them, up to the quiet phase."""
    shown = records[: quiet - 1] if quiet else records
    return [
        TraceStep(
            record.n,
            decode_event(machine, record.event, None).format(),
            record.outcome,
            record.error,
            record.changed_paths,
        )
        for record in shown
    ]


def replay_all(project: Project, folder: Path, by_hand: str = "") -> Traces:
    """Every `*.toml` in `folder`, by name. Raises `UsageError` where there is none."""
    paths = sorted(path for path in folder.glob("*.toml") if path.is_file())
    if not paths:
        raise UsageError(f"no traces in {folder}")
    return Traces([_line(project, path, by_hand) for path in paths])


def _line(project: Project, path: Path, by_hand: str) -> TraceLine:
    try:
        told = replay(project, path, by_hand)
    except FasmError as error:
        return TraceLine(project.display_path(path), 0, None, None, "", error.message)
    return TraceLine(told.path, len(told.steps), told.recorded, told.finding, told.difference)
