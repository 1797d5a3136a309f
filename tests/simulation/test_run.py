"""A fast run executes the same events as an exact one, and finds the violations that it can see."""

import os
from pathlib import Path

import pytest

from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import StepResult
from fasm_cli.engine.trace import Occurrence
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.world import Plan
from fasm_cli.stores.open import engine_for

ROOT = Path(__file__).parents[2]
RUNS = range(200 if os.environ.get("FASM_SLOW") else 12)
CORRECT = ["coffee_shop", "counter", "dentist", "async_counter"]
FAULTY = [
    "invariant_overdraft",
    "atomic_write_before_add",
    "stored_never_stored",
    "ids_given_back",
    "completion_duplicate_counts",
    "stuck_deadlock",
    "eventually_never_refunded",
    "defect_key_error",
]


def simulator(target: str) -> Simulator:
    machine = import_machine(Project(ROOT), target)
    return Simulator(engine_for(machine, ""), Plan(seed=11, runs=len(RUNS), steps=60, profile=machine.profile))


def executed_steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The steps that any process executes from now on: number, event, outcome and actions."""
    steps: list[str] = []
    execute = Process.step

    def step(self: Process, event: object, number: int | None = None) -> StepResult:
        result = execute(self, event, number)  # type: ignore[arg-type]
        steps.append(f"{result.number} {result.event!r} {result.outcome} {result.actions!r}")
        return result

    monkeypatch.setattr(Process, "step", step)
    return steps


@pytest.mark.parametrize("target", CORRECT)
def test_a_fast_run_executes_the_same_steps_as_an_exact_one(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = simulator(target)
    steps = executed_steps(monkeypatch)
    for run in RUNS:
        steps.clear()
        assert runs.run_fast(run, Stats()) is None
        fast = list(steps)
        steps.clear()
        assert runs.run_exact(run) is None
        assert steps == fast


@pytest.mark.parametrize("name", FAULTY)
def test_a_fast_run_suspects_what_an_exact_one_finds(name: str) -> None:
    """A suspicion may come later than the violation, because fast runs sample, but not in another run."""
    runs = simulator(f"tests/corpus/bad/{name}.py")
    fast = [run for run in RUNS if runs.run_fast(run, Stats()) is not None]
    exact = [run for run in RUNS if runs.run_exact(run) is not None]
    assert fast == exact
    assert exact


def test_the_trace_of_a_run_is_numbered_along_its_parents() -> None:
    trace: list[Occurrence] = simulator("coffee_shop").events(0, 20)
    assert [(each.number, each.parent, each.at) for each in trace] == [(n, n - 1, "") for n in range(1, 21)]
