"""Runs a machine in a simulated world: fast runs that look for violations, exact runs that reproduce them.

A fast run records nothing. It checks every step by what costs little, samples what requires a look at the whole
state, and stops at the first suspicion. The same run is then repeated from its seed with every law after every step;
the first violation there, with the events that led to it, is the finding.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Event, InputReceived
from fasm_cli.engine.finding import Finding
from fasm_cli.engine.laws import (
    Violation,
    check_rest,
    check_restore,
    check_state,
    check_step,
    compile_fast_check,
    first_violation,
    has_restore,
    sometimes_reached,
)
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import NO_DETAILS, Outcome, StepResult
from fasm_cli.engine.trace import Occurrence, encode_trace
from fasm_cli.simulation.hidden_state import Snapshot, first_difference, hidden_violation, snapshot
from fasm_cli.simulation.sampling_store import open_fast
from fasm_cli.simulation.stats import FastCounters, Stats
from fasm_cli.simulation.world import Plan, World
from fasm_cli.types.generate import Generators

_COMMITTED, _REJECTED = Outcome.COMMITTED, Outcome.REJECTED  # looking up a member of an enum is slow
RESTORE_CHECK_LIMIT = 50  # with fewer pending actions restore is checked after every commit, else after 1 in 16


class Simulator:
    """All runs of one plan, which can be made in any order and any number of times."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine = engine
        self.machine = machine = engine.machine
        self.plan = plan
        self._generators = Generators()
        self._has_restore = has_restore(machine)
        self._holds = compile_fast_check(machine)

    def _world(self, run: int) -> World:
        return World(self.machine, self._generators, self.plan, run)

    # --- fast -------------------------------------------------------------------------------------------------

    def run_fast(self, run: int, stats: Stats) -> Violation | None:
        """Make one run and count it in `stats`. The first suspicion ends the run and is returned."""
        machine = self.machine
        world = self._world(run)
        store = open_fast(self.engine, self.engine.initial())
        process = Process(machine, store)
        reached: set[str] = set()
        counters = FastCounters()
        start = snapshot(machine)
        violation = None
        execute, next_event, emit = process.step, world.next, world.network.emit
        committed, rejected, emitted = counters.committed, counters.rejected, counters.emitted
        to_reach = len(machine.sometimes)
        has_tracked = machine.tracked_schema is not None
        holds, restores, state = self._holds, self._has_restore, process.state
        for done in range(1, self.plan.steps + 1):
            armed = state.armed_fault
            before = store.committed
            event = next_event(process, before)
            step = execute(event)
            outcome = step.outcome
            if type(event) is InputReceived and armed is None and (outcome is _COMMITTED or outcome is _REJECTED):
                kind = type(event.value)
                if outcome is _REJECTED:
                    kinds = kind, type(step.error)
                    rejected[kinds] = rejected.get(kinds, 0) + 1
                    if step.details is NO_DETAILS:
                        continue
                else:
                    committed[kind] = committed.get(kind, 0) + 1
                    if step.actions:
                        for action in step.actions:
                            kind = type(action.action)
                            emitted[kind] = emitted.get(kind, 0) + 1
                        if has_tracked:
                            emit(step, process)
                    if not restores and step.details is NO_DETAILS and holds(before, store.committed):
                        if len(reached) < to_reach:
                            reached.update(sometimes_reached(self.machine, store.committed, reached))
                        continue
            else:
                world.observe(step, process)
                stats.count(step, process)
                if armed is not None and state.armed_fault is None:
                    stats.count_triggered_fault(armed, step, process)
            violation = self._suspicion(process, step, before, store.committed, done)
            if violation is not None:
                break
            if outcome is _COMMITTED and len(reached) < to_reach:
                reached.update(sometimes_reached(self.machine, store.committed, reached))
        stats.finish_run(run, done, counters, reached)
        stats.add(world.immediate_faults)
        violation = violation or self._drain_fast(process, world, stats)
        stats.count_outstanding(process)
        return violation or self._hidden_violation(start)

    def _suspicion(self, process: Process, step: StepResult, before: Any, after: Any, done: int) -> Violation | None:
        """Check a step: first by questions that are cheap, and by the laws themselves only if one of them fails."""
        committed = step.outcome is _COMMITTED
        if not committed or step.details is not NO_DETAILS or type(step.event) is not InputReceived:
            violation = check_step(step)
            if violation is not None or not committed:
                return violation
        if self._has_restore and (len(process.state.pending) < RESTORE_CHECK_LIMIT or done % 16 == 0):
            violation = check_restore(process)
            if violation is not None:
                return violation
        return None if self._holds(before, after) else check_state(self.machine, before, after)

    def _drain_fast(self, process: Process, world: World, stats: Stats) -> Violation | None:
        for number, event in enumerate(world.drain_events(process)):
            before = process.store.committed
            step = process.step(event)
            world.observe(step, process)
            stats.count(step, process)
            violation = self._suspicion(process, step, before, process.store.committed, number)
            if violation is not None:
                return violation
        return check_rest(process)

    # --- exact ------------------------------------------------------------------------------------------------

    def run_exact(self, run: int, max_steps: int | None = None) -> Finding | None:
        """Repeat a run, or its first `max_steps` steps, with every law after every step; None if all of them hold.

        The trace includes the events that drain the machine at the end if the violation shows only there.
        """
        machine = self.machine
        world = self._world(run)
        process = self.engine.start(self.engine.initial())
        trace: list[Occurrence] = []
        start = snapshot(machine)
        steps = min(max_steps or self.plan.steps, self.plan.steps)
        events = (world.next(process, process.store.committed) for _ in range(steps))
        quiescing_from = 0
        violation = _execute(process, world, events, trace)
        if violation is None:
            before_drain = len(trace)
            violation = _execute(process, world, world.drain_events(process), trace)
            if violation is None:
                violation = check_rest(process) or self._hidden_violation(start)
                quiescing_from = before_drain + 1 if len(trace) > before_drain else 0
        if violation is None:
            return None
        found = Finding(
            law=violation.law,
            reason=violation.reason,
            file=machine.source,
            trace=tuple(encode_trace(machine, trace)),
            quiescing_from=quiescing_from,
            seed=self.plan.seed,
            run=run,
            signature=violation.signature,
        )
        return replace(found, original_size=len(found.trace_before_quiescing))

    def events(self, run: int, max_steps: int) -> list[Occurrence]:
        """Return the first `max_steps` events of a run, whatever they violate."""
        world = self._world(run)
        process = self.engine.start(self.engine.initial())
        trace = []
        for _ in range(min(max_steps, self.plan.steps)):
            event = world.next(process, process.store.committed)
            step = process.step(event)
            world.observe(step, process)
            trace.append(Occurrence(step.number, step.number - 1, event))
        return trace

    def _hidden_violation(self, start: Snapshot) -> Violation | None:
        name = first_difference(start, snapshot(self.machine))
        return hidden_violation(name) if name else None


def _execute(process: Process, world: World, events: Iterable[Event], trace: list[Occurrence]) -> Violation | None:
    """Execute `events`, append them to `trace`, and stop at the first violation."""
    for event in events:
        before = process.store.committed
        step = process.step(event)
        world.observe(step, process)
        trace.append(Occurrence(step.number, step.number - 1, event))
        violation = first_violation(process, step, before)
        if violation is not None:
            return violation
    return None
