"""Executes recorded traces again: do they still violate their law, and does every step still come out the same?"""

import shlex
from dataclasses import replace
from pathlib import Path

from fasm_cli.contract.database import redact_url
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import decode_event
from fasm_cli.engine.laws import check_rest
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.engine.trace import encoded_trace_of
from fasm_cli.errors import FasmError, SessionError, UsageError
from fasm_cli.laws.pages import fix_for
from fasm_cli.project.load import load_for_file
from fasm_cli.project.project import Project
from fasm_cli.reports.simulation import Replayed, TraceLine, Traces
from fasm_cli.reports.steps import FindingReport, StepReport, StepSummary, step_report
from fasm_cli.sessions.model import Stored
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.timeline import Timeline, difference
from fasm_cli.simulation.pool import ignore_sigpipe
from fasm_cli.simulation.replicas import Replicas
from fasm_cli.simulation.trace import LIVENESS_LAWS
from fasm_cli.types.codec import DecodeError
from fasm_cli.usecases.sessions import recorded_finding

FOUND_BY_REPLICAS = ("deterministic", "hidden", "reads", "restore")


def replay(project: Project, path: Path, target: str = "") -> Replayed:
    """Execute the steps that lead to the head of the session or trace at `path`, and check every law.

    `target` names the machine if the file may not. Raises `SessionError`, `MachineError`.
    """
    stored = read_session(path)
    engine = load_for_file(project, stored.header.machine.name, target)
    return replay_stored(project, engine, path, stored)


def replay_stored(project: Project, engine: Engine, path: Path, stored: Stored) -> Replayed:
    """Like `replay`, with the file read and its machine loaded."""
    try:
        initial = engine.decode_state(stored.header.machine.state)
    except DecodeError as wrong:
        of = stored.header.machine.name
        text = f"{path} is a session of {of}, and its initial state does not fit {engine.machine.name}: {wrong}"
        raise SessionError(text, "name the machine it was made with: --machine TARGET") from None
    recorded = recorded_finding(stored.header)
    steps, finding, differs = _replay_steps(stored, Timeline(engine, initial), recorded)
    if finding is None and recorded is not None and recorded.law in FOUND_BY_REPLICAS and steps:
        finding = _by_replicas(project, engine, stored, recorded)
    return Replayed(project.display_path(path), steps, recorded, finding, differs)


def _replay_steps(
    stored: Stored, timeline: Timeline, recorded: FindingReport | None
) -> tuple[list[StepReport], FindingReport | None, str]:
    """The steps, the first violation (of the recorded law, if there is one), and the first difference."""
    steps: list[StepReport] = []
    differs = ""
    finding: FindingReport | None = None
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
        return steps, finding, differs or f"cannot replay step {failed.recorded.n}: {failed.reason}"
    is_liveness = recorded is not None and recorded.law.startswith(LIVENESS_LAWS)
    if recorded is not None and is_liveness and finding is None and not differs:
        violation = check_rest(timeline.process)
        if violation is not None and violation.law == recorded.law:
            finding = FindingReport(violation.law, violation.reason, timeline.head)
    return steps, finding, differs


def _by_replicas(project: Project, engine: Engine, stored: Stored, recorded: FindingReport) -> FindingReport | None:
    """The recorded violation, if it is found by comparing processes; else None."""
    trace = encoded_trace_of(stored.journal().ancestors(stored.head))
    with ignore_sigpipe(), Replicas(engine, project) as replicas:
        found = next((each for each in replicas.findings(trace) if each.law == recorded.law), None)
    return None if found is None else FindingReport(found.law, found.reason, found.last_step)


def still_breaks(project: Project, engine: Engine, path: Path, stored: Stored) -> FindingReport | None:
    """The recorded finding as a report shows it, if the trace still violates its law; else None."""
    machine = engine.machine
    report = replay_stored(project, engine, path, stored)
    recorded, finding = report.recorded, report.finding
    if recorded is None or finding is None or finding.law != recorded.law:
        return None
    quiet = int((stored.header.finding or {}).get("quiescing_from", 0))
    return replace(
        recorded,
        trace=project.display_path(path),
        reproduce=replay_line(project, machine, path),
        reason=finding.reason,
        steps=trace_steps(machine, [step.record for step in report.steps], quiet),
        fix=fix_for(recorded.law),
    )


def replay_line(project: Project, machine: Machine, path: Path) -> str:
    """The command that replays the trace at `path`; it names the machine if the file may not."""
    option = (
        ""
        if project.is_trusted_reference(project.reference(machine))
        else f" --machine {shlex.quote(machine.reference)}"
    )
    return f"fasm replay {shlex.quote(project.display_path(path))}{option}{db_flag(project)}"


def db_flag(project: Project) -> str:
    """The option that a command needs if the project has another database than its machines name; else empty."""
    return f" --db {shlex.quote(redact_url(project.db))}" if project.db else ""


def trace_steps(machine: Machine, records: list[Record], quiet: int) -> list[StepSummary]:
    """The steps of a trace as a finding shows them: up to step `quiet`, at which quiescing begins (0: never)."""
    shown = records[: quiet - 1] if quiet else records
    return [
        StepSummary(
            record.n,
            decode_event(machine, record.event, None).format(),
            record.outcome,
            record.error,
            record.changed_paths,
        )
        for record in shown
    ]


def replay_all(project: Project, folder: Path, target: str = "") -> Traces:
    """Replay every `*.toml` in `folder`, by name; a file that cannot be read is reported and skipped.

    Raises `UsageError` if there is none.
    """
    paths = sorted(path for path in folder.glob("*.toml") if path.is_file())
    if not paths:
        raise UsageError(f"no traces in {folder}")
    return Traces([_line(project, path, target) for path in paths])


def _line(project: Project, path: Path, target: str) -> TraceLine:
    try:
        report = replay(project, path, target)
    except FasmError as error:
        return TraceLine(project.display_path(path), 0, None, None, "", error.message)
    return TraceLine(report.path, len(report.steps), report.recorded, report.finding, report.difference)
