"""`fasm simulate`: run a machine in a simulated world, save what breaks it, say what it proves."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from fasm_cli.app.replay import trace_of
from fasm_cli.app.reports import Finding, Simulated
from fasm_cli.app.sessions import header_of
from fasm_cli.core.codec.encode import canonical_text, digest_of
from fasm_cli.core.errors import SessionError
from fasm_cli.core.machine import Machine, input_types
from fasm_cli.core.record import Record
from fasm_cli.sim.simulate import Found, Plan, Report, Simulation
from fasm_cli.sim.tally import Tally
from fasm_cli.store.catalog import Project
from fasm_cli.store.session import write_trace


@dataclass(frozen=True, slots=True)
class Saving:
    """Where traces go, and how they are called from the shell."""

    folder: Path
    target: str


def simulate(project: Project, machine: Machine, plan: Plan, saving: Saving) -> Simulated:
    """Run `plan`; findings are saved as traces. Ctrl-C ends it with what was done so far."""
    report = Report()
    interrupted = False
    try:
        Simulation(machine, plan).run_all(report)
    except KeyboardInterrupt:
        interrupted = True
    findings = [_save(project, machine, plan, found, saving) for found in report.found]
    tally = report.tally
    return Simulated(
        machine.reference,
        plan.seed,
        tally.runs,
        tally.steps,
        tally,
        findings,
        never_happened(machine, tally),
        warnings(machine, tally),
        interrupted,
    )


def _save(project: Project, machine: Machine, plan: Plan, found: Found, saving: Saving) -> Finding:
    records = trace_of(machine, found.events)
    law, why = found.violation.law, found.violation.why
    step = records[-1].n if records else 0
    name = f"{machine.reference.rpartition('/')[2].split('.py')[0]}-{law.replace(':', '-')}-{_mark(records)}.toml"
    path = saving.folder / name
    origin = {"kind": "simulate", "seed": plan.seed, "run": found.run, "steps": plan.steps}
    header = header_of(project, machine, origin, {"law": law, "step": step, "why": why})
    shown = project.shown(path)
    finding = Finding(
        law, why, step, plan.seed, found.run, shown, f"fasm replay {shlex.quote(shown)}{_by_hand(project, machine)}"
    )
    try:
        saving.folder.mkdir(parents=True, exist_ok=True)
        write_trace(path, header, records)
    except (SessionError, OSError) as error:
        again = f"fasm simulate {shlex.quote(saving.target)} --seed {plan.seed} --runs {plan.runs} --steps {plan.steps}"
        return replace(finding, trace="", reproduce=again, problem=f"the trace could not be saved: {error}")
    return finding


def _by_hand(project: Project, machine: Machine) -> str:
    """What `replay` must be told where the file alone may not name the machine."""
    return "" if project.may_follow(project.reference(machine)) else f" --machine {shlex.quote(machine.reference)}"


def _mark(records: list[Record]) -> str:
    """Six digits that stand for the events: the same trace has the same name."""
    return digest_of(canonical_text([record.event for record in records]))[:6]


def never_happened(machine: Machine, tally: Tally) -> list[str]:
    """What a simulation that is worth its name would have met."""
    proposed = {name for name, _ in tally.inputs}
    committed = {name for name, refusal in tally.inputs if not refusal}
    never = [f"sometimes {name}" for name in machine.sometimes if name not in tally.sometimes]
    for name in input_types(machine.input):
        if name not in proposed:
            never.append(f"input {name}")
        elif name not in committed:
            never.append(f"input {name} committed")
    for shape in (machine.tracked, machine.untracked):
        if shape is not None:
            never.extend(f"action {name}" for name in input_types(shape) if name not in tally.emitted)
    if machine.result is not None:
        answered = {name for name, _ in tally.completions}
        never.extend(f"result {name}" for name in input_types(machine.result) if name not in answered)
    return never


def warnings(machine: Machine, tally: Tally) -> list[str]:
    """Why the figures may prove little."""
    inputs = sum(tally.inputs.values())
    committed = sum(times for (_, refusal), times in tally.inputs.items() if not refusal)
    notes = []
    if inputs and committed * 2 < inputs:
        notes.append(
            f"{(inputs - committed) * 100 // inputs} % of the inputs were not committed: fewer steps a run, or propose"
        )
    if machine.tracked is not None and not any(not refusal for _, refusal in tally.completions):
        notes.append("no completion was accepted")
    return notes
