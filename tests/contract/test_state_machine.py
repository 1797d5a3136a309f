"""The classes of the contract: actions, transition errors, profiles; and the tree of fasm's own errors."""

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


def test_transition_error_keeps_its_arguments_and_prints_as_a_call():
    error = InsufficientPoints(needed=100, had=50)
    assert str(error) == repr(error) == "InsufficientPoints(needed=100, had=50)"
    assert (error.needed, error.had, error.args) == (100, 50, ())
    assert str(InsufficientPoints("a", 1, why=None)) == "InsufficientPoints('a', 1, why=None)"
    assert str(InsufficientPoints()) == "InsufficientPoints()"
    assert str(Gone(7)) == "Gone(7)"


@pytest.mark.parametrize("error", [InsufficientPoints("a", needed=1), Gone(7, x=[1])])
def test_transition_error_survives_pickle_and_copy(error):
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args, again.fields) == (str(error), error.args, error.fields)


def test_restore_error_is_not_a_transition_error():
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


@pytest.mark.parametrize("capacity", [0, 1, 2])
def test_actions_take_as_many_as_their_capacity(capacity):
    actions = Actions(capacity)
    for number in range(capacity):
        actions.add(Untracked(number))
    for _ in range(2):
        with pytest.raises(ActionsFull) as caught:
            actions.add(Untracked("too many"))
        assert str(caught.value) == f"ActionsFull(held={capacity})"
    assert len(actions) == capacity
    actions.clear()
    actions.add(Untracked("capacity again"))


class MyTracked(Tracked):
    pass


@pytest.mark.parametrize("value", [None, "x", (1, "a"), Normal(1), Tracked, MyTracked(1, "a")])
def test_actions_refuse_anything_but_an_action(value):
    with pytest.raises(TypeError) as caught:
        Actions().add(value)
    assert str(caught.value) == f"actions.add takes Tracked(id, action) or Untracked(action), got {value!r}"


@pytest.mark.parametrize("value", [-0.1, 1.1, True, "0.5", None, float("nan")])
def test_profile_refuses_anything_but_a_probability(value):
    with pytest.raises(ValueError, match="must be a probability from 0 to 1") as caught:
        Profile(crash=value)
    assert str(caught.value) == f"Profile(crash={value!r}): must be a probability from 0 to 1"


def test_profile_is_immutable():
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
def test_error_has_a_kind_and_an_exit_code(kind, code, name):
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


def test_action_that_cannot_be_copied_is_not_added():
    def refuse(action):
        raise ValueError(action)

    actions = Actions(freeze=refuse)
    with pytest.raises(ValueError, match="Untracked"):
        actions.add(Untracked(1))
    assert (list(actions), actions.frozen_copies) == ([], [])
