"""`--json`: one document on stdout whatever happens, and the same facts as the text."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
KEYS = ["data", "error", "fasm", "findings", "ok", "schema"]

CALLS = {
    "list": (["list"], 0, "machines"),
    "describe": (["describe", "coffee_shop"], 0, "machine"),
    "session-new": (["session", "new", "coffee_shop", "other"], 0, "session"),
    "session-list": (["session", "list"], 0, "sessions"),
    "session-show": (["session", "show", "shop"], 0, "session"),
    "complete": (["complete", "shop", "1.1", "Success(points_deducted=100)"], 0, "step"),
    "crash": (["crash", "shop"], 0, "step"),
    "restore": (["restore", "shop"], 5, "step"),
    "pending": (["pending", "shop"], 0, "pending"),
    "back": (["back", "shop"], 0, "moved"),
    "goto": (["goto", "shop", "0"], 0, "moved"),
    "simulate": (["simulate", "counter", "--seed", "1", "--runs", "2", "--steps", "5"], 0, "simulation"),
    "replay": (["replay", "shop"], 0, "replay"),
}
FAILURES = {
    "frob": (["frob"], 2, "usage"),
    "list": (["list", "--frob"], 2, "usage"),
    "step": (["step", "shop", "Frob()"], 5, "input"),
    "complete": (["complete", "shop", "7.7", "Pending()"], 5, "input"),
    "pending": (["pending", "nowhere"], 4, "session"),
    "session-show": (["session", "show", "nowhere"], 4, "session"),
    "session-new": (["session", "new"], 2, "usage"),
    "simulate": (["simulate", "counter", "--crash", "7"], 2, "usage"),
    "describe": (["describe", "bad"], 3, "machine"),
    "replay": (["replay", "machines"], 2, "usage"),
    "repl": (["repl", "counter", "-c", "Increment", "-c", "frob"], 2, "usage"),
}


@pytest.fixture
def shop(fasm: Call, project: Path) -> None:
    (project / "machines" / "bad.py").write_text("raise KeyError(1)\n")
    assert fasm("session", "new", "coffee_shop", "shop").code == 0
    assert fasm("step", "shop", "RedeemPoints(points=100)").code == 0


@pytest.mark.parametrize("verb", CALLS)
def test_success(fasm: Call, shop: None, verb: str) -> None:
    arguments, code, report = CALLS[verb]
    result = fasm(*arguments, "--json")
    assert (result.code, result.err) == (code, "")
    document = result.document
    assert sorted(document) == KEYS
    assert document["schema"] == f"fasm/{verb}/1"
    assert document["data"]["report"] == report
    assert (document["ok"], document["findings"], document["error"]) == (True, [], None)


@pytest.mark.parametrize("verb", FAILURES)
def test_failure(fasm: Call, shop: None, verb: str) -> None:
    arguments, code, kind = FAILURES[verb]
    result = fasm(*arguments, "--json")
    assert (result.code, result.err) == (code, "")
    document = result.document
    assert sorted(document) == KEYS
    assert (document["schema"], document["ok"], document["findings"]) == (f"fasm/{verb}/1", False, [])
    assert document["error"]["kind"] == kind
    assert document["error"]["message"]
    text = fasm(*arguments)
    assert text.code == code
    assert document["error"]["message"].split("\n")[0] in text.err


def test_a_step_says_everything_once(fasm: Call) -> None:
    fasm("session", "new", "coffee_shop", "shop")
    document = fasm("step", "shop", "RedeemPoints(points=100)", "CancelOrder()", "CancelOrder()", "--json").document
    assert document["ok"] is True
    assert [step["outcome"] for step in document["data"]] == ["committed", "committed", "rejected"]
    assert document["data"][2]["error"] == "NothingToCancel()"
    assert document["data"][0] == {
        "report": "step",
        "n": 1,
        "parent": 0,
        "event": {"type": "input", "value": {"type": "RedeemPoints", "points": 100}},
        "text": "RedeemPoints(points=100)",
        "outcome": "committed",
        "error": "",
        "changed": [
            "pending_redemption: None -> Redemption(id=1, points=100, phase=Phase.REQUESTED)",
            "next_redemption_id: 1 -> 2",
        ],
        "actions": [
            {
                "handle": "1.1",
                "tracked": True,
                "id": "1",
                "text": "Redeem(user_id=12345, points=100)",
                "plain": {"type": "Tracked", "id": 1, "action": {"type": "Redeem", "user_id": 12345, "points": 100}},
                "was": "",
            },
            {
                "handle": "1.2",
                "tracked": False,
                "id": "",
                "text": "ShowStampAnimation()",
                "plain": {"type": "Untracked", "action": {"type": "ShowStampAnimation"}},
                "was": "",
            },
            {
                "handle": "1.3",
                "tracked": False,
                "id": "",
                "text": "LogAnalytics(event='redemption_requested:100')",
                "plain": {
                    "type": "Untracked",
                    "action": {"type": "LogAnalytics", "event": "redemption_requested:100"},
                },
                "was": "",
            },
        ],
        "missing": [],
        "broken": "",
        "digest": document["data"][0]["digest"],
        "invariants": {"held": 2, "of": 2},
        "pending": 1,
        "kept": True,
        "lost": [],
        "fork": "",
    }


def test_what_was_done_before_an_error_is_there(fasm: Call) -> None:
    result = fasm("repl", "counter", "--json", "-c", "Increment", "-c", "pending", "-c", "frob")
    assert result.code == 2
    assert [report["report"] for report in result.document["data"]] == ["step", "pending"]
    assert result.document["error"]["message"] == "no verb 'frob'"


def test_findings(fasm: Call) -> None:
    result = fasm("simulate", "payment", "--seed", "1", "--runs", "20", "--jobs", "1", "--json")
    assert result.code == 1
    document = result.document
    assert document["ok"] is False
    (finding,) = document["findings"]
    assert finding["law"] == "invariant:never_overdrawn"
    replayed = fasm("replay", finding["trace"], "--json")
    assert replayed.code == 1
    assert replayed.document["findings"][0]["law"] == "invariant:never_overdrawn"
    assert replayed.document["data"]["recorded"]["step"] == replayed.document["findings"][0]["step"]
    assert "finding" not in replayed.document["data"]
    folder = fasm("replay", "sessions", "--json")
    assert folder.code == 1
    assert folder.document["findings"][0]["law"] == "invariant:never_overdrawn"


def test_the_flag_counts_only_before_a_double_dash(fasm: Call) -> None:
    result = fasm("describe", "--", "--json")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: no machine '--json' under machines/")
