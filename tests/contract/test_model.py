"""What an author writes against: actions that are added, reasons that print, a profile that checks itself."""

import copy
import pickle

import pytest

from fasm_cli import Actions, ActionsFull, Normal, Profile, RestoreError, Tracked, TransitionError, Untracked
from fasm_cli.errors import (
    FasmError,
    InputError,
    InternalError,
    MachineError,
    SessionError,
    UsageError,
    did_you_mean,
)


class InsufficientPoints(TransitionError):
    pass


class Gone(RestoreError):
    pass


def test_a_reason_keeps_what_it_is_given_and_prints_as_it_was_made():
    error = InsufficientPoints(needed=100, had=50)
    assert str(error) == repr(error) == "InsufficientPoints(needed=100, had=50)"
    assert (error.needed, error.had, error.args) == (100, 50, ())
    assert str(InsufficientPoints("a", 1, why=None)) == "InsufficientPoints('a', 1, why=None)"
    assert str(InsufficientPoints()) == "InsufficientPoints()"
    assert str(Gone(7)) == "Gone(7)"


@pytest.mark.parametrize("error", [InsufficientPoints("a", needed=1), Gone(7, x=[1])])
def test_a_reason_can_be_sent_to_another_process(error):
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args, again.fields) == (str(error), error.args, error.fields)


def test_a_restore_error_is_no_transition_error():
    assert not issubclass(RestoreError, TransitionError)
    assert issubclass(ActionsFull, TransitionError)


def test_actions_keep_their_order_and_are_cleared():
    actions = Actions()
    added = [Tracked(2, "a"), Untracked("b"), Tracked(1, "c")]
    for action in added:
        actions.add(action)
    assert (list(actions), len(actions)) == (added, 3)
    actions.clear()
    assert (list(actions), len(actions)) == ([], 0)


@pytest.mark.parametrize("room", [0, 1, 2])
def test_actions_take_as_many_as_there_is_room_for(room):
    actions = Actions(room)
    for number in range(room):
        actions.add(Untracked(number))
    for _ in range(2):
        with pytest.raises(ActionsFull) as caught:
            actions.add(Untracked("too many"))
        assert str(caught.value) == f"ActionsFull(held={room})"
    assert len(actions) == room
    actions.clear()
    actions.add(Untracked("room again"))


class MyTracked(Tracked):
    pass


@pytest.mark.parametrize("value", [None, "x", (1, "a"), Normal(1), Tracked, MyTracked(1, "a")])
def test_actions_take_nothing_else(value):
    with pytest.raises(TypeError) as caught:
        Actions().add(value)
    assert str(caught.value) == f"actions.add takes Tracked(id, action) or Untracked(action), got {value!r}"


@pytest.mark.parametrize("value", [-0.1, 1.1, True, "0.5", None, float("nan")])
def test_a_profile_takes_probabilities(value):
    with pytest.raises(ValueError, match="must be a probability from 0 to 1") as caught:
        Profile(crash=value)
    assert str(caught.value) == f"Profile(crash={value!r}): must be a probability from 0 to 1"


def test_a_profile_is_changed_by_making_another():
    profile = Profile(complete_rate=0.5)
    assert profile.replace(crash=0, lose_result=None) == Profile(complete_rate=0.5, crash=0)
    assert set(profile.faults) == {
        *(
            "crash",
            "lose_result",
            "duplicate",
            "conflict",
            "late",
            "unknown",
            "actions_full",
            "store_failure",
            "redeliver",
            "cancel",
            "disconnect",
        )
    }
    quiet = profile.without_faults()
    assert (quiet.complete_rate, set(quiet.faults.values())) == (0.5, {0.0})
    with pytest.raises(TypeError):
        Profile(0.5)
    with pytest.raises(AttributeError):
        profile.crash = 1


@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        (UsageError, 2, "usage"),
        (MachineError, 3, "machine"),
        (SessionError, 4, "session"),
        (InputError, 5, "input"),
        (InternalError, 70, "internal"),
    ],
)
def test_an_error_says_whose_fault_it_is_and_how_the_command_ends(kind, code, name):
    error = kind("what", "do that")
    assert isinstance(error, FasmError)
    assert (error.exit_code, error.kind, error.message, error.hint, str(error)) == (
        code,
        name,
        "what",
        "do that",
        "what",
    )


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("cofee_shop", ["counter", "coffee_shop"], "did you mean 'coffee_shop'? known: coffee_shop, counter"),
        ("POINTS", ["points", "x"], "did you mean 'points'? known: points, x"),
        ("zzz", ["b", "a", "b"], "known: a, b"),
        ("zzz", [], "none is known"),
    ],
)
def test_did_you_mean(name, known, text):
    assert did_you_mean(name, known) == text


def test_an_action_that_cannot_be_copied_is_not_in_there():
    def refusing(action):
        raise ValueError(action)

    actions = Actions(freeze=refusing)
    with pytest.raises(ValueError, match="Untracked"):
        actions.add(Untracked(1))
    assert (list(actions), actions.frozen_copies) == ([], [])
