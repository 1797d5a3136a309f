"""What a machine that was loaded consists of: a sealed instance, its checks, its actions as data, its fingerprint."""

import random
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from fasm_cli import StateMachine, Tracked, Untracked, invariant, sometimes
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import DecodeError


@dataclass
class Count:
    n: int = 0


@dataclass(frozen=True)
class Fixed:
    n: int = 0


@dataclass(frozen=True)
class FixedList:
    items: list[int] = field(default_factory=list)


@dataclass
class Go:
    pass


class Color(Enum):
    RED = 1


class Base(StateMachine):
    State = Count
    Input = Go

    def initial(self):
        return Count()

    async def stf(self, state, input, actions):
        state.n += 1


def machine(**members: Any) -> Any:
    return type("M", (Base,), members)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]"),
        ({}, "{}"),
        (set(), "set()"),
        (bytearray(), "bytearray(b'')"),
        (Count(), "Count(n=0)"),
        ((1, [2]), "(1, [2])"),
        (FixedList(), "FixedList(items=[])"),
        (random.Random(1), None),
    ],
)
def test_an_instance_that_can_change_is_refused(value, text):
    def __init__(self):
        self.cache = value

    with pytest.raises(MachineError) as caught:
        Machine(machine(__init__=__init__))
    message, hint = caught.value.message, caught.value.hint
    assert text is None or message == f"M: self.cache = {text} is mutable, and a machine must not hold state"
    assert hint == "move cache into M.State, or make it a module constant"


@pytest.mark.parametrize("value", [1, "a", None, (1, (2,)), Fixed(), Color.RED, len, Count, frozenset({1}), random])
def test_an_instance_may_hold_constants(value):
    def __init__(self):
        self.constant = value

    assert Machine(machine(__init__=__init__)).instance.constant is value


def test_an_instance_is_sealed_once_it_is_checked():
    sealed = Machine(Base).instance
    with pytest.raises(AttributeError) as caught:
        sealed.last = 1
    assert str(caught.value) == "self.last = …: Base must hold no state; keep it in Base.State"


def test_what_is_marked_is_found_also_when_it_is_inherited():
    class Checked(Base):
        """Two
        lines."""

        @invariant
        def first(self, state):
            return state.n >= 0

        @sometimes
        def second(self, state):
            return state.n > 3

    class More(Checked):
        @invariant
        def third(self, state):
            return True

    loaded = Machine(More, reference="more", source="more.py")
    assert list(loaded.invariants) == ["first", "third"]
    assert list(loaded.sometimes) == ["second"]
    assert (loaded.name, loaded.reference, loaded.source, loaded.doc) == ("More", "more", "more.py", "")
    assert Machine(Checked).doc == "Two\nlines."
    assert Machine(Base).tracked_schema is None


def test_an_action_is_encoded_with_the_path_of_what_does_not_fit(tiny):
    loaded = Machine(tiny.cls())
    assert loaded.encode_action(Tracked(1, tiny.Ask("a"))) == {
        "type": "Tracked",
        "id": 1,
        "action": {"type": "Ask", "what": "a", "items": []},
    }
    for action, why in (
        (Tracked("1", tiny.Ask()), "Tracked.id: expected int, got str '1'"),
        (Tracked(1, tiny.Say()), "Tracked.action: expected Ask, got Say Say(text='hello', items=[])"),
        (Tracked(1, tiny.Ask(None)), "Tracked.action.what: expected str, got NoneType None"),
        (Untracked(tiny.Say(items=["a"])), "Untracked.action.items[0]: expected int, got str 'a'"),
    ):
        with pytest.raises(DecodeError) as caught:
            loaded.encode_action(action)
        assert str(caught.value) == why
    bare = Machine(Base)
    for action, why in ((Tracked(1, Go()), "TrackedAction"), (Untracked(Go()), "UntrackedAction")):
        with pytest.raises(DecodeError) as caught:
            bare.encode_action(action)
        assert str(caught.value) == f"emits {action!r}, but {why} is None"


def test_a_fingerprint_changes_with_the_types_and_with_nothing_else(tiny):
    assert Machine(Base).fingerprint == Machine(machine()).fingerprint == Machine(machine(version=2)).fingerprint

    @dataclass
    class Count:  # the same name, one field more
        n: int = 0
        m: int = 0

    assert Machine(Base).fingerprint != Machine(machine(State=Count, initial=lambda self: Count())).fingerprint
    assert Machine(tiny.cls()).fingerprint != Machine(Base).fingerprint
