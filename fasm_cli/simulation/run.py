"""Runs of a machine in a simulated world: fast ones that look for trouble, exact ones that pin it down.

A fast run records nothing. It judges every step by what costs little, samples what costs a look at the whole state,
and stops at the first suspicion. The same run is then repeated from its seed with every law at every step, and the
first violation there, with the events that led to it, is the finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Event, InputReceived
from fasm_cli.engine.laws import (
    Violation,
    check_restore,
    check_state,
    check_step,
    compile_fast_check,
    first_violation,
    has_restore,
)
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import NO_DETAILS, Outcome, StepResult
from fasm_cli.simulation.drain import liveness_violation
from fasm_cli.simulation.hidden_state import Snapshot as Outside
from fasm_cli.simulation.hidden_state import first_difference, hidden_violation, snapshot
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.sampling_store import open_fast
from fasm_cli.simulation.stats import FastCounters, Stats
from fasm_cli.simulation.trace import TraceEvent
from fasm_cli.simulation.world import World
from fasm_cli.types.generate import Generators

_COMMITTED, _REJECTED = Outcome.COMMITTED, Outcome.REJECTED  # an enum's look-up is slow
RESTORE_CHECK_LIMIT = (
    50  # up to so many pending actions, what restore gives is looked at after every commit; else 1 in 16
)


@dataclass(slots=True)
class Failure:
    """A violation, and the items that lead to it from the initial state. The quiet phase is not among them."""

    violation: Violation
    run: int
    items: list[TraceEvent] = field(default_factory=list)


class Simulator:
    """All runs of one plan, to be run in any order and any number of times."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine = engine
        self.machine = machine = engine.machine
        self.plan = plan
        self._generators = Generators()
        self._restores = has_restore(machine)
        self._hold = compile_fast_check(machine)

    def _world(self, run: int) -> World:
        return World(self.machine, self._generators, self.plan, run)

    # --- fast -------------------------------------------------------------------------------------------------

    def run_fast(self, run: int, tally: Stats) -> Violation | None:
        """One run into `tally`; the first suspicion ends it."""
        machine = self.machine
        world = self._world(run)
        store = open_fast(self.engine, self.engine.initial())
        process = Process(machine, store)
        reached: set[str] = set()
        plain = FastCounters()
        before_run = snapshot(machine)
        wrong = None
        take, next_event, inputs, refused = process.step, world.next, plain.committed, plain.refused
        to_reach = len(machine.sometimes)
        state = process.state
        hold, restores = self._hold, self._restores
        for done in range(1, self.plan.steps + 1):
            ahead = state.armed_fault
            before = store.committed
            event = next_event(process, before)
            step = take(event)
            outcome = step.outcome
            if type(event) is InputReceived and ahead is None and (outcome is _COMMITTED or outcome is _REJECTED):
                kind = type(event.value)
                if outcome is _REJECTED:
                    kinds = kind, type(step.error)
                    refused[kinds] = refused.get(kinds, 0) + 1
                    if step.details is NO_DETAILS:
                        continue
                else:
                    inputs[kind] = inputs.get(kind, 0) + 1
                    if step.actions:
                        world.emitted(step, process, plain.emitted)
                    if not restores and step.details is NO_DETAILS and hold(before, store.committed):
                        if len(reached) < to_reach:
                            self._reach(store.committed, reached)
                        continue
            else:
                world.observe(step, process)
                tally.count(step, process)
                if ahead is not None and state.armed_fault is None:
                    tally.count_triggered_fault(ahead, step, process)
            wrong = self._suspicion(process, step, before, store.committed, done)
            if wrong is not None:
                break
            if outcome is _COMMITTED and len(reached) < to_reach:
                self._reach(store.committed, reached)
        tally.finish_run(run, done, plain, reached)
        tally.add(world.immediate_faults)
        wrong = wrong or self._settle(process, world, tally)
        tally.count_outstanding(process)
        return wrong or self._kept_outside(before_run)

    def _suspicion(self, process: Process, step: StepResult, before: Any, after: Any, done: int) -> Violation | None:
        """What looks wrong: cheap looks that say yes or no, and the laws themselves where one says yes."""
        committed = step.outcome is _COMMITTED
        if not committed or step.details is not NO_DETAILS or type(step.event) is not InputReceived:
            wrong = check_step(step)
            if wrong is not None or not committed:
                return wrong
        if self._restores and (len(process.pending) < RESTORE_CHECK_LIMIT or done % 16 == 0):
            wrong = check_restore(process)
            if wrong is not None:
                return wrong
        return None if self._hold(before, after) else check_state(self.machine, before, after)

    def _reach(self, state: Any, reached: set[str]) -> None:
        for name, check in self.machine.sometimes.items():
            if name not in reached and check(state) is True:
                reached.add(name)

    def _settle(self, process: Process, world: World, tally: Stats) -> Violation | None:
        """The quiet phase of a fast run."""
        for at, event in enumerate(world.drain_events(process)):
            before = process.store.committed
            step = process.step(event)
            world.observe(step, process)
            tally.count(step, process)
            wrong = self._suspicion(process, step, before, process.store.committed, at)
            if wrong is not None:
                return wrong
        return liveness_violation(process)

    # --- exact ------------------------------------------------------------------------------------------------

    def run_exact(self, run: int, most: int | None = None) -> Failure | None:
        """The same run, or its first `most` steps, with every law after every step; None where nothing breaks."""
        world = self._world(run)
        process = self.engine.start(self.engine.initial())
        items: list[TraceEvent] = []
        start = snapshot(self.machine)
        events = (
            world.next(process, process.store.committed) for _ in range(min(most or self.plan.steps, self.plan.steps))
        )
        broken = self._walk(process, world, events, items, run)
        if broken is None:
            mark = len(items)
            broken = self._walk(process, world, world.drain_events(process), items, run)
            if broken is None:
                wrong = liveness_violation(process) or self._kept_outside(start)
                broken = None if wrong is None else Failure(wrong, run, items[:mark])
        return broken

    def events(self, run: int, most: int) -> list[TraceEvent]:
        """The first `most` events of a run, whatever they break."""
        world = self._world(run)
        process = self.engine.start(self.engine.initial())
        items = []
        for _ in range(min(most, self.plan.steps)):
            event = world.next(process, process.store.committed)
            step = process.step(event)
            world.observe(step, process)
            items.append(TraceEvent(step.number, event))
        return items

    def _kept_outside(self, start: Outside) -> Violation | None:
        name = first_difference(start, snapshot(self.machine))
        return hidden_violation(name) if name else None

    def _walk(
        self,
        process: Process,
        world: World,
        events: Iterable[Event],
        items: list[TraceEvent],
        run: int,
    ) -> Failure | None:
        for event in events:
            before = process.store.committed
            step = process.step(event)
            world.observe(step, process)
            items.append(TraceEvent(step.number, event))
            wrong = first_violation(process, step, before)
            if wrong is not None:
                return Failure(wrong, run, items)
        return None
