"""Tests the dentist: opening hours, free slots, search order, races for a slot, and holds on cards."""

import pytest

from fasm_cli import Chooser, Normal, Tracked, TrackedActionCompleted
from fasm_cli.engine.step_result import Outcome

ANN = "Patient(1, 'Ann', 'ann@example.com')"
BOB = "Patient(2, 'Bob', 'bob@example.com')"


@pytest.fixture
def dentist(run):
    return run("dentist")


@pytest.fixture
def m(dentist):
    return dentist.module


def slot(day, hour, minute, treatment, patient=ANN):
    return f"RequestSlot({patient}, Day.{day}, {hour * 60 + minute}, Treatment.{treatment})"


def auto(days, times, treatment, patient=ANN):
    days = ", ".join(f"Day.{day}" for day in days)
    times = ", ".join(f"({start}, {end})" for start, end in times)
    return f"RequestAuto({patient}, [{days}], [{times}], Treatment.{treatment})"


def book(dentist, request):
    """Request a slot and authorise it; returns the id."""
    (action,) = dentist.submit(request).actions
    assert dentist.complete(action.id, f"Success({action.action.cents})").outcome is Outcome.COMMITTED
    return action.id


def wanted(dentist):
    """Day and time of the request that awaits its preauthorisation."""
    (request,) = dentist.state.awaiting.values()
    return request.day.name, divmod(request.time, 60)


def test_treatments_have_durations_and_prices(m):
    assert {treatment.name: (treatment.minutes, treatment.cents) for treatment in m.Treatment} == {
        "CLEANING": (15, 5000),
        "CHECKUP": (30, 7500),
        "FILLING": (45, 15000),
        "ROOT_CANAL": (60, 20000),
    }


def test_opening_hours(dentist):
    hours = {
        day.name: [(start / 60, end / 60) for start, end in ranges] for day, ranges in dentist.state.schedule.items()
    }
    assert hours == {
        "MONDAY": [(9, 12), (14, 17)],
        "TUESDAY": [(9, 12), (13, 16)],
        "WEDNESDAY": [(9, 12), (14, 18)],
        "THURSDAY": [(10, 13), (14, 17)],
        "FRIDAY": [(9, 15)],
    }


def test_slot_is_booked_when_the_card_is_authorised(dentist, m):
    ann = m.Patient(1, "Ann", "ann@example.com")
    assert dentist.submit(slot("MONDAY", 9, 30, "CHECKUP")).actions == (Tracked(1, m.Preauth(1, 7500, 1)),)
    assert dentist.state.awaiting == {1: m.Request(ann, m.Day.MONDAY, 570, m.Treatment.CHECKUP)}
    assert dentist.state.bookings[m.Day.MONDAY] == {}

    assert dentist.complete(1, "Success(7500)").actions == ()
    assert dentist.state.awaiting == {}
    assert dentist.state.bookings[m.Day.MONDAY] == {570: m.Booking(1, ann, m.Treatment.CHECKUP, 7500)}
    assert dentist.state.free[m.Day.MONDAY] == [(540, 570), (600, 720), (840, 1020)]
    assert dentist.state.next_id == 2


@pytest.mark.parametrize(
    ("request_", "free"),
    [
        (slot("MONDAY", 9, 0, "ROOT_CANAL"), True),
        (slot("MONDAY", 8, 59, "CLEANING"), False),  # before opening
        (slot("MONDAY", 11, 0, "ROOT_CANAL"), True),  # to the minute
        (slot("MONDAY", 11, 1, "ROOT_CANAL"), False),  # into the lunch break
        (slot("MONDAY", 13, 0, "ROOT_CANAL"), False),
        (slot("MONDAY", 14, 0, "CLEANING"), True),
        (slot("MONDAY", 16, 45, "CLEANING"), True),
        (slot("MONDAY", 17, 0, "CLEANING"), False),
        (slot("FRIDAY", 14, 0, "ROOT_CANAL"), True),
        (slot("FRIDAY", 14, 15, "ROOT_CANAL"), False),
        (slot("TUESDAY", 10, 0, "CHECKUP"), False),  # booked below
        (slot("TUESDAY", 9, 45, "CLEANING"), True),  # up to it
        (slot("TUESDAY", 9, 46, "CLEANING"), False),
        (slot("TUESDAY", 10, 45, "CLEANING"), True),  # and after it
        (slot("TUESDAY", 10, 44, "CLEANING"), False),
        (slot("TUESDAY", 9, 45, "ROOT_CANAL"), False),  # around it
        (slot("TUESDAY", 10, 15, "CLEANING"), False),  # inside it
    ],
)
def test_slot_is_free_within_opening_hours_and_outside_bookings(dentist, request_, free):
    book(dentist, slot("TUESDAY", 10, 0, "FILLING"))
    step = dentist.submit(request_)
    assert step.outcome is (Outcome.COMMITTED if free else Outcome.REJECTED)


