"""Events as plain data: each kind comes back as it was, and what does not fit is refused."""

import json

import pytest

from fasm_cli import RestoreError, Tracked, TransitionError, Untracked
from fasm_cli.engine.coroutines import ContractViolation
from fasm_cli.engine.events import (
    ActionRef,
    Completion,
    Crash,
    CrashPoint,
    FaultKind,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
    decode_event,
    parse_ref,
)
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record, decode_action, error_text, record_step
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import InputError
from fasm_cli.types.codec import DecodeError


@pytest.fixture(scope="module")
def machine(tiny):
    return Machine(tiny.cls())


@pytest.fixture(scope="module")
def bare(tiny):
    """A machine without tracked actions."""
    gone = dict.fromkeys(("ActionId", "TrackedAction", "ActionResult"))
    return Machine(tiny.cls(**gone))


def ids(ref):
    return {ActionRef(7, 2): 5}[ref]


CRASHES = [Crash(point, at) for point in CrashPoint for at in (0, 3)]
FAULTS = [InjectedFault(failure, at) for failure in FaultKind for at in (0, 2)]


@pytest.mark.parametrize("event", [*CRASHES, *FAULTS, Restore()])
def test_what_has_no_values_comes_back(machine, event):
    assert decode_event(machine, json.loads(json.dumps(event.encode(machine))), ids) == event


def test_what_has_values_comes_back(machine, tiny):
    for event in (
        InputReceived(tiny.Go(3, [1])),
        Completion(ActionRef(7, 2), 5, tiny.Answer("x")),
        Completion(None, 9, tiny.Answer()),
        ResultLost(ActionRef(7, 2), 5),
        ResultLost(None, 9),
    ):
        assert decode_event(machine, json.loads(json.dumps(event.encode(machine))), ids) == event


def test_what_is_stored_of_an_event(machine, tiny):
    stored = {
        "type": "completion",
        "of": "7.2",
        "id": 5,
        "result": {"type": "Answer", "text": "x"},
    }
    assert Completion(ActionRef(7, 2), 5, tiny.Answer("x")).encode(machine) == stored
    assert InputReceived(tiny.Go()).encode(machine) == {
        "type": "input",
        "value": {"type": "Go", "n": 0, "items": []},
    }
    assert Crash(CrashPoint.AFTER_ACTION, 2).encode(machine) == {
        "type": "crash",
        "point": "after-action",
        "nth": 2,
    }
    assert Crash().encode(machine) == {"type": "crash", "point": "between"}
    assert InjectedFault(FaultKind.UNKNOWN).encode(machine) == {"type": "fault", "kind": "unknown"}
    assert Restore().encode(machine) == {"type": "restore"}


def test_the_cause_counts_and_not_the_id_that_was_stored(machine):
    plain = {"type": "lost", "of": "7.2", "id": 1}
    assert decode_event(machine, plain, ids) == ResultLost(ActionRef(7, 2), 5)
    assert decode_event(machine, plain, None) == ResultLost(ActionRef(7, 2), 1)


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        ([], "an event is a table, not []"),
        ({}, "no such event: {}"),
        ({"type": "inputs"}, "no such event: {'type': 'inputs'}"),
        ({"type": "input"}, "no such event: {'type': 'input'}"),
        ({"type": "restore", "at": 1}, "no such event: {'type': 'restore', 'at': 1}"),
        ({"type": "input", "value": {"type": "Go"}}, "Go lacks n, items"),
        ({"type": "input", "value": {"type": "Stop"}}, "expected type = 'Go', got 'Stop'"),
        (
            {"type": "crash", "point": "later"},
            "'later' is no CrashPoint; known: between, after-commit, after-action, before-commit, in-restore",
        ),
        ({"type": "crash", "point": "between", "nth": -1}, "nth: expected a count, got -1"),
        ({"type": "fault", "kind": "load", "nth": True}, "nth: expected a count, got True"),
        (
            {"type": "fault", "kind": "luck"},
            "'luck' is no FaultKind; known: actions_full, load, commit, unknown, cancel, disconnect",
        ),
        ({"type": "lost", "of": "7", "id": 1}, "not an action: '7'"),
        ({"type": "lost", "of": "7.3", "id": 1}, "no tracked action 7.3 was emitted"),
        ({"type": "lost", "id": "1"}, "expected int, got str '1'"),
        ({"type": "completion", "id": 1}, "no such event: {'type': 'completion', 'id': 1}"),
        ({"type": "completion", "id": 1, "result": {"type": "Answer"}}, "Answer lacks text"),
    ],
)
def test_an_event_that_does_not_fit_is_refused(machine, plain, why):
    with pytest.raises(DecodeError) as caught:
        decode_event(machine, plain, ids)
    assert str(caught.value) == why


