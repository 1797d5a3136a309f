"""The effect of a breach on a step, on the laws and on a simulation."""

import importlib.util
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Crash, CrashPoint, Event, InputReceived, Restore
from fasm_cli.engine.laws import Violation, check_restore, check_step
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.engine.store import MemoryStore
from fasm_cli.purity import install as guard
from fasm_cli.simulation.sampling_store import SamplingStore

SHOP = Path(__file__).parent / "cases" / "shop.py"


@pytest.fixture(scope="module")
def shop() -> Iterator[ModuleType]:
    guard.install()
    spec = importlib.util.spec_from_file_location("purity_case_shop", SHOP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    yield module
    guard.uninstall()


@pytest.fixture(params=[MemoryStore, SamplingStore])
def process(request: pytest.FixtureRequest, shop: ModuleType) -> Process:
    machine = Machine(shop.Shop)
    return Process(machine, request.param(machine, machine.instance.initial()))


def steps(process: Process, *events: Event) -> StepResult:
    """The result of the last of `events`."""
    return [process.step(event) for event in events][-1]


def law_and_reason(violation: Violation | None) -> tuple[str, str] | None:
    return None if violation is None else (violation.law, violation.reason)


def test_a_breach_is_a_defect_even_if_the_author_catches_it(process: Process, shop: ModuleType) -> None:
    step = steps(process, InputReceived(shop.Look()))
    assert step.outcome is Outcome.DEFECT
    assert isinstance(step.error, Breach)
    assert step.details.state_leaked
    assert law_and_reason(check_step(step)) == ("clock", "calls time.time() at shop.py:60")


def test_a_breach_is_rolled_back(shop: ModuleType) -> None:
    machine = Machine(shop.Shop)
    process = Process(machine, MemoryStore(machine, machine.instance.initial()))
    steps(process, InputReceived(shop.Look()))
    assert process.store.begin() == shop.State()


def test_a_breach_does_not_affect_the_next_step(process: Process, shop: ModuleType) -> None:
    step = steps(process, InputReceived(shop.Look()), InputReceived(shop.Reject()))
    assert step.outcome is Outcome.REJECTED
    assert type(step.error) is shop.Closed


def test_restore_is_guarded_after_a_crash(process: Process, shop: ModuleType) -> None:
    step = steps(process, InputReceived(shop.Order(restore_looks=True)), Crash(CrashPoint.BETWEEN), Restore())
    assert step.outcome is Outcome.DEFECT
    assert law_and_reason(check_step(step)) == ("clock", "calls time.time() at shop.py:76")


def test_restore_is_guarded_after_a_commit(process: Process, shop: ModuleType) -> None:
    step = steps(process, InputReceived(shop.Order(restore_looks=True)))
    assert step.outcome is Outcome.COMMITTED
    assert law_and_reason(check_restore(process)) == ("clock", "calls time.time() at shop.py:76")


def test_a_pure_machine_continues(process: Process, shop: ModuleType) -> None:
    step = steps(process, InputReceived(shop.Order()), Crash(CrashPoint.BETWEEN), Restore())
    assert step.outcome is Outcome.COMMITTED
    assert check_restore(process) is None


def test_a_breach_names_its_line_and_survives_pickling() -> None:
    breach = Breach("clock", "time.time()", "/there/shop.py", 41)
    again: Any = pickle.loads(pickle.dumps(breach))
    assert str(again) == "calls time.time() at shop.py:41"
    assert (again.law, again.file) == ("clock", "/there/shop.py")


@pytest.mark.parametrize("name", ["counter", "coffee_shop", "dentist", "payment"])
def test_the_shipped_machines_are_pure(name: str, shop: ModuleType) -> None:
    from fasm_cli.project.load import import_machine
    from fasm_cli.project.project import Project
    from fasm_cli.simulation.run import Simulator
    from fasm_cli.simulation.stats import Stats
    from fasm_cli.simulation.world import Plan

    machine = import_machine(Project(Path(__file__).parents[2]), name)
    runs, tally = Simulator(Engine(machine), Plan(seed=1, runs=3, steps=200)), Stats()
    assert [runs.run_fast(run, tally) for run in range(3)] == [None] * 3