def test_rejection_of_a_booked_slot_names_day_and_time(dentist, refused):
    book(dentist, slot("MONDAY", 9, 0, "CLEANING"))
    assert refused(dentist.submit(slot("MONDAY", 9, 0, "CLEANING", BOB))) == "SlotNotAvailable('MONDAY', 540)"


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        (auto(["TUESDAY", "MONDAY"], [(540, 1020)], "CLEANING"), ("TUESDAY", (9, 0))),  # days in the order asked for
        (auto(["MONDAY"], [(840, 1020), (540, 720)], "CLEANING"), ("MONDAY", (10, 0))),  # the day's hours come first …
        (auto(["TUESDAY"], [(630, 720), (540, 720)], "CLEANING"), ("TUESDAY", (10, 30))),  # … then the preferred ones
        (auto(["MONDAY"], [(545, 720)], "CLEANING"), ("MONDAY", (10, 5))),  # every 15 minutes from 9:05
        (auto(["MONDAY"], [(600, 659), (660, 700)], "ROOT_CANAL"), None),  # 10:00-11:00 ends a minute late
        (auto(["MONDAY"], [(600, 660)], "ROOT_CANAL"), ("MONDAY", (10, 0))),
        (auto(["MONDAY", "THURSDAY"], [(540, 630)], "ROOT_CANAL"), None),  # 9-10 is booked, Thursday opens at 10
        (auto(["MONDAY", "FRIDAY"], [(540, 630)], "ROOT_CANAL"), ("FRIDAY", (9, 0))),
        (auto(["MONDAY"], [(700, 860)], "CHECKUP"), None),  # both ends touch the hours, neither has room
        (auto(["MONDAY"], [(700, 870)], "CHECKUP"), ("MONDAY", (14, 0))),
        (auto(["MONDAY"], [(720, 540)], "CLEANING"), None),
        (auto([], [(540, 720)], "CLEANING"), None),
        (auto(["MONDAY"], [], "CLEANING"), None),
    ],
)
def test_search_returns_the_first_free_slot(dentist, refused, request_, found):
    book(dentist, slot("MONDAY", 9, 0, "ROOT_CANAL"))  # Monday is free from 10 on
    step = dentist.submit(request_)
    if found is None:
        assert refused(step) == "NoSlotFound()"
    else:
        assert wanted(dentist) == found


def test_search_equals_trying_every_quarter_of_an_hour(dentist, m):
    """Compare 300 searches with the definition, in a diary that fills up."""

    def overlaps(start, minutes, other, booking):
        return start < other + booking.treatment.minutes and other < start + minutes

    def by_definition(state, wish):
        minutes = wish.treatment.minutes
        for day in wish.days:
            for opens, closes in state.schedule[day]:
                for earliest, latest in wish.times:
                    for start in range(max(opens, earliest), min(closes, latest) - minutes + 1, 15):
                        if not any(overlaps(start, minutes, *booked) for booked in state.bookings[day].items()):
                            return day, start
        return None

    choose, state, instance = Chooser(1), dentist.machine.instance.initial(), dentist.machine.instance
    found = 0
    for id in range(1, 301):
        wish = m.RequestAuto(
            instance.propose(choose, state).patient,
            choose.shuffled(m.Day)[:2],
            [
                (start, start + choose.randint(15, 200))
                for start in (choose.randint(500, 1000), choose.randint(500, 1000))
            ],
            choose.pick(list(m.Treatment)),
        )
        place = m._first_slot(state, wish)
        assert place == by_definition(state, wish)
        if place is not None:
            found += 1
            m._book(state, id, m.Request(wish.patient, *place, wish.treatment), 0)
    assert 30 < found < 100


def test_first_authorised_request_wins_the_slot(dentist, m, refused):
    dentist.submit(slot("MONDAY", 9, 0, "CHECKUP", ANN))
    dentist.submit(slot("MONDAY", 9, 15, "CHECKUP", BOB))
    dentist.complete(2, "Success(7500)")
    assert dentist.complete(1, "Success(7500)").actions == (Tracked(1, m.Release(1)),)

    assert [booking.request for booking in dentist.state.bookings[m.Day.MONDAY].values()] == [2]
    assert list(dentist.state.releasing) == [1]
    assert refused(dentist.complete(1, "Success(7500)")) == "UnexpectedResult(1, 'awaits its release')"
    assert refused(dentist.complete(2, "Success(7500)")) == "InvalidRequest(2)"


