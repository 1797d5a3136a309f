"""The REPL without a terminal: `-c`, `-f` and a pipe share one grammar and stop at the first error or finding."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table
from fasm_cli.cli.repl.lines import first_word, is_complete, logical_lines
from fasm_cli.cli.repl.registry import VERBS

Call = Callable[..., Any]

SCRIPT = """\
# a redemption, and a crash before its result

RedeemPoints(
    points=100,
)
crash
restore
complete 1.1@3 Success(points_deducted=100)
state
"""
TRANSCRIPT = """\
#1 RedeemPoints(points=100)  committed
   pending_redemption: None -> Redemption(id=1, points=100, phase=Phase.REQUESTED)
   next_redemption_id: 1 -> 2
   + tracked 1.1  id 1  Redeem(user_id=12345, points=100)
   + untracked  ShowStampAnimation()
   + untracked  LogAnalytics(event='redemption_requested:100')
   invariants 2/2
#2 crash  committed
   in flight: result of 1.1 Redeem(user_id=12345, points=100)
#3 restore  committed
   + tracked 1.1@3  id 1  CheckStatus(redemption_id=1)  replaces 1.1 Redeem(user_id=12345, points=100)
#4 complete 1.1@3 Success(points_deducted=100)  committed
   points_balance: 150 -> 50
   pending_redemption: Redemption(id=1, points=100, phase=Phase.REQUESTED) -> None
   order_cents: 550 -> 50
   + untracked  UpdatePointsDisplay(points=50)
   + untracked  UpdateOrderTotal(cents=50)
   + untracked  ShowSuccessMessage(text='Redeemed 100 points! Saved $5.00')
   + untracked  PlaySuccessSound()
   + untracked  SendPushNotification(text='Redeemed 100 points! Saved $5.00')
   invariants 2/2
@4 Shop(user_id=12345, points_balance=50, pending_redemption=None, order_cents=50, next_redemption_id=2)
"""


@pytest.fixture
def repl(fasm: Call) -> Call:
    """The coffee shop's REPL with a line for each argument."""
    return lambda *lines: fasm("repl", "coffee_shop", *(word for line in lines for word in ("-c", line)))


def test_file_pipe_and_options_execute_equally(fasm: Call, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "script.fasm").write_text(SCRIPT)
    by_file = fasm("repl", "coffee_shop", "-f", "script.fasm")
    assert (by_file.code, by_file.err, by_file.out) == (0, "", TRANSCRIPT)
    monkeypatch.setattr(sys, "stdin", io.StringIO(SCRIPT))
    assert fasm("repl", "coffee_shop").out == TRANSCRIPT
    lines = [word for _, line in logical_lines(SCRIPT.splitlines()) for word in ("-c", line)]
    assert fasm("repl", "coffee_shop", *lines).out == TRANSCRIPT


def test_output_is_input(repl: Call) -> None:
    events = [line.split(" ", 1)[1].rpartition("  ")[0] for line in TRANSCRIPT.splitlines() if line[0] == "#"]
    assert repl(*events, "state").out == TRANSCRIPT


def test_it_stops_at_the_first_error(repl: Call, fasm: Call, project: Path) -> None:
    result = repl("pending", "frob", "pending")
    assert (result.code, result.out) == (2, "nothing is pending\n")
    assert result.err.startswith("error: -c, line 2: no verb 'frob'; ")
    (project / "script.fasm").write_text("# one\n\nRedeemPoints(\n  points='x')\npending\n")
    result = fasm("repl", "coffee_shop", "-f", "script.fasm")
    assert (result.code, result.out) == (5, "")
    assert result.err == (
        "error: script.fasm, line 3: RedeemPoints.points: expected int, got str 'x'"
        " (column 24 of RedeemPoints( points='x'))\n"
    )


def test_it_stops_at_the_first_finding(fasm: Call) -> None:
    lines = ["Process(80, 'a')", "Process(80, 'b')", "complete 1.1 Success()", "complete 2.1 Success()", "pending"]
    result = fasm("repl", "payment", *(word for line in lines for word in ("-c", line)))
    assert (result.code, result.err) == (1, "")
    assert result.out.endswith("   BROKEN invariant:never_overdrawn  it is false\n")


def test_a_rejection_is_not_an_error(repl: Call) -> None:
    result = repl("CancelOrder", "RedeemPoints(151)", "restore", "pending")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "#1 CancelOrder()  rejected  NothingToCancel()\n"
        "#2 RedeemPoints(points=151)  rejected  InsufficientPoints(needed=151, had=150)\n"
        "#3 restore  skipped  the process is running; crash it first\n"
        "nothing is pending\n"
    )


def test_quit_ends_it(repl: Call) -> None:
    result = repl("quit", "frob")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_every_kind_of_crash_and_fault(repl: Call) -> None:
    for crash in ("between", "after-commit", "after-action 1", "before-commit", "in-restore 1"):
        assert repl("RedeemPoints(10)", f"crash {crash}", "log").code == 0
    result = repl("fault actions_full 2", "RedeemPoints(10)", "crash before-commit", "RedeemPoints(10)", "state")
    assert result.code == 0
    assert "rejected  ActionsFull(held=1)" in result.out
    assert "aborted  the process died before the commit" in result.out
    assert "@4 Shop(user_id=12345, points_balance=150, pending_redemption=None" in result.out


