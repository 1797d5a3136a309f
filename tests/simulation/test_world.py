"""The simulated outside: each fault strikes when it is asked for and no other does, and none moves the inputs."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from fasm_cli import Profile, Tracked
from fasm_cli.engine.events import Complete, Crash, Event, Fault, Lose, Ref, Restore, Submit
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.memory_store import Memory
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Step
from fasm_cli.simulation.plan import Plan
from fasm_cli.simulation.world import World
from fasm_cli.types.generate import Generators


def lived(machine: Machine, run: int, steps: int = 60, **faults: float) -> list[Step]:
    """The steps of one run in which only the faults given strike, as often as given."""
    profile = replace(Profile().without_faults(), **faults)
    plan = Plan(seed=7, runs=1, steps=steps, profile=profile, always=frozenset(faults))
    world = World(machine, Generators(), plan, run)
    process = Process(machine, Memory(machine, machine.instance.initial()))
    out = []
    for _ in range(steps):
        step = process.step(world.next(process, process.store.begin()))
        world.note(step, process)
        out.append(step)
    return out


def kinds(steps: list[Step]) -> Counter[type[Event]]:
    return Counter(type(step.event) for step in steps)


def test_without_faults_there_are_inputs_and_awaited_results_alone(shop: Machine) -> None:
    steps = [step for run in range(10) for step in lived(shop, run)]
    assert set(kinds(steps)) == {Submit, Complete}
    assert all(step.expected for step in steps if type(step.event) is Complete)


@pytest.mark.parametrize(
    ("fault", "shows"),
    [
        ("crash", lambda step: type(step.event) in (Crash, Restore)),
        ("lose", lambda step: type(step.event) is Lose),
        ("duplicate", lambda step: type(step.event) is Complete and not step.expected and step.event.of is not None),
        ("conflict", lambda step: type(step.event) is Complete and not step.expected and step.event.of is not None),
        ("unknown", lambda step: type(step.event) is Complete and step.event.of is None),
        ("add", lambda step: type(step.event) is Fault and step.event.failure == "add"),
        ("store", lambda step: type(step.event) is Fault and step.event.failure in ("load", "commit", "unknown")),
    ],
)
def test_a_fault_strikes_where_it_is_on(shop: Machine, fault: str, shows: object) -> None:
    assert callable(shows)
    on = [step for run in range(10) for step in lived(shop, run, **{fault: 0.2})]
    off = [step for run in range(10) for step in lived(shop, run)]
    assert sum(map(shows, on)) > 5
    assert not any(map(shows, off))


def test_a_late_result_comes_after_the_restart_that_asked_again(shop: Machine) -> None:
    steps = [step for run in range(40) for step in lived(shop, run, crash=0.1, late=0.2)]
    late = [step for step in steps if type(step.event) is Complete and step.event.of is not None and not step.expected]
    without = [step for run in range(40) for step in lived(shop, run, crash=0.1)]
    assert sum(step.outcome == "rejected" for step in late) > 5
    assert all(step.expected for step in without if type(step.event) is Complete)


def test_an_input_is_delivered_again(shop: Machine) -> None:
    def repeated(steps: list[Step]) -> int:
        inputs = [step.event for step in steps if type(step.event) is Submit]
        return sum(one == other and one is not other for one, other in pairwise(inputs))

    usual = sum(repeated(lived(shop, run)) for run in range(10))
    assert sum(repeated(lived(shop, run, redeliver=0.3)) for run in range(10)) > usual + 20


def test_the_world_stands_by_what_it_did(shop: Machine) -> None:
    """However often the same thing is asked for, over restarts, and however late it is told: one result."""
    told = 0
    for run in range(20):
        since: dict[object, int] = {}
        effects: dict[Ref, tuple[object, int]] = {}
        results: dict[tuple[object, int], list[str]] = {}
        for step in lived(shop, run, steps=200, crash=0.1, lose=0.1, late=0.2):
            if type(step.event) is Complete and step.event.of is not None:
                results.setdefault(effects[step.event.of], []).append(repr(step.event.result))
                if step.outcome == "committed" and step.expected:
                    del since[step.event.id]
            for index, action in enumerate(step.actions, 1):
                if isinstance(action, Tracked):
                    first = since.setdefault(action.id, step.number)
                    effects[Ref(step.number, index)] = (action.id, first)
        told += sum(len(known) > 1 for known in results.values())
        assert all(len(set(known)) == 1 for known in results.values())
    assert told > 20


def test_switching_faults_off_does_not_move_the_inputs(shop: Machine) -> None:
    plain = [step.event for step in lived(shop, 3) if type(step.event) is Submit]
    with_faults = [step.event for step in lived(shop, 3, unknown=0.2) if type(step.event) is Submit]
    assert with_faults == plain[: len(with_faults)]
    assert len(with_faults) > 20


def test_each_run_of_a_seed_is_another_and_the_same_again(shop: Machine) -> None:
    first, second, again = (
        [repr(step.event) for step in lived(shop, run, crash=0.1, duplicate=0.1)] for run in (0, 1, 0)
    )
    assert first == again
    assert first != second


def test_swarm_draws_which_faults_a_run_has(shop: Machine) -> None:
    def crashes(run: int, always: frozenset[str]) -> int:
        plan = Plan(seed=7, steps=200, profile=Profile().without_faults().override(crash=0.05), always=always)
        world = World(shop, Generators(), plan, run)
        process = Process(shop, Memory(shop, shop.instance.initial()))
        count = 0
        for _ in range(200):
            step = process.step(world.next(process, process.store.begin()))
            world.note(step, process)
            count += type(step.event) is Crash
        return count

    drawn = [crashes(run, frozenset()) for run in range(30)]
    asked = [crashes(run, frozenset({"crash"})) for run in range(30)]
    assert 5 < drawn.count(0) < 25  # off in about half of the runs
    assert max(drawn) > 2 * max(asked)  # and more frequent in some
    assert 0 not in asked
