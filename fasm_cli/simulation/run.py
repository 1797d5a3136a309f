"""Runs of a machine in a simulated world: fast ones that look for trouble, exact ones that pin it down.

A fast run records nothing. It judges every step by what costs little, samples what costs a look at the whole state,
and stops at the first suspicion. The same run is then repeated from its seed with every law at every step, and the
first violation there, with the events that led to it, is the finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.engine.events import Event, Submit
from fasm_cli.engine.laws import Violation, broken_by_step, broken_restore, broken_state, judge, quick_check, restores
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.memory_store import open_store
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Outcome, Step
from fasm_cli.simulation.drain import unrest
from fasm_cli.simulation.hidden_state import Watched as Outside
from fasm_cli.simulation.hidden_state import changed, kept_outside, outside
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.sampling_store import open_fast
from fasm_cli.simulation.stats import Plain, Tally
from fasm_cli.simulation.trace import Item
from fasm_cli.simulation.world import World
from fasm_cli.types.generate import Generators

_COMMITTED, _REJECTED = Outcome.COMMITTED, Outcome.REJECTED  # an enum's look-up is slow
PROBED = 50  # up to so many pending actions, what restore gives is looked at after every commit; else 1 in 16


@dataclass(slots=True)
class Broken:
    """A violation, and the items that lead to it from the initial state. The quiet phase is not among them."""

    violation: Violation
    run: int
    items: list[Item] = field(default_factory=list)


class Runs:
    """All runs of one plan, to be run in any order and any number of times."""

    def __init__(self, machine: Machine, plan: Plan) -> None:
        self.machine = machine
        self.plan = plan
        self._generators = Generators()
        self._restores = restores(machine)
        self._hold = quick_check(machine)

    def _world(self, run: int) -> World:
        return World(self.machine, self._generators, self.plan, run)

    # --- fast -------------------------------------------------------------------------------------------------

    def fast(self, run: int, tally: Tally) -> Violation | None:
        """One run into `tally`; the first suspicion ends it."""
        machine = self.machine
        world = self._world(run)
        store = open_fast(machine, machine.initial())
        process = Process(machine, store)
        reached: set[str] = set()
        plain = Plain()
        before_run = outside(machine)
        wrong = None
        take, next_event, inputs, refused = process.step, world.next, plain.committed, plain.refused
        to_reach = len(machine.sometimes)
        hold, restores = self._hold, self._restores
        for done in range(1, self.plan.steps + 1):
            ahead = process.ahead
            before = store.committed
            event = next_event(process, before)
            step = take(event)
            outcome = step.outcome
            if type(event) is Submit and ahead is None and (outcome is _COMMITTED or outcome is _REJECTED):
                kind = type(event.value)
                if outcome is _REJECTED:
                    kinds = kind, type(step.error)
                    refused[kinds] = refused.get(kinds, 0) + 1
                    if not step.dirty:
                        continue
                else:
                    inputs[kind] = inputs.get(kind, 0) + 1
                    if step.actions:
                        world.emitted(step, process, plain.emitted)
                    if not (restores or step.reused) and step.before is None and hold(before, store.committed):
                        if len(reached) < to_reach:
                            self._reach(store.committed, reached)
                        continue
            else:
                world.note(step, process)
                tally.count(step, process)
                if ahead is not None and process.ahead is None:
                    tally.met(ahead, step, process)
            wrong = self._suspicion(process, step, before, store.committed, done)
            if wrong is not None:
                break
            if outcome is _COMMITTED and len(reached) < to_reach:
                self._reach(store.committed, reached)
        tally.finish_run(run, done, plain, reached)
        tally.add(world.struck)
        wrong = wrong or self._settle(process, world, tally)
        tally.outstanding_of(process)
        return wrong or self._kept_outside(before_run)

    def _suspicion(self, process: Process, step: Step, before: Any, after: Any, done: int) -> Violation | None:
        """What looks wrong: cheap looks that say yes or no, and the laws themselves where one says yes."""
        committed = step.outcome is _COMMITTED
        if not committed or step.reused or step.before is not None or type(step.event) is not Submit:
            wrong = broken_by_step(step)
            if wrong is not None or not committed:
                return wrong
        if self._restores and (len(process.pending) < PROBED or done % 16 == 0):
            wrong = broken_restore(process)
            if wrong is not None:
                return wrong
        return None if self._hold(before, after) else broken_state(self.machine, before, after)

    def _reach(self, state: Any, reached: set[str]) -> None:
        for name, check in self.machine.sometimes.items():
            if name not in reached and check(state) is True:
                reached.add(name)

    def _settle(self, process: Process, world: World, tally: Tally) -> Violation | None:
        """The quiet phase of a fast run."""
        for at, event in enumerate(world.settle(process)):
            before = process.store.committed
            step = process.step(event)
            world.note(step, process)
            tally.count(step, process)
            wrong = self._suspicion(process, step, before, process.store.committed, at)
            if wrong is not None:
                return wrong
        return unrest(process)

    # --- exact ------------------------------------------------------------------------------------------------

    def exact(self, run: int, most: int | None = None) -> Broken | None:
        """The same run, or its first `most` steps, with every law after every step; None where nothing breaks."""
        machine = self.machine
        world = self._world(run)
        process = Process(machine, open_store(machine, machine.initial()))
        items: list[Item] = []
        start = outside(machine)
        events = (
            world.next(process, process.store.committed) for _ in range(min(most or self.plan.steps, self.plan.steps))
        )
        broken = self._walk(process, world, events, items, run)
        if broken is None:
            mark = len(items)
            broken = self._walk(process, world, world.settle(process), items, run)
            if broken is None:
                wrong = unrest(process) or self._kept_outside(start)
                broken = None if wrong is None else Broken(wrong, run, items[:mark])
        return broken

    def events(self, run: int, most: int) -> list[Item]:
        """The first `most` events of a run, whatever they break."""
        world = self._world(run)
        process = Process(self.machine, open_store(self.machine, self.machine.initial()))
        items = []
        for _ in range(min(most, self.plan.steps)):
            event = world.next(process, process.store.committed)
            step = process.step(event)
            world.note(step, process)
            items.append(Item(step.number, event))
        return items

    def _kept_outside(self, start: Outside) -> Violation | None:
        name = changed(start, outside(self.machine))
        return kept_outside(name) if name else None

    def _walk(
        self,
        process: Process,
        world: World,
        events: Iterable[Event],
        items: list[Item],
        run: int,
    ) -> Broken | None:
        for event in events:
            before = process.store.committed
            step = process.step(event)
            world.note(step, process)
            items.append(Item(step.number, event))
            wrong = judge(process, step, before)
            if wrong is not None:
                return Broken(wrong, run, items)
        return None
