"""`fasm run` as a process: lines in, lines out, and how it ends."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.runtime.conftest import SHOP, Provider


def start(database: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "fasm_cli", "run", SHOP, "--db", f"sqlite:///{database}", *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]", text: str = "") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What it writes to both of its outputs until it ends."""
    out, err = process.communicate(text, timeout=30)
    return [json.loads(line) for line in out.splitlines()], [json.loads(line) for line in err.splitlines()]


def test_lines_in_and_lines_out(provider: Provider, tmp_path: Path) -> None:
    process = start(tmp_path / "shop.db")
    lines = ['"Buy(amount=5)"', '{"type": "Buy", "amount": 6}', '{"input": "Buy(amount=7)", "key": "a"}', "", "Buy"]
    out, err = said(process, "\n".join(lines) + "\n")
    assert (process.returncode, err) == (0, [])
    assert [line["event"] for line in out if line.get("event", "").startswith("Buy")] == [
        "Buy(amount=5)",
        "Buy(amount=6)",
        "Buy(amount=7)",
    ]
    assert [line for line in out if line["outcome"] == "malformed"] == [
        {
            "line": 5,
            "outcome": "malformed",
            "error": "not JSON: Expecting value: line 1 column 1 (char 0)",
            "hint": 'write "Name(field=value)", or {"type": "Name", "field": value}',
        }
    ]
    assert [line["key"] for line in out if "key" in line] == ["a"]
    assert sorted(line["charge"] for line in provider.asked if "charge" in line) == [1, 2, 3]
    assert sum(line["event"].startswith("complete") for line in out if "event" in line) == 3


def test_malformed_lines(provider: Provider, tmp_path: Path) -> None:
    given = {
        '"Sell(amount=5)"': "no input 'Sell'",
        '{"type": "Buy", "amount": "5"}': "amount: expected int, got str '5'",
        '{"input": "Buy(amount=5)", "keys": "a"}': "unknown: keys",
        '{"input": "Buy(amount=5)", "key": 7}': "key: expected a string, got 7",
        "[" * 100_000: "not JSON: ",
        '"' + "x" * 1_000_001 + '"': "a line of 1000004 characters; at most 1000000 are read",
    }
    process = start(tmp_path / "shop.db")
    out, _ = said(process, "".join(f"{line}\n" for line in given))
    assert process.returncode == 0
    assert len(out) == len(given)
    for line, expected in zip(out, given.values(), strict=True):
        assert line["outcome"] == "malformed"
        assert line["error"].startswith(expected), line


def test_sigterm_lets_what_is_at_work_end(provider: Provider, tmp_path: Path) -> None:
    process = start(tmp_path / "shop.db")

    def answer(told: dict[str, Any]) -> str:
        if "charge" in told:
            process.send_signal(signal.SIGTERM)
        return "yes"

    provider.answers = answer
    assert process.stdin is not None
    process.stdin.write('"Buy(amount=5)"\n')
    process.stdin.flush()
    assert process.stdout is not None
    out = [json.loads(line) for line in process.stdout]  # its input is still open
    assert process.wait(30) == 0
    assert [line["event"] for line in out] == ["Buy(amount=5)", "complete 1.1 Charged()"]
    process.stdin.close()
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()


def test_what_fails_is_logged_as_lines(provider: Provider, tmp_path: Path) -> None:
    answers = iter(("", "yes"))
    provider.answers = lambda told: next(answers, "yes") if "charge" in told else "yes"
    process = start(tmp_path / "shop.db")
    out, err = said(process, '"Buy(amount=5)"\n')
    assert process.returncode == 0
    assert err == []  # a refusal is an answer, and no failure
    assert out[1]["event"] == "complete 1.1 Refused(why='')"


def test_errors_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, and long enough to be looked at as one" * 40)
    process = start(tmp_path / "text.db")
    out, err = process.communicate("", timeout=30)
    assert (process.returncode, out) == (4, "")
    assert err.count("\n") == 1
    assert err.startswith("error: cannot open ")


def test_as_many_handlers_as_there_is_room_for(provider: Provider, tmp_path: Path) -> None:
    changed, at_work, most = threading.Condition(), 0, 0

    def answer(told: dict[str, Any]) -> str:
        nonlocal at_work, most
        if "charge" in told:
            with changed:
                at_work += 1
                most = max(most, at_work)
                changed.notify_all()
                changed.wait_for(lambda: at_work >= 2, timeout=5)
                changed.wait_for(lambda: at_work > 2, timeout=0.05)  # a third has the time to come
                at_work -= 1
        return "yes"

    provider.answers = answer
    process = start(tmp_path / "shop.db", "--concurrency", "2")
    said(process, '"Buy(amount=5)"\n' * 6)
    assert (process.returncode, most) == (0, 2)


def test_who_takes_longer_than_the_grace_is_left_pending(provider: Provider, tmp_path: Path) -> None:
    never = threading.Event()

    def answer(told: dict[str, Any]) -> str:
        process.send_signal(signal.SIGTERM)
        never.wait(30)
        return "yes"

    provider.answers = answer
    process = start(tmp_path / "shop.db", "--shutdown-timeout", "0.05")
    assert process.stdin is not None
    process.stdin.write('"Buy(amount=5)"\n')
    process.stdin.flush()
    assert process.wait(5) == 0
    never.set()
    process.communicate()
    provider.answers = lambda told: "yes"
    out, _ = said(start(tmp_path / "shop.db"))
    assert [line["event"] for line in out] == ["restore", "complete 3.1 Charged()"]
