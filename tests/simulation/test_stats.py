"""Statistics count what happened: a fault is counted only if it had an effect."""

from dataclasses import replace

import pytest

from fasm_cli import Profile
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.simulation.coverage import warnings
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.stats import FastCounters, Stats
from fasm_cli.simulation.world import Plan


def plan_of(**faults: float) -> Plan:
    return Plan(
        seed=3, runs=4, steps=80, profile=replace(Profile().without_faults(), **faults), always=frozenset(faults)
    )


def stats_of(machine: Machine, **faults: float) -> Stats:
    """Four runs in which only these faults strike."""
    plan, stats = plan_of(**faults), Stats()
    runs = Simulator(Engine(machine), plan)
    assert [runs.run_fast(run, stats) for run in range(plan.runs)] == [None] * plan.runs
    return stats


def rejected(stats: Stats, why: str) -> int:
    return sum(times for (_, refusal), times in (stats.inputs + stats.completions).items() if refusal == why)


def test_actions_full_is_counted_if_it_rejected_an_input(shop: Machine) -> None:
    stats = stats_of(shop, actions_full=0.3)
    assert stats.faults == {"add fails": rejected(stats, "ActionsFull")}
    assert stats.faults["add fails"] > 0


def test_store_failures_are_counted_if_they_aborted_a_transition(shop: Machine) -> None:
    stats = stats_of(shop, store_failure=0.3)
    assert set(stats.faults) == {"load fails", "commit fails", "commit answer lost"}
    assert stats.faults["load fails"] + stats.faults["commit fails"] == rejected(stats, "aborted") > 0
    assert stats.faults["commit answer lost"] == stats.restores > 0


def test_a_crash_before_commit_is_counted_if_it_aborted_a_transition(shop: Machine) -> None:
    stats = stats_of(shop, crash=0.3)
    assert stats.faults["crash before-commit"] == rejected(stats, "aborted") > 0


@pytest.mark.parametrize("fault", ["duplicate", "conflict", "late", "unknown", "redeliver", "lose_result"])
def test_a_fault_is_counted_under_its_name_in_the_profile(shop: Machine, fault: str) -> None:
    stats = stats_of(shop, **{fault: 0.2, "crash": 0.05} if fault == "late" else {fault: 0.2})
    counted = [name for name in stats.faults if not name.startswith("crash")]
    assert counted == [fault]  # the restarts that drain the machine are not crashes
    assert stats.faults_with_work[fault] <= stats.faults[fault]


def test_every_action_is_completed_or_outstanding(shop: Machine) -> None:
    stats = stats_of(shop, lose_result=0.1, duplicate=0.1, conflict=0.1)
    assert stats.lost.total() == stats.faults["lose_result"] > 0
    assert stats.duplicated.total() == stats.faults["duplicate"] + stats.faults["conflict"] > 0
    emitted = {name: stats.emitted[name] for name in ("Redeem", "Refund", "CheckStatus")}
    assert set(stats.completed) == set(emitted)
    assert sum(emitted.values()) - stats.restored == stats.completed.total() + stats.outstanding.total()


def test_a_fault_that_was_never_triggered_is_reported(shop: Machine) -> None:
    asked = plan_of(late=0.2, cancel=0.2, conflict=0.2)
    found = warnings(shop, stats_of(shop, late=0.2, cancel=0.2, conflict=0.2), asked)
    assert [note for note in found if "triggered" in note] == [
        "the fault late was never triggered",
        "the fault cancel was never triggered",
    ]
    by_itself = warnings(shop, Stats(runs=1), replace(asked, always=frozenset()))
    assert [note for note in by_itself if "triggered" in note] == ["the fault late was never triggered"]
    assert warnings(shop, Stats(), asked) == []  # interrupted before the first run was over


def test_the_first_run_that_reached_a_goal_is_the_smallest() -> None:
    total, later = Stats(), Stats()
    total.finish_run(7, 10, FastCounters(), {"goal"})
    later.finish_run(3, 10, FastCounters(), {"goal", "other"})
    total.add(later)
    assert total.sometimes == {"goal": (2, 3), "other": (1, 3)}
    total.finish_run(5, 10, FastCounters(), {"other"})
    assert total.sometimes["other"] == (2, 3)
