"""The machine that the design shows, as it is printed there: it loads and does what its comments say."""

import importlib.util
import sys
from pathlib import Path

import pytest

from fasm_cli import Chooser, Tracked, Untracked
from fasm_cli.engine.events import (
    ActionRef,
    Completion,
    Crash,
    CrashPoint,
    FaultKind,
    InjectedFault,
    InputReceived,
    Restore,
)
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.step_result import Emission, Outcome
from fasm_cli.sessions.timeline import Timeline


def loaded():
    spec = importlib.util.spec_from_file_location("sample_of_the_design", Path(__file__).parent / "sample.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sample = loaded()
MACHINE = Machine(sample.CoffeeShop)


@pytest.fixture
def line():
    return Timeline(MACHINE, MACHINE.instance.initial())


def typed(text):
    return InputReceived(MACHINE.codec.parse(MACHINE.input_schema, text))


def test_it_loads():
    assert MACHINE.name == "CoffeeShop"
    assert list(MACHINE.invariants) == ["never_in_debt"]
    assert list(MACHINE.sometimes) == ["everything_spent"]
    assert MACHINE.encode_state(MACHINE.instance.initial()) == {"points": 150, "pending": None, "next_id": 1}


def test_a_redemption_is_asked_for_crashed_restored_confirmed_and_spent(line):
    asked = line.step(typed("RedeemPoints(points=100)"))
    assert asked.step.actions == (Tracked(1, sample.Redeem(100)),)
    assert asked.record.changed_paths == ["pending: None -> Redemption(id=1, points=100)", "next_id: 1 -> 2"]

    again = line.step(typed("RedeemPoints(20)"))
    assert (again.step.outcome, str(again.step.error)) == (Outcome.REJECTED, "RedemptionPending(1)")

    crashed = line.step(Crash(CrashPoint.AFTER_COMMIT))
    assert (crashed.step.outcome, line.now.up) == (Outcome.COMMITTED, False)
    restored = line.step(Restore())
    assert restored.step.actions == (Tracked(1, sample.CheckStatus(1)),)
    assert line.now.pending == {
        1: Emission(ActionRef(1, 1, again=4), Tracked(1, sample.CheckStatus(1)), ActionRef(1, 1), 4, 1)
    }

    confirmed = line.step(Completion(ActionRef(4, 1), 1, sample.Confirmed()))
    assert confirmed.step.actions == (Untracked(sample.ShowMessage("redeemed 100")),)
    assert confirmed.record.changed_paths == ["points: 150 -> 50", "pending: Redemption(id=1, points=100) -> None"]
    assert line.now.state == sample.State(points=50, pending=None, next_id=2)

    late = line.step(Completion(ActionRef(1, 1), 1, sample.Refused("card expired")))
    assert (late.step.outcome, str(late.step.error)) == (Outcome.REJECTED, "UnknownRedemption(1)")

    poor = line.step(typed("RedeemPoints(points=51)"))
    assert str(poor.step.error) == "InsufficientPoints(needed=51, had=50)"

    assert line.step(typed("RedeemPoints(points=50)")).step.actions == (Tracked(2, sample.Redeem(50)),)
    assert not MACHINE.sometimes["everything_spent"](line.now.state)
    line.step(Completion(ActionRef(8, 1), 2, sample.Confirmed()))
    assert line.now.state == sample.State(points=0, pending=None, next_id=3)
    assert MACHINE.sometimes["everything_spent"](line.now.state)
    assert [record.violated_law for record in line.journal.values()] == [""] * 9


def test_a_refusal_gives_the_points_back(line):
    line.step(typed("RedeemPoints(points=100)"))
    refused = line.step(Completion(ActionRef(1, 1), 1, sample.Refused("card expired")))
    assert refused.step.actions == (Untracked(sample.ShowMessage("card expired")),)
    assert line.now.state == sample.State(points=150, pending=None, next_id=2)


def test_what_fails_leaves_no_trace_and_breaks_no_law(line):
    line.step(InjectedFault(FaultKind.ACTIONS_FULL, 1))
    full = line.step(typed("RedeemPoints(points=100)"))
    assert (str(full.step.error), full.step.details.state_leaked, full.violation) == (
        "ActionsFull(held=0)",
        False,
        None,
    )
    line.step(Crash(CrashPoint.BEFORE_COMMIT))
    died = line.step(typed("RedeemPoints(points=100)"))
    assert (died.step.outcome, died.step.details.reason) == (Outcome.ABORTED, "the process died before the commit")
    line.step(Restore())
    assert line.now.state == sample.State()
    assert line.step(typed("RedeemPoints(points=100)")).step.actions == (Tracked(1, sample.Redeem(100)),)


def test_its_answers_are_drawn():
    choose = Chooser(7)
    answers = [MACHINE.instance.respond(choose, 1, sample.Redeem(1)) for _ in range(60)]
    assert [at for at, answer in enumerate(answers) if answer != sample.Confirmed()] == [17, 20, 50]
    assert answers[17] == sample.Refused("card expired")
