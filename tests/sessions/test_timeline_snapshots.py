"""A moment found from a snapshot is the moment that was lived, whatever happened before it."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli import StateMachine
from fasm_cli.contract.chooser import Chooser
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import (
    Completion,
    Crash,
    CrashPoint,
    FaultKind,
    InjectedFault,
    InputReceived,
    Restore,
    ResultLost,
    decode_event,
)
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.records import Record
from fasm_cli.sessions.journal import Journal
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.types.generate import Generators

kinds = st.sampled_from(
    ["input"] * 6 + ["complete"] * 5 + ["lost", "unknown", "crash", "restore", "restore", "fault", "goto"]
)
programs = st.lists(st.tuples(kinds, st.integers(0, 2**20)), max_size=14)


def event_of(line, kind, seed):
    """What `kind` and `seed` come to at the head of `line`."""
    machine, now, choose = line.machine, line.now, Chooser(seed)
    draw = Generators()
    if kind in ("complete", "lost") and now.pending:
        emission = choose.pick(list(now.pending.values()))
        if kind == "lost":
            return ResultLost(emission.ref, emission.tracked.id)
        result = machine.instance.respond(choose, emission.tracked.id, emission.tracked.action)
        return Completion(emission.ref, emission.tracked.id, result)
    if kind == "unknown":
        return Completion(None, choose.randint(0, 9), draw.of(machine.result_schema)(choose))
    if kind == "crash":
        point = choose.pick(list(CrashPoint))
        return Crash(point, choose.randbelow(3) if point in (CrashPoint.AFTER_ACTION, CrashPoint.IN_RESTORE) else 0)
    if kind == "restore":
        return Restore()
    if kind == "fault":
        failure = choose.pick(list(FaultKind))
        return InjectedFault(failure, choose.randint(1, 3) if failure is FaultKind.ACTIONS_FULL else 0)
    if machine.cls.propose is StateMachine.propose:
        return InputReceived(draw.of(machine.input_schema)(choose))
    return InputReceived(machine.instance.propose(choose, now.state))


def lived(machine, program):
    line = Timeline(Engine(machine), machine.instance.initial())
    for kind, seed in program:
        if kind == "goto":
            line.goto(seed % (line.last + 1))
        else:
            event = event_of(line, kind, seed)
            assert decode_event(machine, json.loads(json.dumps(event.encode(machine))), line.id_of) == event
            line.step(event)
    return line


def read_back(line):
    """The records as a file would give them."""
    return [Record(**json.loads(json.dumps(asdict(record)))) for record in line.journal.values()]


@pytest.mark.parametrize("name", ["coffee_shop", "payment", "dentist"])
@given(programs)
def test_the_moment_of_a_snapshot_is_the_one_that_was_lived(shipped, name, program):
    machine = shipped(name)
    line = lived(machine, program)
    for n in line.journal:
        known = {n: json.loads(json.dumps(machine.encode_state(line.snapshot(n).state)))}
        opened = Timeline(Engine(machine), machine.instance.initial(), Journal(read_back(line), known))
        assert opened.snapshot(n) == line.snapshot(n)
        assert list(opened.snapshot(n).pending) == list(line.snapshot(n).pending)


@pytest.mark.parametrize("name", ["coffee_shop", "payment", "dentist"])
@given(programs)
def test_running_the_steps_again_gives_the_moments_that_were_lived(shipped, name, program):
    machine = shipped(name)
    line = lived(machine, program)
    opened = Timeline(Engine(machine), machine.instance.initial(), read_back(line))
    for n in line.journal:
        assert opened.snapshot(n) == line.snapshot(n)
    opened.goto(line.head)
    event = event_of(line, "input", 7)
    assert opened.step(event).record == line.step(event).record


@pytest.mark.parametrize("name", ["coffee_shop", "payment", "dentist"])
@given(programs, st.integers(0, 2**20))
def test_going_on_from_a_snapshot_gives_what_going_on_gave(shipped, name, program, seed):
    machine = shipped(name)
    line = lived(machine, program)
    known = {line.head: machine.encode_state(line.now.state)} if line.head else {}
    opened = Timeline(Engine(machine), machine.instance.initial(), Journal(read_back(line), known))
    opened.goto(line.head)
    for kind in ("complete", "restore", "input", "complete"):
        event = event_of(line, kind, seed)
        assert opened.step(event).record == line.step(event).record
        assert opened.now == line.now


def test_the_programs_get_everywhere(shipped):
    """What the properties above are worth: each outcome and each kind of event comes up."""
    choose, seen = Chooser(3), set()
    words = ["input", "complete", "complete", "lost", "unknown", "crash", "restore", "fault"]
    for _ in range(60):
        line = lived(shipped("payment"), [(choose.pick(words), choose.randbelow(2**20)) for _ in range(14)])
        seen |= {(record.event["type"], record.outcome) for record in line.journal.values()}
    assert {kind for kind, _ in seen} == {"input", "completion", "lost", "crash", "restore", "fault"}
    assert {outcome for _, outcome in seen} == {"committed", "rejected", "aborted", "skipped"}
    assert ("restore", "aborted") in seen


def test_a_snapshot_after_a_moment_that_is_down_is_down(tiny):
    machine = Machine(tiny.cls())
    line = Timeline(Engine(machine), machine.instance.initial())
    for event in (InputReceived(tiny.Go(1)), Crash(), InputReceived(tiny.Go(2))):
        line.step(event)
    known = {3: machine.encode_state(line.now.state)}
    opened = Timeline(Engine(machine), machine.instance.initial(), Journal(line.journal.values(), known))
    opened.goto(2)
    opened.goto(3)
    assert opened.now == line.now
    assert not opened.now.running
