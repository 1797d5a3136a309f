"""Tests the coffee shop: the scenario of the Rust crate, and cancelling a redemption in flight."""

import pytest

from fasm_cli import Normal, Tracked, TrackedActionCompleted, Untracked
from fasm_cli.engine.step_result import Outcome


@pytest.fixture
def shop(run):
    return run("coffee_shop")


@pytest.fixture
def m(shop):
    return shop.module


def test_scenario_of_the_crate(shop, m, refused):
    assert shop.state == m.Shop(12345, 150, None, 550, 1)

    assert shop.submit("RedeemPoints(points=100)").actions == (
        Tracked(1, m.Redeem(12345, 100)),
        Untracked(m.ShowStampAnimation()),
        Untracked(m.LogAnalytics("redemption_requested:100")),
    )
    assert shop.state == m.Shop(12345, 150, m.Redemption(1, 100), 550, 2)

    assert shop.complete(1, "Success(points_deducted=100)").actions == (
        Untracked(m.UpdatePointsDisplay(50)),
        Untracked(m.UpdateOrderTotal(50)),
        Untracked(m.ShowSuccessMessage("Redeemed 100 points! Saved $5.00")),
        Untracked(m.PlaySuccessSound()),
        Untracked(m.SendPushNotification("Redeemed 100 points! Saved $5.00")),
    )
    assert shop.state == m.Shop(12345, 50, None, 50, 2)

    assert refused(shop.submit("RedeemPoints(points=200)")) == "InsufficientPoints(needed=200, had=50)"
    assert shop.state == m.Shop(12345, 50, None, 50, 2)


def test_restore_asks_for_the_status_of_a_pending_redemption(run, m):
    shop = run("coffee_shop", m.Shop(pending_redemption=m.Redemption(2, 75), next_redemption_id=3))
    assert shop.restart().actions == (Tracked(2, m.CheckStatus(2)),)


def test_redemption_survives_a_crash_under_its_id(shop, m):
    shop.submit("RedeemPoints(points=100)")
    assert shop.restart().actions == (Tracked(1, m.CheckStatus(1)),)
    assert list(shop.process.pending) == [1]
    shop.complete(1, "Success(100)")
    assert shop.state.points_balance == 50
    assert shop.restart().actions == ()


def test_one_redemption_at_a_time(shop, refused):
    shop.submit("RedeemPoints(10)")
    assert refused(shop.submit("RedeemPoints(10)")) == "RedemptionAlreadyPending(1)"
    assert refused(shop.submit("RedeemPoints(1000)")) == "RedemptionAlreadyPending(1)"  # checked before the balance


def test_total_does_not_go_below_zero(shop):
    shop.submit("RedeemPoints(150)")
    shop.complete(1, "Success(150)")
    assert (shop.state.points_balance, shop.state.order_cents) == (0, 0)


def test_failed_redemption_costs_nothing(shop, m):
    shop.submit("RedeemPoints(100)")
    assert shop.complete(1, "Failed('card expired')").actions == (Untracked(m.ShowErrorMessage("card expired")),)
    assert shop.state == m.Shop(12345, 150, None, 550, 2)


def test_pending_result_is_requested_again(shop, m):
    shop.submit("RedeemPoints(100)")
    before = shop.machine.digest(shop.state)
    assert shop.complete(1, "Pending()").actions == (Tracked(1, m.CheckStatus(1)),)
    assert shop.machine.digest(shop.state) == before


def test_results_without_a_pending_redemption_are_rejected(shop, refused):
    assert refused(shop.complete(1, "Success(100)")) == "InvalidRedemptionId(1)"
    shop.submit("RedeemPoints(100)")
    assert refused(shop.complete(2, "Success(100)")) == "InvalidRedemptionId(2)"
    assert refused(shop.complete(1, "Refunded()")) == "UnexpectedResult(Refunded(), phase='requested')"
    assert refused(shop.complete(1, "Success(99)")) == "UnexpectedResult(Success(points_deducted=99), asked=100)"
    shop.complete(1, "Success(100)")
    assert refused(shop.complete(1, "Success(100)")) == "InvalidRedemptionId(1)"
    assert shop.state.points_balance == 50


def test_cancelled_redemption_is_refunded_if_it_is_confirmed(shop, m, refused):
    shop.submit("RedeemPoints(100)")
    assert shop.submit("CancelOrder()").actions == ()
    assert shop.state.pending_redemption == m.Redemption(1, 100, m.Phase.CANCELLED)
    assert shop.restart().actions == (Tracked(1, m.CheckStatus(1)),)

    assert shop.complete(1, "Success(100)").actions == (Tracked(1, m.Refund(12345, 100)),)
    assert shop.restart().actions == (Tracked(1, m.Refund(12345, 100)),)
    assert (
        refused(shop.complete(1, "Success(100)")) == "UnexpectedResult(Success(points_deducted=100), phase='refunding')"
    )
    assert refused(shop.submit("RedeemPoints(10)")) == "RedemptionAlreadyPending(1)"

    shop.complete(1, "Refunded()")
    assert shop.state == m.Shop(12345, 150, None, 550, 2)
    assert shop.restart().actions == ()


def test_refund_is_repeated_until_it_succeeds(shop, m):
    shop.submit("RedeemPoints(100)")
    shop.submit("CancelOrder()")
    shop.complete(1, "Success(100)")
    assert shop.complete(1, "Failed('busy')").actions == (Tracked(1, m.Refund(12345, 100)),)
    assert shop.complete(1, "Pending()").actions == (Tracked(1, m.Refund(12345, 100)),)


def test_cancelled_redemption_that_failed_is_removed(shop, m):
    shop.submit("RedeemPoints(100)")
    shop.submit("CancelOrder()")
    shop.complete(1, "Failed('never heard of it')")
    assert shop.state == m.Shop(12345, 150, None, 550, 2)
    assert shop.submit("RedeemPoints(10)").outcome is Outcome.COMMITTED


def test_only_a_pending_redemption_can_be_cancelled_once(shop, refused):
    assert refused(shop.submit("CancelOrder()")) == "NothingToCancel()"
    shop.submit("RedeemPoints(100)")
    shop.submit("CancelOrder()")
    assert refused(shop.submit("CancelOrder()")) == "NothingToCancel()"


@pytest.mark.parametrize("room", [0, 1, 2])
def test_full_actions_reject_a_request_without_a_change(shop, m, room):
    assert not shop.changed_without_room(Normal(m.RedeemPoints(100)), room)


@pytest.mark.parametrize("room", [0, 1, 2, 3, 4])
def test_full_actions_reject_a_confirmation_without_a_change(shop, m, room):
    shop.submit("RedeemPoints(100)")
    assert not shop.changed_without_room(TrackedActionCompleted(1, m.Success(100)), room)
