"""What a shrunk trace contains, and that each pass is needed."""

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import monotonic, process_time

import pytest

from fasm_cli import Actions, Normal, StateMachine, Tracked, TransitionError, invariant
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import ActionRef, Completion, Crash, Event, InputReceived, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.trace import Occurrence, renumber
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.simulation.replicas import ReplicaPlayer
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
def test_a_result_is_one_that_respond_may_give(tmp_path: Path, respond: str, result: str) -> None:
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


@dataclass
class Door:
    is_open: bool = True
    visits: int = 0


@dataclass
class Toggle: ...


@dataclass
class Visit: ...


class House(StateMachine):
    """A visit while the door is open violates the invariant; the door toggles."""

    State, Input = Door, Toggle | Visit

    def initial(self) -> Door:
        return Door()

    async def stf(self, state, input, actions: Actions) -> None:
        if isinstance(input.value, Toggle):
            state.is_open = not state.is_open
        elif state.is_open:
            state.visits += 1

    @invariant
    def nobody_visits(self, state) -> bool:
        return state.visits == 0


def shrunk_events(machine: type[StateMachine], law: str, *events: Event) -> list[str]:
    """The events to which the given ones are shrunk."""
    trace = [Occurrence(number, number - 1, event) for number, event in enumerate(events, 1)]
    shrunk = Shrinker(Player(Engine(Machine(machine))), trace, law, 60.0).shrink()
    return [each.event.format() for each in renumber(shrunk.played.trace)]


def test_two_events_that_cancel_each_other_are_removed() -> None:
    toggle, visit = InputReceived(Toggle()), InputReceived(Visit())
    assert shrunk_events(House, "invariant:nobody_visits", toggle, toggle, visit) == ["Visit()"]


@dataclass
class Files:
    status: dict[int, str] = field(default_factory=dict)


@dataclass
class Apply: ...


@dataclass
class Ask: ...


@dataclass
class Granted: ...


@dataclass
class Refused: ...


class Visas(StateMachine):
    """A second result may turn a refusal into a grant."""

    State, Input, ActionId, TrackedAction, ActionResult = Files, Apply, int, Ask, Granted | Refused

    def initial(self) -> Files:
        return Files()

    async def stf(self, state, input, actions: Actions) -> None:
        if isinstance(input, Normal):
            id = len(state.status) + 1
            actions.add(Tracked(id, Ask()))
            state.status[id] = ""
        elif state.status.get(input.id, "granted") == "granted":
            raise TransitionError
        else:
            state.status[input.id] = "granted" if input.result == Granted() else "refused"

    async def restore(self, state, actions: Actions) -> None:
        for id, status in state.status.items():
            if not status:
                actions.add(Tracked(id, Ask()))


def test_a_completion_of_a_repeated_action_shrinks_to_one_of_the_first_emission() -> None:
    """The restore emits 2 and 3 as its actions 1 and 2; a result of 3 refers to it by its first emission."""
    apply, refused, granted = InputReceived(Apply()), Refused(), Granted()
    events = [
        *[apply, apply, apply, Completion(ActionRef(1, 1), 1, refused), Crash(), Restore()],
        *[Completion(ActionRef(3, 1, again=6), 3, refused), Completion(ActionRef(3, 1, again=6), 3, granted)],
    ]
    expected = ["Apply()", "complete 1.1 Refused()", "complete 1.1 Granted()"]
    assert shrunk_events(Visas, "completion", *events) == expected


def test_the_place_of_a_repeated_action_is_its_position_in_the_restore() -> None:
    player = Player(Engine(Machine(Visas)))
    events = [InputReceived(Apply()), InputReceived(Apply()), Crash(), Restore()]
    trace = [Occurrence(number, number - 1, event) for number, event in enumerate(events, 1)]
    places = player.emissions(trace)
    assert {str(name): str(place) for name, place in places.items()} == {"1.1@4": "4.1", "2.1@4": "4.2"}


def test_the_search_ends_by_the_clock_of_its_player(monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(Engine(import_machine(Project(Path(__file__).parents[2]), "counter")))
    monkeypatch.setattr(Player, "clock", staticmethod(lambda: 7.0))
    search = Shrinker(player, [], "defect", seconds=1)
    assert (search.budget_exhausted(), search.in_time) == (False, True)
    hours = count(7.0, 3600)
    monkeypatch.setattr(Player, "clock", staticmethod(lambda: next(hours)))
    search = Shrinker(player, [], "defect", seconds=1)
    assert (search.budget_exhausted(), search.in_time) == (True, False)


def test_a_player_counts_the_time_of_its_own_process() -> None:
    assert Player.clock is process_time
    assert ReplicaPlayer.clock is monotonic  # the work is done in other processes
