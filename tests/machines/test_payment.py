"""Tests payments: each is charged once and survives a crash; the deliberate bug overdraws the account."""

from fasm_cli import Normal, Tracked
from fasm_cli.engine.laws import Violation, check_invariants


def test_payment_is_charged_and_confirmed(run):
    payment = run("payment")
    m = payment.module
    assert payment.submit("Process(amount=60, user='ann')").actions == (Tracked(1, m.Charge(60)),)
    assert payment.state == m.Account(100, {1: m.Order(60, "ann", m.Status.PENDING)}, 2)
    assert payment.complete(1, "Success()").actions == ()
    assert payment.state == m.Account(40, {1: m.Order(60, "ann", m.Status.CONFIRMED)}, 2)


def test_failed_payment_costs_nothing_and_its_id_is_not_reused(run):
    payment = run("payment")
    m = payment.module
    payment.submit("Process(60, 'ann')")
    payment.complete(1, "Failed('card expired')")
    assert payment.state == m.Account(100, {1: m.Order(60, "ann", m.Status.FAILED)}, 2)
    assert payment.submit("Process(10, 'bob')").actions == (Tracked(2, m.Charge(10)),)


def test_payment_above_the_balance_is_rejected(run, refused):
    payment = run("payment")
    assert refused(payment.submit("Process(101, 'ann')")) == "InsufficientFunds(needed=101, had=100)"
    assert payment.state == payment.module.Account(100, {}, 1)
    assert payment.submit("Process(100, 'ann')").actions == (Tracked(1, payment.module.Charge(100)),)


def test_second_result_is_rejected(run, refused):
    payment = run("payment")
    payment.submit("Process(60, 'ann')")
    payment.complete(1, "Success()")
    assert refused(payment.complete(1, "Success()")) == "AlreadySettled(1, 'confirmed')"
    assert refused(payment.complete(1, "Failed('late')")) == "AlreadySettled(1, 'confirmed')"
    assert refused(payment.complete(9, "Success()")) == "NotFound(9)"
    assert payment.state.balance == 40


def test_restart_emits_only_pending_payments(run):
    payment = run("payment")
    m = payment.module
    for amount in (1, 2, 3, 4):
        payment.submit(f"Process({amount}, 'ann')")
    payment.complete(2, "Success()")
    payment.complete(3, "Failed('no')")
    assert payment.restart().actions == (Tracked(1, m.CheckStatus(1)), Tracked(4, m.CheckStatus(4)))


def test_full_actions_leave_the_account_unchanged(run):
    payment = run("payment")
    assert not payment.changed_without_room(Normal(payment.module.Process(60, "ann")), 0)


def test_two_pending_payments_overdraw_the_account(run):
    payment = run("payment")
    payment.submit("Process(60, 'ann')")
    payment.submit("Process(60, 'bob')")
    payment.complete(1, "Success()")
    assert check_invariants(payment.machine, payment.state) is None
    payment.complete(2, "Success()")
    assert payment.state.balance == -20
    assert check_invariants(payment.machine, payment.state) == Violation("invariant:never_overdrawn", "it is false")
