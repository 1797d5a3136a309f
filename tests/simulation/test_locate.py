"""The line of a finding is the first one after which the violation can be seen."""

from pathlib import Path

import pytest

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Event, InputReceived
from fasm_cli.engine.trace import Occurrence
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.simulation.locate import locate
from fasm_cli.simulation.trace import Player

MACHINE = """
from dataclasses import dataclass

from fasm_cli import Actions, StateMachine, TransitionError, invariant


@dataclass
class Account:
    balance: int = 0
    entries: int = 0
    restores: int = 0


@dataclass
class Withdraw: ...


@dataclass
class Reject: ...


@dataclass
class Divide: ...


class Bank(StateMachine):
    State, Input = Account, Withdraw | Reject | Divide

    def initial(self):
        return Account()

    async def stf(self, state, input, actions: Actions) -> None:
        if isinstance(input.value, Divide):
            state.balance = 1 // state.entries  # line divide
        state.entries += 1  # line reject
        if isinstance(input.value, Reject):
            raise TransitionError
        state.balance -= 1  # line withdraw
        state.entries += 1
        state.entries += 1

    async def restore(self, state, actions: Actions) -> None:
        pass
        state.restores += 1  # line restore
        pass

    @invariant
    def never_in_debt(self, state) -> bool:
        return state.balance >= 0
"""


@pytest.mark.parametrize(
    ("law", "event"),
    [
        ("invariant:never_in_debt", "withdraw"),
        ("atomic", "reject"),
        ("defect", "divide"),
        ("restore", "restore"),
    ],
)
def test_the_line_is_the_first_one_with_the_symptom(tmp_path: Path, law: str, event: str) -> None:
    path = tmp_path / "bank.py"
    path.write_text(MACHINE, encoding="utf-8")
    machine = import_machine(Project(tmp_path), str(path))
    kinds = machine.schemas.classes
    events: dict[str, Event] = {name: InputReceived(kinds[name.title()]()) for name in ("withdraw", "reject", "divide")}
    trace = [Occurrence(1, 0, events.get(event, events["withdraw"]))]
    line = locate(Player(Engine(machine)), trace, law)
    assert MACHINE.splitlines()[line - 1].strip().endswith(f"# line {event}")


def test_an_event_that_means_nothing_has_no_line(tmp_path: Path) -> None:
    path = tmp_path / "bank.py"
    path.write_text(MACHINE, encoding="utf-8")
    player = Player(Engine(import_machine(Project(tmp_path), str(path))))
    assert locate(player, [], "atomic") == 0
