"""What a shrunk trace may hold."""

from pathlib import Path

import pytest

from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import ActionRef, Completion, InputReceived
from fasm_cli.engine.occurrence import Occurrence
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.simulation.shrink import Shrinker
from fasm_cli.simulation.trace import Player

HOTEL = """
from dataclasses import dataclass

from fasm_cli import Actions, Normal, StateMachine, Tracked, TransitionError, invariant


@dataclass
class Room:
    asked: bool = False
    free: bool = False


@dataclass
class Book: ...


@dataclass
class Hold: ...


@dataclass
class Released: ...  # the simplest of them, and no answer to Hold


@dataclass
class Unknown: ...


@dataclass
class Held: ...


class Hotel(StateMachine):
    State, Input, ActionId, TrackedAction, ActionResult = Room, Book, int, Hold, Released | Unknown | Held

    def initial(self) -> Room:
        return Room()

    async def stf(self, state, input, actions: Actions) -> None:
        if isinstance(input, Normal):
            actions.add(Tracked(1, Hold()))
            state.asked = True
        else:
            state.free = not isinstance(input.result, Held)

    async def restore(self, state, actions: Actions) -> None:
        if state.asked:
            actions.add(Tracked(1, Hold()))

    @invariant
    def never_free_when_asked(self, state) -> bool:
        return not state.free
"""
RESPOND = """
    def respond(self, choose, id, action):
        return choose.pick([Unknown(), Held()])
"""


@pytest.mark.parametrize(("respond", "result"), [(RESPOND, "Unknown"), ("", "Released")], ids=["respond", "any"])
def test_only_what_respond_may_give(tmp_path: Path, respond: str, result: str) -> None:
    (tmp_path / "hotel.py").write_text(HOTEL + respond, encoding="utf-8")
    machine = import_machine(Project(tmp_path), str(tmp_path / "hotel.py"))
    kinds = machine.schemas.classes
    items = [
        Occurrence(1, 0, InputReceived(kinds["Book"]())),
        Occurrence(2, 1, Completion(ActionRef(1, 1), 1, kinds["Unknown"]())),
    ]
    shrunk = Shrinker(Player(Engine(machine)), items, "invariant:never_free_when_asked", 5.0).shrink().played
    assert [type(item.event).__name__ for item in shrunk.trace] == ["InputReceived", "Completion"]
    assert type(shrunk.trace[1].event.result).__name__ == result  # type: ignore[union-attr]
