"""Events as plain data: each kind comes back as it was, and what does not fit is refused."""

import json

import pytest

from fasm_cli import RestoreError, Tracked, TransitionError, Untracked
from fasm_cli.engine.coroutines import Defect
from fasm_cli.engine.events import Complete, Crash, Failure, Fault, Lose, Point, Ref, Restore, Submit, read_ref
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record, decode_action, decode_event, encode_event, error_text, record_step
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import InputError
from fasm_cli.types.codec import Mismatch


@pytest.fixture(scope="module")
def machine(tiny):
    return Machine(tiny.cls())


@pytest.fixture(scope="module")
def bare(tiny):
    """A machine without tracked actions."""
    gone = dict.fromkeys(("ActionId", "TrackedAction", "ActionResult"))
    return Machine(tiny.cls(**gone))


def ids(ref):
    return {Ref(7, 2): 5}[ref]


CRASHES = [Crash(point, at) for point in Point for at in (0, 3)]
FAULTS = [Fault(failure, at) for failure in Failure for at in (0, 2)]


@pytest.mark.parametrize("event", [*CRASHES, *FAULTS, Restore()])
def test_what_has_no_values_comes_back(machine, event):
    assert decode_event(machine, json.loads(json.dumps(encode_event(machine, event))), ids) == event


def test_what_has_values_comes_back(machine, tiny):
    for event in (
        Submit(tiny.Go(3, [1])),
        Complete(Ref(7, 2), 5, tiny.Answer("x")),
        Complete(None, 9, tiny.Answer()),
        Lose(Ref(7, 2), 5),
        Lose(None, 9),
    ):
        assert decode_event(machine, json.loads(json.dumps(encode_event(machine, event))), ids) == event


def test_what_is_stored_of_an_event(machine, tiny):
    stored = {
        "type": "completion",
        "of": "7.2",
        "id": 5,
        "result": {"type": "Answer", "text": "x"},
    }
    assert encode_event(machine, Complete(Ref(7, 2), 5, tiny.Answer("x"))) == stored
    assert encode_event(machine, Submit(tiny.Go())) == {"type": "input", "value": {"type": "Go", "n": 0, "items": []}}
    assert encode_event(machine, Crash(Point.AFTER_ACTION, 2)) == {"type": "crash", "point": "after-action", "at": 2}
    assert encode_event(machine, Crash()) == {"type": "crash", "point": "between"}
    assert encode_event(machine, Fault(Failure.UNKNOWN)) == {"type": "fault", "failure": "unknown"}
    assert encode_event(machine, Restore()) == {"type": "restore"}


def test_the_cause_counts_and_not_the_id_that_was_stored(machine):
    plain = {"type": "lose", "of": "7.2", "id": 1}
    assert decode_event(machine, plain, ids) == Lose(Ref(7, 2), 5)
    assert decode_event(machine, plain, None) == Lose(Ref(7, 2), 1)


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        ([], "an event is a table, not []"),
        ({}, "no such event: {}"),
        ({"type": "inputs"}, "no such event: {'type': 'inputs'}"),
        ({"type": "input"}, "no such event: {'type': 'input'}"),
        ({"type": "restore", "at": 1}, "no such event: {'type': 'restore', 'at': 1}"),
        ({"type": "input", "value": {"type": "Go"}}, "Go misses n, items"),
        ({"type": "input", "value": {"type": "Stop"}}, "expected type = 'Go', got 'Stop'"),
        ({"type": "crash", "point": "later"}, "'later' is not a valid Point"),
        ({"type": "crash", "point": "between", "at": -1}, "at: expected a count, got -1"),
        ({"type": "fault", "failure": "add", "at": True}, "at: expected a count, got True"),
        ({"type": "fault", "failure": "luck"}, "'luck' is not a valid Failure"),
        ({"type": "lose", "of": "7", "id": 1}, "not an action: '7'"),
        ({"type": "lose", "of": "7.3", "id": 1}, "no tracked action 7.3 was emitted"),
        ({"type": "lose", "id": "1"}, "expected int, got str '1'"),
        ({"type": "completion", "id": 1}, "no such event: {'type': 'completion', 'id': 1}"),
        ({"type": "completion", "id": 1, "result": {"type": "Answer"}}, "Answer misses text"),
    ],
)
def test_an_event_that_does_not_fit_is_refused(machine, plain, why):
    with pytest.raises(Mismatch) as caught:
        decode_event(machine, plain, ids)
    assert str(caught.value) == why


def test_a_machine_without_tracked_actions_has_nothing_to_complete(bare, tiny):
    with pytest.raises(Mismatch) as caught:
        encode_event(bare, Complete(None, 1, tiny.Answer()))
    assert str(caught.value) == "this machine has no tracked actions to complete"
    for plain in ({"type": "completion", "id": 1, "result": {}}, {"type": "lose", "id": 1}):
        with pytest.raises(Mismatch):
            decode_event(bare, plain, ids)


@pytest.mark.parametrize("text", ["", "7", "7.", ".2", "7.2.1", "-7.2", "7.2 ", "٧.2x", "7" * 10 + ".1"])
def test_a_name_of_an_action_that_is_none(text):
    with pytest.raises(InputError) as caught:
        read_ref(text)
    assert (caught.value.message, caught.value.hint) == (
        f"not an action: {text!r}",
        "write STEP.N, like 1.1; `pending` lists them",
    )


def test_a_name_of_an_action_reads_as_it_is_written():
    assert read_ref(str(Ref(12, 3))) == Ref(12, 3)


def test_actions_come_back(machine, bare, tiny):
    for action in (Tracked(3, tiny.Ask("a", [1])), Untracked(tiny.Say("b"))):
        assert decode_action(machine, machine.encode_action(action)) == action
    tracked = machine.encode_action(Tracked(3, tiny.Ask()))
    with pytest.raises(Mismatch, match="no such action"):
        decode_action(bare, tracked)
    with pytest.raises(Mismatch, match="no such action"):
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
        (Defect("why\n it is"), "why it is"),
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
        changed=["waiting[4]: + 'q'"],
        digest=run.machine.digest(run.state),
    )
    run(Fault(Failure.COMMIT))
    failed = record_step(run.machine, run.go(5), 1, run.state, [], "")
    assert (failed.outcome, failed.error, failed.digest) == (
        Outcome.FAILED,
        "the store refused the commit",
        record.digest,
    )


def test_two_records_of_one_event_are_compared_by_what_it_led_to():
    one = Record(1, 0, {"type": "restore"}, "committed", digest="a", changed=["x"], broken="stored", missing=[1])
    assert one.same_result(Record(9, 8, {}, "committed", digest="a"))
    for other in ({"outcome": "rejected"}, {"error": "E"}, {"actions": [{}]}, {"digest": "b"}):
        fields = {"outcome": "committed", "digest": "a"} | other
        assert not one.same_result(Record(1, 0, {"type": "restore"}, **fields))
