"""Builds a small machine around the `stf` or `restore` that a test is about."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from fasm_cli import Actions, StateMachine, Tracked, TrackedActionCompleted, Untracked
from fasm_cli.engine.events import Completion, Crash, Event, InputReceived, Restore
from fasm_cli.engine.laws import first_violation
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.engine.store import MemoryStore


@dataclass
class Box:
    """A state with mutable values at several depths."""

    count: int = 0
    rows: list[list[int]] = field(default_factory=lambda: [[1], [2]])
    names: dict[str, list[str]] = field(default_factory=lambda: {"a": ["x"]})
    waiting: dict[int, str] = field(default_factory=dict)


@dataclass
class Go:
    """The only input; the test decides its effect."""

    n: int = 0
    items: list[int] = field(default_factory=list)


@dataclass
class Ask:
    """The only tracked action."""

    what: str = "q"
    items: list[int] = field(default_factory=list)


@dataclass
class Answer:
    text: str = "yes"


@dataclass
class Say:
    """The only untracked action."""

    text: str = "hello"
    items: list[int] = field(default_factory=list)


class Tiny:
    """The parts of the machine, under short names."""

    Box, Go, Ask, Answer, Say = Box, Go, Ask, Answer, Say

    @staticmethod
    def cls(stf: Callable[..., Any] | None = None, restore: Callable[..., Any] | None = None, **attributes: Any) -> Any:
        """A machine class. By default `stf` counts, and `restore` emits everything in `waiting` again."""
        members = {
            "State": Box,
            "Input": Go,
            "ActionId": int,
            "TrackedAction": Ask,
            "ActionResult": Answer,
            "UntrackedAction": Say,
            "initial": lambda self: Box(),
            "stf": stf or _count,
            "restore": restore or _restore,
        }
        return type("Tiny", (StateMachine,), members | attributes)

    @classmethod
    def run(cls, stf: Any = None, restore: Any = None, **attributes: Any) -> "Running":
        return Running(Machine(cls.cls(stf, restore, **attributes)))


class Running:
    """A process, with short names for its events."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.store = MemoryStore(machine, machine.instance.initial())
        self.process = Process(machine, self.store)

    @property
    def state(self) -> Any:
        return self.store.committed

    def __call__(self, event: Event) -> StepResult:
        return self.process.step(event)

    def go(self, n: int = 0, *items: int) -> StepResult:
        return self(InputReceived(Go(n, list(items))))

    def answer(self, id: Any, text: str = "yes") -> StepResult:
        return self(Completion(None, id, Answer(text)))

    def judged(self, event: Event) -> tuple[str, str] | None:
        """Execute `event`; the id of the law that it violates, and the reason."""
        before = self.state
        broken = first_violation(self.process, self(event), before)
        return None if broken is None else (broken.law, broken.reason)

    def restart(self) -> StepResult:
        assert self(Crash()).outcome is Outcome.COMMITTED
        return self(Restore())


async def _count(self: Any, state: Box, input: Any, actions: Actions) -> None:
    """An input emits `Ask`, its completion is counted; pending ids are in `waiting`."""
    if type(input) is TrackedActionCompleted:
        if input.id in state.waiting:
            del state.waiting[input.id]
            state.count += 1
            actions.add(Untracked(Say(input.result.text)))
        return
    actions.add(Tracked(input.value.n, Ask()))
    state.waiting[input.value.n] = "q"


async def _restore(self: Any, state: Box, actions: Actions) -> None:
    for id, what in state.waiting.items():
        actions.add(Tracked(id, Ask(what)))


@pytest.fixture(scope="session")
def tiny() -> type[Tiny]:
    return Tiny
