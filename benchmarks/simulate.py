"""Compares the speed of fasm's fast runs with a hand-written loop and Hypothesis, on the same machines.

    python benchmarks/simulate.py

The hand-written loop is that of the crate's README: it proposes an input, awaits the STF and checks the invariants. It
delivers results at once and has no crashes, laws or statistics. Compare the ratios: the figures depend on the load.
"""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import integers

from fasm_cli import Actions, Normal, TrackedActionCompleted
from fasm_cli.contract.chooser import substream
from fasm_cli.contract.state_machine import StateMachine, Tracked
from fasm_cli.engine.coroutines import run_coroutine
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.purity import install as guard
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.world import Plan
from fasm_cli.types.generate import Generators

ROUNDS = 5
WORK = {"dentist": (4, 10_000), "coffee_shop": (20, 1_000), "counter": (2, 50_000)}  # runs, steps


def proposer(machine: Machine) -> Callable[[Any, Any], Any]:
    if machine.cls.propose is not StateMachine.propose:
        return machine.instance.propose
    any_input = Generators().of(machine.input_schema)
    return lambda choose, state: any_input(choose)


def by_hand(machine: Machine, runs: int, steps: int) -> int:
    propose, stf = proposer(machine), machine.stf
    checks = [*machine.invariants.values()]
    for run in range(runs):
        choose, state, actions = substream(1, run, "inputs"), machine.instance.initial(), Actions()
        waiting: list[Tracked] = []
        for _ in range(steps):
            actions.clear()
            if waiting and choose.chance(machine.profile.complete_rate):
                done = waiting.pop(choose.randbelow(len(waiting)))
                result = machine.instance.respond(choose, done.id, done.action)
                error = run_coroutine(stf(state, TrackedActionCompleted(done.id, result), actions))
            else:
                error = run_coroutine(stf(state, Normal(propose(choose, state)), actions))
            if error is None:
                waiting.extend(action for action in actions if isinstance(action, Tracked))
            assert all(check(state) for check in checks)
    return runs * steps


def by_fasm(machine: Machine, runs: int, steps: int) -> int:
    simulation, stats = (
        Simulator(Engine(machine), Plan(seed=1, runs=runs, steps=steps, profile=machine.profile)),
        Stats(),
    )
    for run in range(runs):
        assert simulation.run_fast(run, stats) is None
    return stats.steps


def by_hypothesis(machine: Machine, runs: int, steps: int) -> int:
    propose, stf = proposer(machine), machine.stf
    taken = 0

    class Stateful(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.state, self.actions = machine.instance.initial(), Actions()

        @rule(seed=integers(0, 2**32))
        def submit(self, seed: int) -> None:
            nonlocal taken
            taken += 1
            self.actions.clear()
            run_coroutine(stf(self.state, Normal(propose(substream(seed, 0, "inputs"), self.state)), self.actions))

        @invariant()
        def holds(self) -> None:
            assert all(check(self.state) for check in machine.invariants.values())

    limits = settings(max_examples=20, stateful_step_count=50, database=None, deadline=None)
    run_state_machine_as_test(Stateful, settings=limits)  # type: ignore[no-untyped-call]
    return taken


def speed(measured: Callable[[Machine, int, int], int], machine: Machine) -> float:
    runs, steps = WORK[machine.reference]
    gc.collect()
    start = process_time()
    return measured(machine, runs, steps) / (process_time() - start)


def main() -> None:
    guard.install()
    project = Project(Path(__file__).resolve().parent.parent)
    kinds = {"by hand": by_hand, "fasm": by_fasm, "Hypothesis": by_hypothesis}
    for name in WORK:
        machine = import_machine(project, name)
        rounds = [{kind: speed(measured, machine) for kind, measured in kinds.items()} for _ in range(ROUNDS)]
        for kind in kinds:
            ratio = median(one["fasm"] / one[kind] for one in rounds)
            figure = median(one[kind] for one in rounds)
            sys.stdout.write(f"{name:12} {kind:12} {figure:>10,.0f} steps/s   fasm is {ratio:.2f} times as fast\n")


if __name__ == "__main__":
    main()