def test_hold_is_released_after_any_number_of_crashes(dentist, m, refused):
    dentist.submit(slot("MONDAY", 9, 0, "CHECKUP", ANN))
    dentist.submit(slot("MONDAY", 9, 0, "CHECKUP", BOB))
    dentist.complete(1, "Success(7500)")
    dentist.complete(2, "Success(7500)")
    for _ in range(2):
        assert dentist.restart().actions == (Tracked(2, m.Release(2)),)
    assert dentist.complete(2, "Failed('try again')").actions == (Tracked(2, m.Release(2)),)
    assert dentist.complete(2, "Pending()").actions == (Tracked(2, m.Release(2)),)
    assert dentist.complete(2, "Released()").actions == ()
    assert dentist.restart().actions == ()
    assert refused(dentist.complete(2, "Released()")) == "InvalidRequest(2)"


def test_declined_card_leaves_the_slot_free(dentist, m, refused):
    dentist.submit(slot("MONDAY", 9, 0, "CHECKUP"))
    dentist.complete(1, "Failed('card declined')")
    assert dentist.state == m.Diary(**{**vars_of(dentist.machine.instance.initial()), "next_id": 2})
    assert refused(dentist.complete(1, "Success(7500)")) == "InvalidRequest(1)"


def vars_of(record):
    return {name: getattr(record, name) for name in record.__slots__}


def test_pending_result_is_requested_again(dentist, m, refused):
    dentist.submit(slot("MONDAY", 9, 0, "CHECKUP"))
    assert dentist.complete(1, "Pending()").actions == (Tracked(1, m.CheckStatus(1, 7500)),)
    assert refused(dentist.complete(1, "Released()")) == "UnexpectedResult(1, 'awaits its preauthorisation')"


def test_restart_emits_all_pending_actions_in_id_order(dentist, m):
    for hour in (9, 10, 11):
        dentist.submit(slot("MONDAY", hour, 0, "CHECKUP"))
        dentist.submit(slot("MONDAY", hour, 0, "CLEANING"))
    for id in (1, 2, 6, 5):
        dentist.complete(id, "Success(1)")
    assert dentist.restart().actions == (
        Tracked(3, m.CheckStatus(3, 7500)),
        Tracked(4, m.CheckStatus(4, 5000)),
        Tracked(2, m.Release(2)),
        Tracked(5, m.Release(5)),
    )


def test_full_actions_leave_the_diary_unchanged(dentist, m):
    ann = m.Patient(1, "Ann", "ann@example.com")
    wish = m.RequestSlot(ann, m.Day.MONDAY, 540, m.Treatment.CHECKUP)
    assert not dentist.changed_without_room(Normal(wish), 0)
    dentist.submit(slot("MONDAY", 9, 0, "CHECKUP"))
    dentist.submit(slot("MONDAY", 9, 0, "CHECKUP"))
    assert not dentist.changed_without_room(TrackedActionCompleted(1, m.Pending()), 0)
    dentist.complete(2, "Success(7500)")
    assert not dentist.changed_without_room(TrackedActionCompleted(1, m.Success(7500)), 0)


def _overlapping(m, state):
    state.bookings[m.Day.MONDAY][540] = m.Booking(1, m.PATIENTS[0], m.Treatment.CHECKUP, 0)
    state.bookings[m.Day.MONDAY][555] = m.Booking(2, m.PATIENTS[0], m.Treatment.CHECKUP, 0)


def _outside(m, state):
    state.bookings[m.Day.MONDAY][720] = m.Booking(1, m.PATIENTS[0], m.Treatment.CLEANING, 0)


def _still_free(m, state):
    state.bookings[m.Day.MONDAY][540] = m.Booking(1, m.PATIENTS[0], m.Treatment.CLEANING, 0)


def _lost_time(m, state):
    state.free[m.Day.FRIDAY] = [(9 * 60, 14 * 60)]


def _booked_and_awaiting(m, state):
    wish = m.Request(m.PATIENTS[0], m.Day.MONDAY, 540, m.Treatment.CHECKUP)
    state.awaiting[1] = state.releasing[1] = wish


def _ahead_of_the_counter(m, state):
    state.awaiting[100] = m.Request(m.PATIENTS[0], m.Day.MONDAY, 540, m.Treatment.CHECKUP)


@pytest.mark.parametrize(
    ("corrupt", "violated"),
    [
        (_overlapping, "no_overlap"),
        (_outside, "inside_schedule"),
        (_still_free, "free_is_schedule_minus_bookings"),
        (_lost_time, "free_is_schedule_minus_bookings"),
        (_booked_and_awaiting, "each_request_is_in_one_place"),
        (_ahead_of_the_counter, "each_request_is_in_one_place"),
    ],
)
def test_each_invariant_detects_its_violation(dentist, m, corrupt, violated):
    state = dentist.machine.instance.initial()
    state.next_id = 100
    assert all(check(state) for check in dentist.machine.invariants.values())
    corrupt(m, state)
    assert dentist.machine.invariants[violated](state) is False
