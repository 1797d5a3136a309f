"""`fasm check`: a simulation read law by law, with how often each law had the chance to be broken."""

from fasm_cli.engine.laws import has_restore
from fasm_cli.laws.pages import LAWS, PAGES, base_law
from fasm_cli.reports.simulation import Checked, CheckedLaw
from fasm_cli.usecases.simulate import Simulation


def checked(simulation: Simulation) -> Checked:
    """What a simulation that has run says of each of the laws, and of the author's own promises."""
    report = simulation.report()
    tried = _tried(simulation)
    rows = []
    for law in PAGES:
        found = [finding for finding in report.findings if base_law(finding.law) == law]
        if law in LAWS or found:
            rows.append(CheckedLaw(law, tried.get(law, 0), not found, [finding.where for finding in found]))
    promises = len(simulation.machine.invariants) + len(simulation.machine.transition_invariants)
    promises += simulation.machine.checks_invariants
    return Checked(report.machine, report.seed, rows, promises, report.findings, report.unreached, report.interrupted)


def _tried(simulation: Simulation) -> dict[str, int]:
    """How often each law was looked at, in the units of its own check."""
    tally, machine = simulation.tally, simulation.machine
    transitions = sum(tally.inputs.values()) + sum(tally.completions.values())
    committed = sum(times for (_, refusal), times in (tally.inputs + tally.completions).items() if not refusal)
    guarded = transitions + (tally.restores if has_restore(machine) else 0)
    return {
        "atomic": transitions - committed,
        "deterministic": simulation.compared,
        "effects": guarded,
        "random": guarded,
        "clock": guarded,
        "reads": guarded,
        "stored": committed if machine.tracked_schema is not None else 0,
        "restore": committed + tally.restores if has_restore(machine) else 0,
        "ids": committed if machine.tracked_schema is not None else 0,
        "completion": sum(tally.completions.values()),
        "hidden": simulation.compared,
    }
