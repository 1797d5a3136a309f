"""The guarantees of a store, tested on every one of them."""

import pytest

from fasm_cli.contract.state_machine import Tracked
from fasm_cli.engine.events import AWAIT_FAULTS, Crash, CrashPoint, FaultKind, InjectedFault, Restore
from fasm_cli.engine.laws import first_violation
from fasm_cli.engine.step_result import Outcome
from fasm_cli.sessions.timeline import Timeline
from fasm_cli.simulation.run import Simulator
from fasm_cli.simulation.world import Plan

BOOK, OTHER, AGAIN = (f"Book(seat={seat}, guest='{guest}')" for seat, guest in ((1, "ann"), (2, "bob"), (1, "eve")))


def test_committed_state_survives_a_crash(at, place):
    shop = at("coffee_shop", place)
    shop.step("RedeemPoints(points=100)")
    before = shop.state
    shop.process.step(Crash())
    assert shop.state == before
    assert [action.id for action in shop.process.step(Restore()).actions] == [1]
    assert shop.step("1", "Success(points_deducted=100)").outcome is Outcome.COMMITTED
    assert (shop.state.points_balance, shop.process.pending) == (50, {})


def test_tables_and_fields_survive_a_crash(at, database):
    house = at("booking_db", database)
    house.step(BOOK)
    before = house.digest
    house.process.step(Crash())
    assert house.digest == before
    assert house.state.next_charge == 2
    assert house.process.step(Restore()).details.unrestored_ids == ()
    assert house.step("1", "Paid()").outcome is Outcome.COMMITTED
    assert house.state.db.table("bookings") == {1: {"seat": 1, "charge": 1, "guest": "ann", "status": "paid"}}
    assert house.state.takings == 45


@pytest.mark.parametrize(
    "fault", [InjectedFault(FaultKind.ACTIONS_FULL, 1), InjectedFault(FaultKind.LOAD), InjectedFault(FaultKind.COMMIT)]
)
def test_an_aborted_transition_leaves_the_state_unchanged(at, place, fault):
    shop = at("coffee_shop", place)
    before = shop.digest
    shop.process.step(fault)
    step = shop.step("RedeemPoints(points=100)")
    assert (step.outcome is Outcome.COMMITTED, step.details.state_leaked, shop.digest) == (False, False, before)
    assert shop.process.pending == {}
    assert [action.id for action in shop.step("RedeemPoints(points=100)").actions if isinstance(action, Tracked)] == [1]


def test_a_commit_with_lost_answer_is_committed(at, place):
    shop = at("coffee_shop", place)
    shop.process.step(InjectedFault(FaultKind.UNKNOWN))
    assert shop.step("RedeemPoints(points=100)").outcome is Outcome.COMMITTED
    assert not shop.process.running
    assert shop.process.step(Restore()).details.unrestored_ids == ()


def test_a_crash_before_the_commit_rolls_back(at, database):
    house = at("booking_db", database)
    before = house.digest
    house.process.step(Crash(CrashPoint.BEFORE_COMMIT))
    assert house.step(BOOK).outcome is Outcome.ABORTED
    assert (house.digest, house.process.running) == (before, False)
    house.process.step(Restore())
    assert house.step(BOOK).actions[0].id == 1


@pytest.mark.parametrize("failure", AWAIT_FAULTS)
@pytest.mark.parametrize(
    ("text", "result", "awaits"),
    [(OTHER, "", 1), ("GiveBack(seat=5)", "", 1), ("1", "Paid()", 2), ("1", "Declined('')", 2)],
)
def test_a_failing_await_leaves_state_and_pending_unchanged(at, database, failure, text, result, awaits):
    house = at("booking_db", database)
    house.step(BOOK)
    before, pending = house.digest, dict(house.process.pending)
    for number in range(1, awaits + 1):
        house.process.step(InjectedFault(failure, number))
        step = house.step(text, result)
        assert (step.outcome, step.details.state_leaked) == (Outcome.ABORTED, False)
        assert step.details.reason.endswith(f"at await {number}")
        assert (house.digest, house.process.pending) == (before, pending)
    house.process.step(InjectedFault(failure, awaits + 1))  # there is no such await
    assert house.step(text, result).outcome in (Outcome.COMMITTED, Outcome.REJECTED)


@pytest.mark.parametrize("failure", AWAIT_FAULTS)
def test_an_aborted_restore_can_be_repeated(at, database, failure):
    house = at("booking_db", database)
    house.step(BOOK)
    house.process.step(Crash())
    house.process.step(InjectedFault(failure, 1))
    assert house.process.step(Restore()).outcome is Outcome.ABORTED
    assert not house.process.running
    again = house.process.step(Restore())
    assert (again.outcome, [action.id for action in again.actions]) == (Outcome.COMMITTED, [1])


def test_a_rejected_row_rolls_back_the_transition(at, database):
    house = at("booking_db", database)
    house.step(BOOK)
    before = house.digest
    step = house.step(AGAIN)
    assert (step.outcome, str(step.error), step.details.state_leaked) == (Outcome.REJECTED, "SeatTaken(1)", False)
    assert house.digest == before
    assert house.step(OTHER).outcome is Outcome.COMMITTED


def test_the_transaction_rolls_back_a_debit_before_a_rejection(at, database):
    ledger = at("ledger", database)
    before = ledger.state
    step = ledger.step("Transfer(source=1, target=4, amount=70)")
    assert (str(step.error), step.details.state_leaked, first_violation(ledger.process, step, before)) == (
        "NoSuchAccount(4)",
        False,
        None,
    )
    assert ledger.state == before


def test_a_stored_state_decodes_to_an_equal_one(at, place):
    shop = at("coffee_shop" if place == "memory" else "booking_db", place)
    shop.step("RedeemPoints(points=100)" if place == "memory" else BOOK)
    again = shop.engine.decode_state(shop.machine.encode_state(shop.state))
    assert (again, shop.machine.digest(again)) == (shop.state, shop.digest)


def test_going_back_forks_a_branch(at, database):
    line = Timeline(at("booking_db", database).engine, at("booking_db", database).engine.initial())
    events = at("booking_db", database).event
    line.step(events(BOOK))
    line.step(events(OTHER))
    line.goto(1)
    assert list(line.now.state.db.table("bookings")) == [1]
    entry = line.step(events("Book(seat=3, guest='eve')"))
    assert entry.record.changed_paths == [
        "db.bookings[3]: + {'seat': 3, 'charge': 2, 'guest': 'eve', 'status': 'held'}",
        "next_charge: 2 -> 3",
    ]
    line.goto(2)
    assert list(line.now.state.db.table("bookings")) == [1, 2]


@pytest.mark.parametrize("name", ["coffee_shop", "async_counter"])
def test_a_run_over_a_plain_state_is_the_same_as_in_memory(at, database, name):
    assert walked(at(name, database).engine) == walked(at(name, "memory").engine)


@pytest.mark.parametrize("name", ["booking_db", "ledger"])
def test_a_run_over_tables_is_the_same_as_in_sqlite(at, database, name):
    assert walked(at(name, database).engine) == walked(at(name, "sqlite").engine)


def walked(engine):
    """Every record of one simulated run, with its faults and crashes."""
    runs = Simulator(engine, Plan(seed=1, runs=1, steps=60, profile=engine.machine.profile))
    line = Timeline(engine, engine.initial())
    return [line.step(item.event).record for item in runs.events(0, 60)]
