"""A history that forks: nothing that happened is lost, and what is run again must come out the same."""

from dataclasses import replace

import pytest

from fasm_cli import Tracked
from fasm_cli.engine.engine import Engine
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
)
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.replayer import CannotReplay
from fasm_cli.engine.step_result import Emission, Outcome
from fasm_cli.errors import InputError, SessionError
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.timeline import Timeline

AGAIN = "the machine has changed since; `fasm replay` shows the whole difference"


@pytest.fixture
def line(tiny):
    machine = Machine(tiny.cls())
    return Timeline(Engine(machine), machine.instance.initial())


def go(tiny, n):
    return InputReceived(tiny.Go(n))


def waiting(line):
    return list(line.now.state.waiting)


def test_steps_follow_each_other(tiny, line):
    for n in (1, 2):
        entry = line.step(go(tiny, n))
        assert (entry.record.n, entry.record.parent, line.head, line.last) == (n, n - 1, n, n)
    assert entry.step.outcome is Outcome.COMMITTED
    assert entry.record.changed_paths == ["waiting[2]: + 'q'"]
    assert entry.violation is None
    assert waiting(line) == [1, 2]
    assert line.now.pending[1] == Emission(ActionRef(1, 1), Tracked(1, tiny.Ask("q")), ActionRef(1, 1), 1, 1)
    assert [record.n for record in line.ancestors()] == [1, 2]


def test_a_step_from_the_past_starts_a_branch_and_loses_nothing(tiny, line):
    for n in (1, 2):
        line.step(go(tiny, n))
    line.goto(1)
    assert (line.head, waiting(line), list(line.now.pending)) == (1, [1], [1])
    entry = line.step(go(tiny, 7))
    assert (entry.record.n, entry.record.parent) == (3, 1)
    assert waiting(line) == [1, 7]
    assert [record.n for record in line.ancestors()] == [1, 3]
    line.goto(2)
    assert waiting(line) == [1, 2]
    assert [record.n for record in line.ancestors()] == [1, 2]
    line.goto(0)
    assert (waiting(line), line.ancestors(), line.last) == ([], [], 3)


@pytest.mark.parametrize("n", [-1, 2, 99])
def test_there_is_no_going_where_nothing_is(tiny, line, n):
    line.step(go(tiny, 1))
    with pytest.raises(InputError) as caught:
        line.goto(n)
    assert (caught.value.message, caught.value.hint) == (f"no step {n}", "steps go from 0 to 1")
    assert line.head == 1


def test_what_was_lived_is_not_changed_by_what_follows(tiny, line):
    line.step(go(tiny, 1))
    before = line.snapshot(1)
    plain = line.machine.encode_state(before.state)
    line.step(go(tiny, 2))
    line.step(Completion(ActionRef(1, 1), 1, tiny.Answer()))
    assert line.snapshot(1) is before
    assert line.machine.encode_state(before.state) == plain
    assert list(before.pending) == [1]


def test_a_preview_keeps_nothing(tiny, line):
    line.step(go(tiny, 1))
    entry = line.preview(go(tiny, 2))
    assert (entry.record.n, list(entry.state.waiting)) == (2, [1, 2])
    assert (line.head, line.last, waiting(line), list(line.now.pending)) == (1, 1, [1], [1])
    assert line.step(go(tiny, 3)).record.n == 2
    assert waiting(line) == [1, 3]


def test_a_step_that_could_not_be_written_down_is_taken_back(tiny, line):
    line.step(go(tiny, 1))
    entry = line.step(go(tiny, 2))
    line.undo_last(entry.record)
    assert (line.head, line.last, waiting(line)) == (1, 1, [1])
    assert line.step(go(tiny, 3)).record.n == 2


def test_a_record_from_elsewhere_is_taken_under_its_own_number(tiny, line):
    line.step(go(tiny, 1))
    second = line.step(go(tiny, 2)).record
    other = Timeline(Engine(line.machine), line.machine.instance.initial())
    other.step(go(tiny, 1))
    [(_, entry)] = other.replay([replace(second, n=7)])
    assert (entry.record.n, entry.record.parent, other.head, other.last) == (7, 1, 7, 7)
    assert entry.record.same_outcome_as(second)
    with pytest.raises(CannotReplay, match="expected type = 'Go', got 'Stop'"):
        list(other.replay([replace(second, n=8, event={"type": "input", "value": {"type": "Stop"}})]))
    assert other.head == 7


