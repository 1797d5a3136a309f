"""Measures the cost of the purity guard: the same steps with and without it, in alternating processes.

    python benchmarks/guard.py [PAIRS]

Prints the nanoseconds per step (the minimum of all processes, because other load only adds time) and their ratio, for
a minimal transition, where the relative cost is highest, for a machine in a fast simulation, and for a wrapped call
outside a transition.
"""

import subprocess
import sys
import timeit
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tiny() -> float:
    from fasm_cli.engine.coroutines import run_coroutine

    class State:
        n = 0

    async def stf(state: State) -> None:
        state.n += 1

    state = State()
    return _best(lambda: run_coroutine(stf(state)), 100_000)


def simulated() -> float:
    from fasm_cli.engine.engine import Engine
    from fasm_cli.project.load import import_machine
    from fasm_cli.project.project import Project
    from fasm_cli.simulation.run import Simulator
    from fasm_cli.simulation.stats import Stats
    from fasm_cli.simulation.world import Plan

    runs = Simulator(Engine(import_machine(Project(ROOT), "coffee_shop")), Plan(seed=1, runs=1, steps=5_000))
    return _best(lambda: runs.run_fast(0, Stats()), 1) / 5_000


def call() -> float:
    import time

    return _best(time.time, 200_000)


def _best(run: object, number: int) -> float:
    return min(timeit.repeat(run, number=number, repeat=9)) / number * 1e9  # type: ignore[arg-type]


KINDS = {"tiny": tiny, "simulated": simulated, "call": call}


def measure(kind: str, guarded: str) -> None:
    """Run one measurement in this process and print it."""
    sys.path.insert(0, str(ROOT))
    if guarded == "yes":
        from fasm_cli.purity import install as guard

        guard.install()
    print(KINDS[kind]())


def main(pairs: int) -> None:
    for kind in KINDS:
        seen: dict[str, list[float]] = {"no": [], "yes": []}
        for _ in range(pairs):
            for guarded, figures in seen.items():
                done = subprocess.run(
                    [sys.executable, __file__, kind, guarded], stdout=subprocess.PIPE, check=True, text=True
                )
                figures.append(float(done.stdout))
        bare, guarded_ns = min(seen["no"]), min(seen["yes"])
        print(f"{kind:10} {bare:8.0f} ns without, {guarded_ns:8.0f} ns with the guard: {guarded_ns / bare:.3f}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) == 2 else 7)
