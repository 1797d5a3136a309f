"""What a worker process does: it has one machine, and on request makes runs, reproduces, shrinks and observes.

Arguments and results are plain data: a worker's values are of classes that its parent process has not imported.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.finding import Finding
from fasm_cli.engine.laws import Violation
from fasm_cli.engine.records import Record
from fasm_cli.engine.trace import EncodedOccurrence, Occurrence, decode_trace, encode_trace, renumber
from fasm_cli.errors import FasmError, MachineError
from fasm_cli.project.load import load
from fasm_cli.project.project import Project
from fasm_cli.project.tracebacks import author_traceback
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.simulation import observation
from fasm_cli.simulation.hidden_state import plain_globals
from fasm_cli.simulation.locate import locate
from fasm_cli.simulation.observation import Effect, Observation
from fasm_cli.simulation.pool import in_fork
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.shrink import Shrinker
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.trace import Player, PlayResult
from fasm_cli.simulation.world import Plan

P = ParamSpec("P")
T = TypeVar("T")
EncodedTrace = list[EncodedOccurrence]

EXACT_RUNS, EXACT_STEPS = 12, 200  # the first runs, and so many steps of each, are also made exactly


class Worker:
    """The state of one process: a machine, and the simulator of the last plan."""

    def __init__(self, project: Project, target: str) -> None:
        self.engine = load(project, target)
        self.machine = self.engine.machine
        self.machine.warm_up()
        self._simulator: Simulator | None = None

    def simulator(self, plan: Plan) -> Simulator:
        if self._simulator is None or self._simulator.plan != plan:
            self._simulator = Simulator(self.engine, plan)
        return self._simulator


_worker: Worker | None = None


def set_up(root: str, db: str, target: str) -> None:
    """Load the machine; called once in each process."""
    global _worker
    _worker = Worker(Project(Path(root), db), target)


def current_worker() -> Worker:
    """Return the worker of this process. Raises `MachineError` before `set_up`."""
    if _worker is None:
        raise MachineError("no machine was loaded in this process")
    return _worker


def as_machine_error(function: Callable[P, T]) -> Callable[P, T]:
    """Turn an exception of the author's code outside of a transition, in `propose` for example, into a `MachineError`
    with the author's lines: a traceback cannot be sent to another process."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except FasmError:
            raise
        except Exception as error:
            frames = author_traceback(error)
            if not frames:
                raise
            raise MachineError(f"the machine raised {type(error).__name__}: {error}", frames=frames) from None

    return wrapper