def test_a_step_after_back_starts_a_branch(repl: Call) -> None:
    result = repl("RedeemPoints(10)", "CancelOrder()", "back", "crash", "goto 2", "log --all")
    assert result.out.splitlines()[-5:] == [
        "@3 -> @2  1 pending",
        "   pending_redemption.phase: Phase.REQUESTED -> Phase.CANCELLED",
        "  #1 RedeemPoints(points=10)  committed",
        "* #2 CancelOrder()  committed",
        "· #3 crash  committed  from #1",
    ]
    assert repl("log").out == "@0 the initial state; no steps yet\n"


def test_a_preview_keeps_nothing(repl: Call) -> None:
    result = repl("try RedeemPoints(10)", "state", "RedeemPoints(20)")
    assert result.out.startswith("try RedeemPoints(points=10)  committed\n")
    assert "@0 Shop(user_id=12345, points_balance=150, pending_redemption=None" in result.out
    assert "#1 RedeemPoints(points=20)  committed" in result.out


def test_unexpected_completions(repl: Call) -> None:
    result = repl(
        "RedeemPoints(10)",
        "drop 1.1",
        "pending",
        "TrackedActionCompleted(id=7, result=Pending())",
        "complete 1 Pending()",
    )
    assert result.code == 0
    assert "#2 drop 1.1  committed\n" in result.out
    assert "1.1  id 1  tracked Redeem(user_id=12345, points=10)  since step 1\n" in result.out
    assert "#3 TrackedActionCompleted(id=7, result=Pending())  rejected  InvalidRedemptionId(7)\n" in result.out
    assert "#4 complete 1.1 Pending()  committed\n" in result.out


def test_a_crashed_process(repl: Call) -> None:
    result = repl("RedeemPoints(10)", "crash", "pending", "crash", "back")
    assert result.out.splitlines()[-4:] == [
        "the process has crashed; `restore` emits what is pending again",
        "1.1  id 1  tracked Redeem(user_id=12345, points=10)  since step 1",
        "#3 crash  skipped  the process has crashed already",
        "@3 -> @2  crashed, 1 pending",
    ]


def test_help(repl: Call) -> None:
    lines = repl("help").out.splitlines()
    assert lines[0].split("  ")[0] == "Name(field=value)"
    assert [line.split()[0] for line in lines[1:]] == list(VERBS)
    for name, verb in VERBS.items():
        report = repl(f"help {name}").out
        assert report.startswith(f"{verb.usage}\n   {verb.summary}\n   > {verb.examples[0]}\n")
        assert set(verb.related) <= set(VERBS)
    assert repl("inputs").out == (
        "RedeemPoints(points: int 1..1000)  Pay with points; each is worth 5 cents.\n"
        "   RedeemPoints(points=7)  committed\n"
        "CancelOrder()  Cancel the redemption.\n"
        "   CancelOrder()  rejected  NothingToCancel()\n"
    )
    assert repl("describe").out.startswith("coffee_shop  CoffeeShop, version 1\n")


def test_steps_are_stored_in_a_session(fasm: Call) -> None:
    kept = fasm("repl", "counter", "--session", "kept", "-c", "Increment", "-c", "Increment")
    assert (kept.code, kept.err) == (0, "")
    again = fasm("repl", "counter", "--session", "kept", "-c", "Increment")
    assert again.out.startswith("#3 Increment()  committed\n")
    by_name = fasm("repl", "kept", "-c", "back 2", "-c", "Increment", "-c", "log --all")
    assert by_name.out.endswith(
        "  #1 Increment()  committed\n· #2 Increment()  committed\n· #3 Increment()  committed\n"
        "* #4 Increment()  committed  from #1\n"
    )
    assert fasm("session", "show", "kept").out.endswith("   4 steps, at step 4\n")
    both = fasm("repl", "kept", "--session", "other")
    assert (both.code, both.err) == (2, "error: kept is already a session; --session is for a machine\n")


@pytest.mark.parametrize(
    ("text", "complete"),
    [("", True), ("A(", False), ("A()", True), ("A('(')", True), ("A('\\'(')", True), ("# (", True), ("don't (", False),
     ("don't", True), ("A(\n1\n)", True), ("A)", True), ("A('", False), ("A('\n)", True)],
)  # fmt: skip
def test_is_complete(text: str, complete: bool) -> None:
    assert is_complete(text) is complete


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1.1 A()", ("1.1", "A()")),
        ("Id(a=1, b='x y') A(1)", ("Id(a=1, b='x y')", "A(1)")),
        ("'a b' A", ("'a b'", "A")),
        (r"'it\'s a' A", (r"'it\'s a'", "A")),
        ("1", ("1", "")),
    ],
)
def test_first_word(text: str, parts: tuple[str, str]) -> None:
    assert first_word(text) == parts
