"""Runs of a machine in a simulated world: fast ones that look for trouble, exact ones that pin it down.

A fast run records nothing. It judges every step by what costs little, samples what costs a look at the whole state,
and stops at the first suspicion. The same run is then repeated from its seed with every law at every step, and the
first violation there, with the events that led to it, is the finding.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fasm_cli.core.errors import UsageError
from fasm_cli.core.event import Event, Submit
from fasm_cli.core.laws import Violation, broken_by_step, broken_invariant, broken_restore, judge, restores
from fasm_cli.core.machine import Machine
from fasm_cli.core.model import Profile
from fasm_cli.core.step import Memory, Outcome, Process, Step
from fasm_cli.sim.generate import Generators
from fasm_cli.sim.tally import Tally
from fasm_cli.sim.watched import Watched
from fasm_cli.sim.world import World

QUIET_STEPS = 10_000  # more than this to fall quiet is never
PROBED = 50  # up to so many pending actions, what restore gives is looked at after every commit; else 1 in 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to simulate; a plan and a machine decide every draw."""

    seed: int
    runs: int = 100
    steps: int = 100
    profile: Profile = field(default_factory=Profile)

    def __post_init__(self) -> None:
        for name, least in (("runs", 1), ("steps", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"--{name} {getattr(self, name)}: at least {least}")


@dataclass(slots=True)
class Found:
    """A violation and the events that lead to it from the initial state; the last one is where it shows."""

    violation: Violation
    run: int
    events: list[Event]


@dataclass(slots=True)
class Report:
    """What a simulation came to."""

    tally: Tally = field(default_factory=Tally)
    found: list[Found] = field(default_factory=list)


class Simulation:
    """All runs of one plan; `run` them in any order."""

    def __init__(self, machine: Machine, plan: Plan) -> None:
        self.machine = machine
        self.plan = plan
        self._generators = Generators()
        self._restores = restores(machine)

    def world(self, run: int) -> World:
        return World(self.machine, self._generators, self.plan.seed, run, self.plan.profile)

    def run_all(self, report: Report) -> None:
        """Every run in order, up to the first that breaks something; `report` holds whole runs at any time."""
        for run in range(self.plan.runs):
            tally = Tally()
            suspicion = self.fast(run, tally)
            report.tally.add(tally)
            if suspicion is not None:
                report.found.append(self.exact(run, suspicion))
                break

    def fast(self, run: int, tally: Tally) -> Violation | None:
        """One run into `tally`; the first suspicion ends it."""
        machine = self.machine
        world = self.world(run)
        store = Watched(machine, machine.instance.initial())
        process = Process(machine, store)
        reached: set[str] = set()
        refused: dict[tuple[type, type], int] = {}
        tally.runs += 1
        begin, step_of, next_event, note = store.begin, process.step, world.next, world.note
        for done in range(self.plan.steps):
            ahead = process.ahead
            event = next_event(process, begin())
            step = step_of(event)
            if step.outcome is Outcome.REJECTED and type(event) is Submit and not step.dirty and ahead is None:
                place = (type(event.value), type(step.error))
                refused[place] = refused.get(place, 0) + 1
                continue
            note(step, process)
            tally.count(step, process)
            if ahead is not None and process.ahead is not ahead:
                tally.struck(ahead, process)
            wrong = self._suspicion(process, step, done)
            if wrong is not None:
                tally.steps += done + 1
                _count_refused(tally, refused)
                return wrong
            if step.outcome is Outcome.COMMITTED and len(reached) < len(machine.sometimes):
                self._reach(begin(), reached)
        tally.steps += self.plan.steps
        _count_refused(tally, refused)
        for name in reached:
            tally.reach(name, run)
        wrong = self._settle(process, world, tally)
        tally.finish(process)
        return wrong

    def _suspicion(self, process: Process, step: Step, done: int) -> Violation | None:
        wrong = broken_by_step(step)
        if wrong is not None or step.outcome is not Outcome.COMMITTED:
            return wrong
        if self._restores and (len(process.pending) < PROBED or done % 16 == 0):
            wrong = broken_restore(process, step)
        return wrong or broken_invariant(self.machine, process.store.begin())

    def _reach(self, state: Any, reached: set[str]) -> None:
        for name, check in self.machine.sometimes.items():
            if name not in reached and check(state) is True:
                reached.add(name)

    def _settle(self, process: Process, world: World, tally: Tally) -> Violation | None:
        """The quiet phase of a fast run."""
        for at, event in enumerate(quiet_events(process, world)):
            step = process.step(event)
            world.note(step, process)
            tally.count(step, process)
            wrong = self._suspicion(process, step, at)
            if wrong is not None:
                return wrong
        return stuck(process)

    def exact(self, run: int, suspicion: Violation) -> Found:
        """The same run with every law after every step."""
        machine = self.machine
        world = self.world(run)
        store = Memory(machine, machine.instance.initial())
        process = Process(machine, store)
        events: list[Event] = []
        for _ in range(self.plan.steps):
            event = world.next(process, store.begin())
            wrong = self._judged(process, world, event, events)
            if wrong is not None:
                return Found(wrong, run, events)
        for event in quiet_events(process, world):
            wrong = self._judged(process, world, event, events)
            if wrong is not None:
                return Found(wrong, run, events)
        wrong = stuck(process)
        if wrong is not None:
            return Found(wrong, run, events)
        why = f"the run does not go the same way twice: the first time, {suspicion.law}: {suspicion.why}"
        return Found(Violation("hidden", why), run, events)

    @staticmethod
    def _judged(process: Process, world: World, event: Event, events: list[Event]) -> Violation | None:
        events.append(event)
        step = process.step(event)
        world.note(step, process)
        return judge(process, step, process.store.begin())


def quiet_events(process: Process, world: World) -> Iterator[Event]:
    """The events of the quiet phase; they must be let happen one by one."""
    for _ in range(QUIET_STEPS):
        event = world.settle(process)
        if event is None:
            return
        yield event


def stuck(process: Process) -> Violation | None:
    """Whether something is left pending after the quiet phase."""
    left = [emission.tracked for emission in process.pending.values()]
    if not left:
        return None
    return Violation("stuck", f"{left[0]!r} is still pending after every result was delivered and {3} restarts")


def _count_refused(tally: Tally, refused: dict[tuple[type, type], int]) -> None:
    for (value, error), times in refused.items():
        tally.inputs[value.__name__, error.__name__] += times
