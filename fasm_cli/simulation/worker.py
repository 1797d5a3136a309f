"""What a process of the pool does: it has one machine, and runs, pins down, plays and shrinks on request.

Everything that comes and goes is plain data: a worker's values are of classes that its parent does not have.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.laws import Violation
from fasm_cli.engine.records import Record
from fasm_cli.errors import FasmError, MachineError
from fasm_cli.project.load import load
from fasm_cli.project.project import Project
from fasm_cli.project.tracebacks import author_traceback
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.simulation import replica
from fasm_cli.simulation.fork import in_fork
from fasm_cli.simulation.hidden_state import plain_globals
from fasm_cli.simulation.locate import locate
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.replica import Disagreement, Effect, Observation
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.shrink.search import Shrinker
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.trace import Packed, Player, TraceEvent, decode, encode, renumbered, size

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Batch:
    """Runs `first` to the one before `end`: their counts, and the run numbers that something looked wrong in."""

    first: int
    end: int
    tally: Stats
    suspicions: list[tuple[int, Violation]]


@dataclass(slots=True)
class Reproduced:
    """A violation with its place in the machine's file (a line, 0 where none is known) and the trace that shows it."""

    violation: Violation
    run: int
    line: int
    items: list[Packed]
    by_replicas: bool = False  # it shows only where processes are compared


@dataclass(slots=True)
class ShrunkTrace:
    """A shrunk trace. `records` are its steps, `quiet` the number of the first one of the quiet phase (0: none)."""

    violation: Violation
    line: int
    items: list[Packed]
    records: list[Record]
    quiet: int
    size: int
    plays: int
    in_time: bool


EXACT_RUNS, EXACT_STEPS = 12, 200  # so many runs are also made exactly, and so much of each


class Worker:
    """The state of one process: a machine, and the runs of the plan it was last asked for."""

    def __init__(self, project: Project, target: str) -> None:
        self.engine = load(project, target)
        self.machine = self.engine.machine
        self.machine.warm_up()
        self._runs: Simulator | None = None

    def runs(self, plan: Plan) -> Simulator:
        if self._runs is None or self._runs.plan != plan:
            self._runs = Simulator(self.engine, plan)
        return self._runs


_worker: Worker | None = None


def set_up(root: str, db: str, target: str) -> None:
    """Load the machine; called once in each process."""
    global _worker
    _worker = Worker(Project(Path(root), db), target)


def current_worker() -> Worker:
    if _worker is None:
        raise MachineError("no machine was loaded in this process")
    return _worker


