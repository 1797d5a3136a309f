"""Fixtures for a project in a temporary directory, and for a machine in it that tests change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fasm_cli.project.project import Project

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with the shipped machines and no sessions, as the working directory."""
    shutil.copytree(ROOT / "machines", tmp_path / "machines", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    return Project.find(tmp_path)


@pytest.fixture
def write_till(project: Project) -> Callable[..., None]:
    """Returns a function that writes `machines/till.py`. Its arguments change `TILL`: pairs of old and new text, or
    keys of `CHANGES`."""

    def write(*changes: str | tuple[str, str]) -> None:
        text = TILL
        for change in changes:
            old, new = CHANGES[change] if isinstance(change, str) else change
            assert old in text
            text = text.replace(old, new, 1)
        Path("machines/till.py").write_text(text, encoding="utf-8")

    return write


CHANGES = {
    "field": ("    next_id: int = 1\n", '    next_id: int = 1\n    currency: str = "EUR"\n'),
    "second": ("    def initial", "    version = 2\n\n    def initial"),
    "migrate": (
        "    def initial",
        '    def migrate(self, version, data):\n        return {**data, "currency": f"EUR{version}"}\n    def initial',
    ),
}

TILL = '''\
"""A till."""
from dataclasses import dataclass
from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError

@dataclass
class Till:
    cents: int = 0
    waiting: int | None = None
    next_id: int = 1

@dataclass
class Pay:
    cents: int

@dataclass
class Charge:
    cents: int

@dataclass
class Paid:
    pass

class Busy(TransitionError): ...
class Unknown(TransitionError): ...

class TillMachine(StateMachine):
    State, Input = Till, Pay
    ActionId, TrackedAction, ActionResult = int, Charge, Paid

    def initial(self):
        return Till()

    async def stf(self, state, input, actions):
        match input:
            case Normal(Pay(cents)):
                if state.waiting is not None:
                    raise Busy(state.waiting)
                actions.add(Tracked(state.next_id, Charge(cents)))
                state.waiting = state.next_id
                state.next_id += 1
            case TrackedActionCompleted(id, _):
                if state.waiting != id:
                    raise Unknown(id)
                state.waiting = None
                state.cents += 5

    async def restore(self, state, actions):
        if state.waiting is not None:
            actions.add(Tracked(state.waiting, Charge(0)))
'''
