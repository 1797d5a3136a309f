"""Tests the published dentist: its correct behaviour, and each of its five faults, event by event."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fasm_cli import Actions, Chooser, Normal, Tracked, TrackedActionCompleted
from fasm_cli.engine.coroutines import run_coroutine
from fasm_cli.engine.step_result import Outcome

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dentist(run):
    return run("dentist_as_published")


@pytest.fixture
def m(dentist):
    return dentist.module


def slot(hour):
    return f"RequestSlot(Patient(1, 'Ann', 'ann@example.com'), Day.MONDAY, {hour * 60}, Treatment.CHECKUP)"


def status(dentist):
    return {request.id: request.status.name for request in dentist.state.pending}


def race(dentist):
    """Requests 1 and 2 are for the same slot; request 1 gets it."""
    dentist.submit(slot(9))
    dentist.submit(slot(9))
    dentist.complete(1, "Success(7500)")
    return dentist.complete(2, "Success(7500)")


def test_requests_are_booked_or_rejected(dentist, m, refused):
    assert dentist.submit(slot(9)).actions == (Tracked(1, m.Preauth(1, 7500, 1)),)
    assert status(dentist) == {1: "AWAITING_PREAUTH"}
    assert dentist.complete(1, "Success(7500)").actions == ()
    assert status(dentist) == {1: "SLOT_CONFIRMED"}
    assert refused(dentist.submit(slot(9))) == "SlotNotAvailable('MONDAY', 540)"
    assert refused(dentist.complete(7, "Success(7500)")) == "InvalidRequest(7)"
    dentist.submit(slot(10))
    dentist.complete(2, "Failed('card declined')")
    assert status(dentist) == {1: "SLOT_CONFIRMED", 2: "NO_SLOT"}


def test_second_request_for_a_slot_is_released(dentist, m):
    assert race(dentist).actions == (Tracked(2, m.Release(2)),)
    assert status(dentist) == {1: "SLOT_CONFIRMED", 2: "SLOT_TAKEN"}


def test_fault_1_crash_loses_the_release(dentist):
    race(dentist)
    assert list(dentist.process.pending) == [2]
    restored = dentist.restart()
    assert restored.actions == ()
    assert restored.details.unrestored_ids == (2,)


def test_fault_2_second_success_releases_the_payment_of_a_booking(dentist, m):
    dentist.submit(slot(9))
    dentist.complete(1, "Success(7500)")
    again = dentist.complete(1, "Success(7500)")
    assert again.outcome is Outcome.COMMITTED
    assert again.actions == (Tracked(1, m.Release(1)),)
    assert status(dentist) == {1: "SLOT_TAKEN"}
    assert list(dentist.state.bookings[m.Day.MONDAY]) == [540]


def test_fault_3_request_is_stored_without_its_action(dentist, m):
    wish = dentist.machine.codec.parse(dentist.machine.input_schema, slot(9))
    assert dentist.changed_without_room(Normal(wish), 0)


RESTORED = """
import importlib.util, json, sys
from fasm_cli import Actions
spec = importlib.util.spec_from_file_location("dentist_as_published", sys.argv[1])
m = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(m)
machine = m.DentistAsPublished()
state = machine.initial()
for id in range(1, 9):
    state.pending.add(m.Request(id, m.PATIENTS[0], m.Day.MONDAY, 540, m.Treatment.CHECKUP))
actions = Actions()
try:
    machine.restore(state, actions).send(None)
except StopIteration:
    print(json.dumps([action.id for action in actions]))
"""


def test_fault_4_equal_states_restore_in_different_orders():
    def order(hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        script = [sys.executable, "-c", RESTORED, str(ROOT / "machines" / "dentist_as_published.py")]
        return json.loads(subprocess.run(script, env=environment, check=True, capture_output=True, text=True).stdout)

    first, second = order("1"), order("2")
    assert sorted(first) == sorted(second) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert first != second


def test_fault_5_pending_result_ends_all_progress(dentist):
    dentist.submit(slot(9))
    before = dentist.machine.digest(dentist.state)
    answered = dentist.complete(1, "Pending()")
    assert answered.outcome is Outcome.COMMITTED
    assert answered.actions == ()
    assert dentist.machine.digest(dentist.state) == before
    assert status(dentist) == {1: "AWAITING_PREAUTH"}


def test_without_faults_it_books_like_the_fixed_one(run):
    """2,000 inputs, each completed at once: the same rejections and the same bookings."""

    def booked(name):
        dentist = run(name)
        m, machine = dentist.module, dentist.machine
        choose, state, actions, rejections = Chooser(7), machine.instance.initial(), Actions(), []
        for _ in range(2000):
            actions.clear()
            error = run_coroutine(machine.stf(state, Normal(machine.instance.propose(choose, state)), actions))
            if error is not None:
                rejections.append(str(error))
            for action in list(actions):
                result = m.Success(action.action.cents) if choose.chance(0.85) else m.Failed("card declined")
                assert run_coroutine(machine.stf(state, TrackedActionCompleted(action.id, result), actions)) is None
        bookings = [
            (day.name, start, booking.patient.name, booking.treatment.name, booking.cents_paid)
            for day in m.Day
            for start, booking in sorted(state.bookings[day].items())
        ]
        return rejections, bookings

    fixed, published = booked("dentist"), booked("dentist_as_published")
    assert fixed == published
    assert len(fixed[1]) > 50