def as_machine_error(function: Callable[P, T]) -> Callable[P, T]:
    """An exception of the author's, from `propose` or another function that is not a transition, as a `MachineError`
    with the author's lines: a traceback does not survive the way to another process."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except FasmError:
            raise
        except Exception as error:
            frames = author_traceback(error)
            if not frames:
                raise
            raise MachineError(f"the machine raised {type(error).__name__}: {error}", frames=frames) from None

    return wrapped


@as_machine_error
def fast(plan: Plan, first: int, end: int) -> Batch:
    """The fast runs from `first` to `end`."""
    runs = current_worker().runs(plan)
    batch = Batch(first, end, Stats(), [])
    for run in range(first, end):
        wrong = runs.run_fast(run, batch.tally)
        if wrong is None and run < EXACT_RUNS:  # some laws are not looked at by fast runs at all
            broken = runs.run_exact(run, EXACT_STEPS)
            wrong = None if broken is None else broken.violation
        if wrong is not None:
            batch.suspicions.append((run, wrong))
    return batch


@as_machine_error
def pin(plan: Plan, run: int) -> Reproduced | None:
    """The run again, exactly; None where nothing breaks this time."""
    worker = current_worker()
    broken = worker.runs(plan).run_exact(run)
    if broken is None:
        return None
    line = locate(Player(worker.engine), broken.items, broken.violation)
    return Reproduced(broken.violation, run, line, encode(worker.machine, broken.items))


def shrink(pinned: Reproduced, seconds: float) -> ShrunkTrace | None:
    """The smallest trace; None where the trace does not break its law when it is played alone."""
    engine = current_worker().engine
    shrinker = Shrinker(Player(engine), decode(engine.machine, pinned.items), pinned.violation, seconds)
    if not shrinker.reproduces:
        return None
    shrunk = shrinker.shrink()
    return smallest(
        engine, pinned.violation, shrunk.played.items, shrunk.played.quiet, shrunk.plays, in_time=shrunk.in_time
    )


def smallest(
    engine: Engine,
    violation: Violation,
    items: list[TraceEvent],
    quiet: list[TraceEvent],
    plays: int,
    *,
    in_time: bool,
) -> ShrunkTrace:
    """The trace as it is told: numbered from 1, with its steps and the place it points at."""
    whole = renumbered([*items, *quiet])
    trace = whole[: len(items)]
    records = records_of(engine, whole)  # first: what a machine hides from its state shows in what comes later
    player = Player(engine)
    again = player.play(trace, violation.law)
    line = locate(player, trace, violation)
    return ShrunkTrace(
        again.violation or violation,
        line,
        encode(engine.machine, trace),
        records,
        len(items) + 1 if quiet else 0,
        size(trace),
        plays,
        in_time,
    )


def records_of(engine: Engine, items: list[TraceEvent]) -> list[Record]:
    timeline = Timeline(engine, engine.initial())
    return [timeline.step(item.event).record for item in items]


def run_in_fork(function: Callable[..., T], *args: Any) -> T:
    """What `function` gives in a process like this one, of which nothing comes back but that."""
    result: T = in_fork(_with_cleanup, function, *args)
    return result


def _with_cleanup(function: Callable[..., T], *args: Any) -> T:
    """Call `function` in a process that ends without a last word: what it opened is closed before."""
    try:
        return function(*args)
    finally:
        engine = current_worker().engine
        if engine.stores is not None:
            gc.collect()  # an exception, or a reference cycle, may still hold a store
            engine.close()


def tell(items: list[Packed], violation: Violation, plays: int, in_time: bool) -> ShrunkTrace:  # noqa: FBT001
    """A trace that was shrunk elsewhere, as it is told."""
    return run_in_fork(_tell, items, violation, plays, in_time)


def _tell(items: list[Packed], violation: Violation, plays: int, in_time: bool) -> ShrunkTrace:  # noqa: FBT001
    engine = current_worker().engine
    return smallest(engine, violation, decode(engine.machine, items), [], plays, in_time=in_time)


# --- replicas: each call in a process that has done nothing before -------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReplicaRun:
    """The first steps of a run, and where one of them leads to something else when it is taken alone."""

    items: list[Packed]
    seen: list[Observation]
    alone: Disagreement | None


def examine(plan: Plan, run: int, most: int) -> ReplicaRun:
    """Make the first steps of a run, play them, and take each alone."""
    items: list[Packed] = run_in_fork(_first_items, plan, run, most)
    return ReplicaRun(items, *observe_and_alone(items))


def _first_items(plan: Plan, run: int, most: int) -> list[Packed]:
    worker = current_worker()
    return encode(worker.machine, worker.runs(plan).events(run, most))


def observe(items: list[Packed]) -> list[Observation]:
    return run_in_fork(_observe, items)


def _observe(items: list[Packed], *, stored: bool = False) -> list[Observation]:
    return replica.observe(current_worker().engine, items, stored=stored)


def observe_and_alone(items: list[Packed]) -> tuple[list[Observation], Disagreement | None]:
    """As `observe`; then every step is taken alone, in a process that has not taken the others."""
    seen: list[Observation] = run_in_fork(partial(_observe, stored=True), items)
    led: dict[int, Effect] = run_in_fork(_alone, seen)
    return [replace(one, state=None) for one in seen], replica.compare_isolated(seen, led)


def _alone(seen: list[Observation]) -> dict[int, Effect]:
    return replica.replay_isolated(current_worker().engine, seen)


def left_behind(items: list[Packed]) -> tuple[Violation, list[Packed]] | None:
    """What playing `items` leaves behind outside of the state, and the items up to where it shows."""
    return run_in_fork(_left_behind, items)


def _left_behind(items: list[Packed]) -> tuple[Violation, list[Packed]] | None:
    engine = current_worker().engine
    found = Player(engine).play_checking_hidden_state(decode(engine.machine, items))
    return None if found.violation is None else (found.violation, encode(engine.machine, found.items))


def told_globals() -> dict[str, str]:
    """The plain globals of the machine's module."""
    return plain_globals(current_worker().machine)


def replay_alone(items: list[Packed], law: str) -> bool:
    """Whether `items` break `law` in a process that has done nothing before."""
    return run_in_fork(_replay_alone, items, law)


def _replay_alone(items: list[Packed], law: str) -> bool:
    engine = current_worker().engine
    found = Player(engine).play(decode(engine.machine, items), law).violation
    return found is not None and found.law == law
