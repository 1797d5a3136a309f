"""What is counted is what happened: a fault that found nothing to strike at is none."""

from dataclasses import replace

import pytest

from fasm_cli import Profile
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.machine import Machine
from fasm_cli.simulation.coverage import warnings
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.stats import Stats
from fasm_cli.simulation.world import Plan


def plan_of(**faults: float) -> Plan:
    return Plan(
        seed=3, runs=4, steps=80, profile=replace(Profile().without_faults(), **faults), always=frozenset(faults)
    )


def counted(machine: Machine, **faults: float) -> Stats:
    """Four runs in which only these faults strike."""
    plan, tally = plan_of(**faults), Stats()
    runs = Simulator(Engine(machine), plan)
    assert [runs.run_fast(run, tally) for run in range(plan.runs)] == [None] * plan.runs
    return tally


def refused(tally: Stats, why: str) -> int:
    return sum(times for (_, refusal), times in (tally.inputs + tally.completions).items() if refusal == why)


def test_an_add_fails_where_it_was_called(shop: Machine) -> None:
    tally = counted(shop, actions_full=0.3)
    assert tally.faults == {"add fails": refused(tally, "ActionsFull")}
    assert tally.faults["add fails"] > 0


def test_the_store_fails_where_there_was_something_to_store(shop: Machine) -> None:
    tally = counted(shop, store_failure=0.3)
    assert set(tally.faults) == {"load fails", "commit fails", "commit answer lost"}
    assert tally.faults["load fails"] + tally.faults["commit fails"] == refused(tally, "aborted") > 0
    assert tally.faults["commit answer lost"] == tally.restores > 0


def test_a_crash_before_a_commit_needs_one(shop: Machine) -> None:
    tally = counted(shop, crash=0.3)
    assert tally.faults["crash before-commit"] == refused(tally, "aborted") > 0


@pytest.mark.parametrize("fault", ["duplicate", "conflict", "late", "unknown", "redeliver", "lose_result"])
def test_a_fault_goes_by_the_name_it_is_switched_on_with(shop: Machine, fault: str) -> None:
    tally = counted(shop, **{fault: 0.2, "crash": 0.05} if fault == "late" else {fault: 0.2})
    told = [name for name in tally.faults if not name.startswith("crash")]
    assert told == [fault]  # the restarts of the quiet phase are no crashes
    assert tally.faults_with_work[fault] <= tally.faults[fault]


def test_what_became_of_the_actions(shop: Machine) -> None:
    tally = counted(shop, lose_result=0.1, duplicate=0.1, conflict=0.1)
    assert tally.lost.total() == tally.faults["lose_result"] > 0
    assert tally.duplicated.total() == tally.faults["duplicate"] + tally.faults["conflict"] > 0
    emitted = {name: tally.emitted[name] for name in ("Redeem", "Refund", "CheckStatus")}
    assert set(tally.completed) == set(emitted)
    assert sum(emitted.values()) - tally.restored == tally.completed.total() + tally.outstanding.total()


def test_a_fault_that_was_asked_for_and_never_struck_is_told(shop: Machine) -> None:
    asked = plan_of(late=0.2, cancel=0.2, conflict=0.2)
    told = warnings(shop, counted(shop, late=0.2, cancel=0.2, conflict=0.2), asked)
    assert [note for note in told if "triggered" in note] == [
        "the fault late was never triggered",
        "the fault cancel was never triggered",
    ]
    by_itself = warnings(shop, Stats(runs=1), replace(asked, always=frozenset()))
    assert [note for note in by_itself if "triggered" in note] == ["the fault late was never triggered"]
    assert warnings(shop, Stats(), asked) == []  # interrupted before the first run was over