def forked(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function of a worker in a forked child, so that nothing but its result remains of the call."""
    function = as_machine_error(function)

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        result: T = in_fork(_with_cleanup, function, *args, **kwargs)
        return result

    return wrapper


def _with_cleanup(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Close what `function` opened: the child ends with `os._exit`, which runs no clean-up."""
    try:
        return function(*args, **kwargs)
    finally:
        engine = current_worker().engine
        if engine.stores is not None:
            gc.collect()  # a store may be referenced by an exception, or by itself
            engine.close()


# --- runs ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Batch:
    """The runs from `first` to before `end`: their counts, and the runs in which a law seems to be violated."""

    first: int
    end: int
    stats: Stats
    suspicions: list[tuple[int, Violation]]


@as_machine_error
def run_batch(plan: Plan, first: int, end: int) -> Batch:
    """Make the fast runs from `first` to before `end`."""
    simulator = current_worker().simulator(plan)
    batch = Batch(first, end, Stats(), [])
    for run in range(first, end):
        violation = simulator.run_fast(run, batch.stats)
        if violation is None and run < EXACT_RUNS:  # fast runs do not check every law
            found = simulator.run_exact(run, EXACT_STEPS)
            violation = None if found is None else Violation(found.law, found.reason, found.signature)
        if violation is not None:
            batch.suspicions.append((run, violation))
    return batch


@as_machine_error
def reproduce(plan: Plan, run: int) -> Finding | None:
    """Repeat a run exactly and locate what it violates; None if it violates nothing this time."""
    worker = current_worker()
    found = worker.simulator(plan).run_exact(run)
    if found is None:
        return None
    trace = decode_trace(worker.machine, found.trace_before_quiescing)
    return replace(found, line=locate(Player(worker.engine), trace, found.law))


def shrink(finding: Finding, seconds: float) -> Finding | None:
    """Shrink the trace of a finding; None if it does not violate its law when it is played alone."""
    engine = current_worker().engine
    trace = decode_trace(engine.machine, finding.trace_before_quiescing)
    shrinker = Shrinker(Player(engine), trace, finding.law, seconds)
    if not shrinker.reproduces:
        return None
    shrunk = shrinker.shrink()
    return _with_trace(engine, replace(finding, is_smallest=shrunk.in_time), shrunk.played)


@forked
def finish_shrunk(finding: Finding) -> Finding:
    """Complete a finding whose trace was shrunk elsewhere: number the steps, record them, and locate the violation."""
    engine = current_worker().engine
    return _with_trace(engine, finding, PlayResult(None, decode_trace(engine.machine, finding.trace)))


def _with_trace(engine: Engine, finding: Finding, played: PlayResult) -> Finding:
    """Give `finding` a trace that is numbered from 1, with its records and its line."""
    length = len(played.trace)
    whole = renumber([*played.trace, *played.drained])
    trace = whole[:length]
    records = records_of(engine, whole)  # before playing it again, which changes what a machine hides from its state
    player = Player(engine)
    violation = player.play(trace, finding.law).violation
    return replace(
        finding,
        reason=finding.reason if violation is None else violation.reason,
        line=locate(player, trace, finding.law),
        trace=tuple(encode_trace(engine.machine, whole)),
        quiescing_from=length + 1 if played.drained else 0,
        records=tuple(records),
    )


def records_of(engine: Engine, trace: list[Occurrence]) -> list[Record]:
    """Execute a trace and return its records."""
    recorded = (Record(each.number, each.parent, each.event.encode(engine.machine), "") for each in trace)
    return [taken.record for _, taken in Timeline(engine, engine.initial()).replay(recorded)]


# --- replicas: each call in a process that has done nothing before -------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReplicaRun:
    """The first steps of a run, what was observed, and a step that has a different result in isolation."""

    trace: EncodedTrace
    observations: list[Observation]
    isolated: Finding | None


def examine(plan: Plan, run: int, max_steps: int) -> ReplicaRun:
    """Draw the first steps of a run, observe them, and execute each of them in isolation."""
    return observe_isolated(events_of(plan, run, max_steps))


@forked
def events_of(plan: Plan, run: int, max_steps: int) -> EncodedTrace:
    """Return the first events of a run."""
    worker = current_worker()
    return encode_trace(worker.machine, worker.simulator(plan).events(run, max_steps))


@forked
def observe(trace: EncodedTrace, *, with_states: bool = False) -> list[Observation]:
    """Execute a trace and observe its steps."""
    return observation.observe(current_worker().engine, trace, with_states=with_states)


def observe_isolated(trace: EncodedTrace) -> ReplicaRun:
    """Observe a trace; then execute every step in isolation, in a process that has not executed the others."""
    observations = observe(trace, with_states=True)
    found = observation.compare_isolated(observations, _replay_isolated(observations))
    return ReplicaRun(trace, [replace(each, state=None) for each in observations], found)


@forked
def _replay_isolated(observations: list[Observation]) -> dict[int, Effect]:
    return observation.replay_isolated(current_worker().engine, observations)


@forked
def find_hidden_state(trace: EncodedTrace) -> Finding | None:
    """Return what playing a trace leaves behind outside of the state, with the trace up to there."""
    engine = current_worker().engine
    machine = engine.machine
    played = Player(engine).play_checking_hidden_state(decode_trace(machine, trace))
    if played.violation is None:
        return None
    law, reason = played.violation.law, played.violation.reason
    return Finding(law=law, reason=reason, trace=tuple(encode_trace(machine, played.trace)))


def module_globals() -> dict[str, str]:
    """Return the plain globals of the machine's module, as text."""
    return plain_globals(current_worker().machine)


@forked
def reproduces(trace: EncodedTrace, law: str) -> bool:
    """Whether a trace violates `law` in a process that has done nothing before."""
    engine = current_worker().engine
    return Player(engine).play(decode_trace(engine.machine, trace), law).violation is not None
