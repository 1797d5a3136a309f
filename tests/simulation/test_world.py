"""The simulated environment: a fault is injected only if it is on, and faults do not change the inputs."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from fasm_cli import Profile
from fasm_cli.engine.events import (
    ActionRef,
    Completion,
    Crash,
    Event,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
)
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import StepResult
from fasm_cli.engine.store import MemoryStore
from fasm_cli.simulation.world import Plan, World
from fasm_cli.types.generate import Generators


def steps_of(machine: Machine, run: int, steps: int = 60, **faults: float) -> list[StepResult]:
    """Return the steps of one run with only the given faults, at the given rates."""
    profile = replace(Profile().without_faults(), **faults)
    plan = Plan(seed=7, runs=1, steps=steps, profile=profile, always=frozenset(faults))
    world = World(machine, Generators(), plan, run)
    process = Process(machine, MemoryStore(machine, machine.instance.initial()))
    out = []
    for _ in range(steps):
        step = process.step(world.next(process, process.store.begin()))
        world.observe(step, process)
        out.append(step)
    return out


def kinds(steps: list[StepResult]) -> Counter[type[Event]]:
    return Counter(type(step.event) for step in steps)


def test_without_faults_there_are_only_inputs_and_awaited_results(shop: Machine) -> None:
    steps = [step for run in range(10) for step in steps_of(shop, run)]
    assert set(kinds(steps)) == {InputReceived, Completion}
    assert all(step.was_pending for step in steps if type(step.event) is Completion)


@pytest.mark.parametrize(
    ("fault", "shows"),
    [
        ("crash", lambda step: type(step.event) in (Crash, Restore)),
        ("lose_result", lambda step: type(step.event) is ResultLost),
        (
            "duplicate",
            lambda step: type(step.event) is Completion and not step.was_pending and step.event.of is not None,
        ),
        (
            "conflict",
            lambda step: type(step.event) is Completion and not step.was_pending and step.event.of is not None,
        ),
        ("unknown", lambda step: type(step.event) is Completion and step.event.of is None),
        ("actions_full", lambda step: type(step.event) is InjectedFault and step.event.kind == "actions_full"),
        (
            "store_failure",
            lambda step: type(step.event) is InjectedFault and step.event.kind in ("load", "commit", "unknown"),
        ),
    ],
)
def test_a_fault_is_injected_only_if_it_is_on(shop: Machine, fault: str, shows: object) -> None:
    assert callable(shows)
    on = [step for run in range(10) for step in steps_of(shop, run, **{fault: 0.2})]
    off = [step for run in range(10) for step in steps_of(shop, run)]
    assert sum(map(shows, on)) > 5
    assert not any(map(shows, off))


def test_a_late_result_is_delivered_after_a_restart(shop: Machine) -> None:
    steps = [step for run in range(40) for step in steps_of(shop, run, crash=0.1, late=0.2)]
    late = [
        step for step in steps if type(step.event) is Completion and step.event.of is not None and not step.was_pending
    ]
    without = [step for run in range(40) for step in steps_of(shop, run, crash=0.1)]
    assert sum(step.outcome == "rejected" for step in late) > 5
    assert all(step.was_pending for step in without if type(step.event) is Completion)


def test_an_input_is_redelivered(shop: Machine) -> None:
    def repeated(steps: list[StepResult]) -> int:
        inputs = [step.event for step in steps if type(step.event) is InputReceived]
        return sum(one == other and one is not other for one, other in pairwise(inputs))

    usual = sum(repeated(steps_of(shop, run)) for run in range(10))
    assert sum(repeated(steps_of(shop, run, redeliver=0.3)) for run in range(10)) > usual + 20


def test_an_action_has_one_result_until_it_is_accepted(shop: Machine) -> None:
    """However often an action is sent, over restarts, and however late its result arrives."""
    repeated = 0
    for run in range(20):
        results: dict[ActionRef, set[str]] = {}
        deliveries: Counter[ActionRef] = Counter()
        for step in steps_of(shop, run, steps=200, crash=0.1, lose_result=0.1, late=0.2):
            if type(step.event) is Completion and step.event.of is not None:
                results.setdefault(step.event.of.first, set()).add(repr(step.event.result))
                deliveries[step.event.of.first] += 1
        repeated += sum(times > 1 for times in deliveries.values())
        assert all(len(known) == 1 for known in results.values())
    assert repeated > 20


def test_switching_faults_off_does_not_move_the_inputs(shop: Machine) -> None:
    plain = [step.event for step in steps_of(shop, 3) if type(step.event) is InputReceived]
    with_faults = [step.event for step in steps_of(shop, 3, unknown=0.2) if type(step.event) is InputReceived]
    assert with_faults == plain[: len(with_faults)]
    assert len(with_faults) > 20


def test_each_run_of_a_seed_differs_and_can_be_repeated(shop: Machine) -> None:
    first, second, again = (
        [repr(step.event) for step in steps_of(shop, run, crash=0.1, duplicate=0.1)] for run in (0, 1, 0)
    )
    assert first == again
    assert first != second


def test_swarm_draws_which_faults_a_run_has(shop: Machine) -> None:
    def crashes(run: int, always: frozenset[str]) -> int:
        plan = Plan(seed=7, steps=200, profile=Profile().without_faults().replace(crash=0.05), always=always)
        world = World(shop, Generators(), plan, run)
        process = Process(shop, MemoryStore(shop, shop.instance.initial()))
        count = 0
        for _ in range(200):
            step = process.step(world.next(process, process.store.begin()))
            world.observe(step, process)
            count += type(step.event) is Crash
        return count

    drawn = [crashes(run, frozenset()) for run in range(30)]
    asked = [crashes(run, frozenset({"crash"})) for run in range(30)]
    assert 5 < drawn.count(0) < 25  # off in about half of the runs
    assert max(drawn) > 2 * max(asked)  # and more frequent in some
    assert 0 not in asked
