"""Runs `fasm check`: reports a simulation law by law, with how often each law was checked."""

from fasm_cli.engine.laws import has_restore
from fasm_cli.laws.pages import LAWS, PAGES, base_law
from fasm_cli.reports.simulation import Checked, CheckedLaw
from fasm_cli.usecases.simulate import Simulation


def checked(simulation: Simulation) -> Checked:
    """Return what a finished simulation says about each law and about the author's invariants."""
    report = simulation.report()
    times = _times_checked(simulation)
    rows = []
    for law in PAGES:
        found = [finding for finding in report.findings if base_law(finding.law) == law]
        if law in LAWS or found:
            rows.append(CheckedLaw(law, times.get(law, 0), not found, [finding.location for finding in found]))
    invariants = len(simulation.machine.invariants) + len(simulation.machine.transition_invariants)
    invariants += simulation.machine.checks_invariants
    return Checked(report.machine, report.seed, rows, invariants, report.findings, report.unreached, report.interrupted)


def _times_checked(simulation: Simulation) -> dict[str, int]:
    """Return how often each law was checked, in the units of its own check."""
    stats, machine = simulation.stats, simulation.machine
    transitions = sum(stats.inputs.values()) + sum(stats.completions.values())
    committed = sum(times for (_, error), times in (stats.inputs + stats.completions).items() if not error)
    guarded = transitions + (stats.restores if has_restore(machine) else 0)
    return {
        "atomic": transitions - committed,
        "deterministic": simulation.compared,
        "effects": guarded,
        "random": guarded,
        "clock": guarded,
        "reads": guarded,
        "stored": committed if machine.tracked_schema is not None else 0,
        "restore": committed + stats.restores if has_restore(machine) else 0,
        "ids": committed if machine.tracked_schema is not None else 0,
        "completion": sum(stats.completions.values()),
        "hidden": simulation.compared,
    }