def test_a_machine_without_tracked_actions_has_nothing_to_complete(bare, tiny):
    with pytest.raises(DecodeError) as caught:
        Completion(None, 1, tiny.Answer()).encode(bare)
    assert str(caught.value) == "this machine has no tracked actions"
    for plain in ({"type": "completion", "id": 1, "result": {}}, {"type": "lost", "id": 1}):
        with pytest.raises(DecodeError):
            decode_event(bare, plain, ids)


@pytest.mark.parametrize("text", ["", "7", "7.", ".2", "7.2.1", "-7.2", "7.2 ", "٧.2x", "7" * 10 + ".1"])
def test_a_name_of_an_action_that_is_none(text):
    with pytest.raises(InputError) as caught:
        parse_ref(text)
    assert (caught.value.message, caught.value.hint) == (
        f"not an action: {text!r}",
        "write STEP.N, like 1.1; `pending` lists them",
    )


def test_a_name_of_an_action_reads_as_it_is_written():
    assert parse_ref(str(ActionRef(12, 3))) == ActionRef(12, 3)


def test_actions_come_back(machine, bare, tiny):
    for action in (Tracked(3, tiny.Ask("a", [1])), Untracked(tiny.Say("b"))):
        assert decode_action(machine, machine.encode_action(action)) == action
    tracked = machine.encode_action(Tracked(3, tiny.Ask()))
    with pytest.raises(DecodeError, match="no such action"):
        decode_action(bare, tracked)
    with pytest.raises(DecodeError, match="no such action"):
        decode_action(machine, {"type": "Other"})


class Short(TransitionError):
    pass


class Lost(RestoreError):
    pass


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Short("a\nb", needed=1), "Short('a\\nb', needed=1)"),
        (Lost(1), "Lost(1)"),
        (ContractViolation("why\n it is"), "why it is"),
        (KeyError(7), "KeyError: 7"),
        (ValueError("two\nlines"), "ValueError: two lines"),
    ],
)
def test_an_error_is_one_line(error, text):
    assert error_text(error) == text


def test_what_is_kept_of_a_step(tiny):
    run = tiny.run()
    record = record_step(run.machine, run.go(4), 0, run.state, ["waiting[4]: + 'q'"], "")
    assert record == Record(
        n=1,
        parent=0,
        event={"type": "input", "value": {"type": "Go", "n": 4, "items": []}},
        outcome="committed",
        actions=[{"type": "Tracked", "id": 4, "action": {"type": "Ask", "what": "q", "items": []}}],
        changed_paths=["waiting[4]: + 'q'"],
        digest=run.machine.digest(run.state),
    )
    run(InjectedFault(FaultKind.COMMIT))
    failed = record_step(run.machine, run.go(5), 1, run.state, [], "")
    assert (failed.outcome, failed.error, failed.digest) == (
        Outcome.ABORTED,
        "the store refused the commit",
        record.digest,
    )


def test_two_records_of_one_event_are_compared_by_what_it_led_to():
    one = Record(
        1,
        0,
        {"type": "restore"},
        "committed",
        digest="a",
        changed_paths=["x"],
        violated_law="stored",
        unrestored_ids=[1],
    )
    assert one.same_outcome_as(Record(9, 8, {}, "committed", digest="a"))
    for other in ({"outcome": "rejected"}, {"error": "E"}, {"actions": [{}]}, {"digest": "b"}):
        fields = {"outcome": "committed", "digest": "a"} | other
        assert not one.same_outcome_as(Record(1, 0, {"type": "restore"}, **fields))