def test_moments_are_found_by_running_the_steps_again(tiny, line):
    line.step(go(tiny, 1))
    line.step(Completion(ActionRef(1, 1), 1, tiny.Answer()))
    line.step(go(tiny, 2))
    opened = Timeline(Engine(line.machine), line.machine.instance.initial(), line.journal.values())
    assert opened.head == 3
    assert opened.now == line.now
    assert opened.step(go(tiny, 3)).record == line.step(go(tiny, 3)).record


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"outcome": "rejected", "error": "No(1)"},
            "step 2 was rejected (No(1)), is committed",
        ),
        ({"actions": []}, "step 2 emitted 0 actions that are not the 1 it emits now"),
        (
            {"digest": "0" * 16, "changed_paths": ["count: 0 -> 1"]},
            "step 2 led to another state: it changed count: 0 -> 1; now waiting[2]: + 'q'",
        ),
        (
            {"digest": "0" * 16, "changed_paths": []},
            "step 2 led to another state: it changed nothing; now waiting[2]: + 'q'",
        ),
        (
            {"event": {"type": "input", "value": {"type": "Stop"}}},
            "step 2 does not fit Tiny: expected type = 'Go', got 'Stop'",
        ),
        (
            {"event": {"type": "lost", "of": "1.2", "id": 1}},
            "step 2 does not fit Tiny: no tracked action 1.2 was emitted",
        ),
    ],
)
def test_a_record_that_does_not_come_out_the_same_is_a_divergence(tiny, line, changes, message):
    line.step(go(tiny, 1))
    line.step(go(tiny, 2))
    records = [line.journal[1], replace(line.journal[2], **changes)]
    opened = Timeline(Engine(line.machine), line.machine.instance.initial(), records)
    for _ in range(2):
        with pytest.raises(SessionError) as caught:
            opened.goto(2)
        assert (caught.value.message, caught.value.hint) == (message, AGAIN)
    opened.goto(1)
    assert waiting(opened) == [1]


def test_a_divergence_before_a_snapshot_is_not_run_again(tiny, line):
    line.step(go(tiny, 1))
    line.step(go(tiny, 2))
    records = [replace(line.journal[1], digest="0" * 16), line.journal[2]]
    journal = Journal(records, {2: line.machine.encode_state(line.now.state)})
    opened = Timeline(Engine(line.machine), line.machine.instance.initial(), journal)
    opened.goto(2)
    assert opened.now == line.now
    with pytest.raises(SessionError):
        opened.goto(1)


def test_only_tracked_actions_have_names(tiny, line):
    line.step(go(tiny, 1))
    line.step(Completion(ActionRef(1, 1), 1, tiny.Answer()))
    assert line.id_of(ActionRef(1, 1)) == 1
    for ref in (ActionRef(2, 1), ActionRef(1, 2), ActionRef(1, 0), ActionRef(9, 1)):
        with pytest.raises(KeyError):
            line.id_of(ref)


def test_the_order_of_a_dict_is_part_of_what_was_lived(tiny):
    """A machine may go by it, though it is no change that could be shown."""

    async def stf(self, state, input, actions):
        first = next(iter(state.names), None)
        state.count = len(first or "")
        if first is not None:
            state.names[first] = state.names.pop(first)

    machine = Machine(tiny.cls(stf))
    line = Timeline(Engine(machine), tiny.Box(count=1, names={"a": [], "bb": []}))
    for count in (1, 2, 1):
        line.step(go(tiny, 0))
        assert line.now.state.count == count


def test_a_fault_that_waits_is_part_of_the_moment(tiny, line):
    line.step(InjectedFault(FaultKind.COMMIT))
    line.step(ResultLost(None, 1))
    assert line.now.armed_fault == InjectedFault(FaultKind.COMMIT)
    assert line.step(go(tiny, 1)).step.outcome is Outcome.ABORTED
    assert line.now.armed_fault is None
    line.goto(2)
    line.step(Crash())
    assert (line.now.running, line.now.armed_fault) == (False, InjectedFault(FaultKind.COMMIT))
    assert line.step(Restore()).step.outcome is Outcome.COMMITTED
    assert (line.now.running, line.now.armed_fault) == (True, None)


@pytest.mark.parametrize("failure", list(FaultKind))
def test_a_fault_that_a_restore_uses_up_is_used_up_for_a_snapshot_too(line, failure):
    for event in (InjectedFault(failure), Crash(), Restore()):
        line.step(event)
    known = {3: line.machine.encode_state(line.now.state)}
    opened = Timeline(Engine(line.machine), line.machine.instance.initial(), Journal(line.journal.values(), known))
    opened.goto(3)
    assert (opened.now.running, opened.now.armed_fault) == (line.now.running, line.now.armed_fault) == (True, None)


def test_a_finding_is_kept_with_its_step(tiny):
    async def restore(self, state, actions):
        return None

    machine = Machine(tiny.cls(restore=restore))
    line = Timeline(Engine(machine), machine.instance.initial())
    entry = line.step(go(tiny, 4))
    assert entry.violation.reason == "the state cannot restore the pending action 4"
    assert entry.record.violated_law == "stored"
    line.step(Crash(CrashPoint.AFTER_COMMIT))
    assert line.step(Restore()).record.unrestored_ids == [4]
