"""Fixtures that run one machine of `machines/` in memory, event by event."""

from collections.abc import Callable
from typing import Any

import pytest
from shipped import MACHINES, load_module, machine_class

from fasm_cli import Actions, Normal, StateMachine, TrackedActionCompleted
from fasm_cli.engine.coroutines import run_coroutine
from fasm_cli.engine.events import Completion, Crash, InputReceived, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.engine.store import MemoryStore


class MachineRun:
    """A machine in memory; each method executes one event."""

    def __init__(self, name: str, state: Any = None) -> None:
        self.module = load_module(name)
        self.machine = Machine(machine_class(name))
        self.store = MemoryStore(self.machine, self.machine.instance.initial() if state is None else state)
        self.process = Process(self.machine, self.store)

    @property
    def state(self) -> Any:
        return self.store.committed

    def submit(self, text: str) -> StepResult:
        """Execute an input, given as source text."""
        return self.process.step(InputReceived(self.machine.codec.parse(self.machine.input_schema, text)))

    def complete(self, id: Any, text: str) -> StepResult:
        """Execute a completion; the result is given as source text."""
        assert self.machine.result_schema is not None
        return self.process.step(Completion(None, id, self.machine.codec.parse(self.machine.result_schema, text)))

    def restart(self) -> StepResult:
        self.process.step(Crash())
        return self.process.step(Restore())

    def changed_without_room(self, input: Normal | TrackedActionCompleted, room: int) -> bool:
        """Whether a transition changes the state although `add` fails after `room` actions."""
        copy = self.machine.copiers.of(self.machine.state_schema)(self.state)
        actions = Actions()
        actions.clear(room)
        error = run_coroutine(self.machine.stf(copy, input, actions))
        assert type(error).__name__ == "ActionsFull"
        return bool(copy != self.state)


def refused(step: StepResult) -> str:
    """The printed error of a rejected step, which emitted nothing and did not change the state."""
    assert step.outcome is Outcome.REJECTED
    assert step.actions == ()
    assert not step.details.state_leaked
    return str(step.error)


@pytest.fixture(name="machine_class")
def _machine_class() -> Callable[[str], type[StateMachine]]:
    return machine_class


@pytest.fixture
def run() -> Callable[..., MachineRun]:
    return MachineRun


@pytest.fixture(name="refused")
def _refused() -> Callable[[StepResult], str]:
    return refused


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "any_machine" in metafunc.fixturenames:
        metafunc.parametrize("any_machine", sorted(path.stem for path in MACHINES.glob("*.py")))
