"""The prompt on a real pseudo-terminal: what is typed goes in, and what a person would see is asserted."""

import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
from terminals import PATIENCE, Terminal


def test_a_conversation(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop")
    shown = screen.prompt("coffee_shop @0>")
    assert shown.startswith("coffee_shop: `help` lists the verbs, Tab completes, Ctrl-D leaves\n")
    screen.type("Red\t")
    screen.prompt("coffee_shop @0> RedeemPoints(")
    screen.type("\t")
    screen.prompt("coffee_shop @0> RedeemPoints(points=")
    screen.type("100)\r")
    shown = screen.prompt("coffee_shop @1 ⧗1>")
    assert "   + tracked 1.1  id 1  Redeem(user_id=12345, points=100)\n" in shown
    screen.type("frob frob")
    screen.prompt("coffee_shop @1 ⧗1> frob frob")
    screen.type("\x03")  # Ctrl-C clears the line
    screen.prompt("coffee_shop @1 ⧗1>")
    screen.type("crash\r")
    screen.prompt("coffee_shop @2 ⧗1 down>")
    screen.type("restore\r")
    shown = screen.prompt("coffee_shop @3 ⧗1>")
    assert "CheckStatus(redemption_id=1)  changed, was 1.1 Redeem(user_id=12345, points=100)" in shown
    screen.type("back\r")
    screen.prompt("coffee_shop @2/3 ⧗1 down>")
    screen.type("\x04")  # Ctrl-D leaves
    assert screen.end() == 0
    assert "Traceback" not in screen.raw


def test_errors_and_findings_do_not_end_it(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "payment")
    screen.prompt("payment @0>")
    screen.type("Process(amount=20o, user='a')\r")
    screen.until(lambda line: line == "payment @0>" and "error" in screen.text)
    lines = screen.text.splitlines()
    at = lines.index("   Process(amount=20o, user='a')")
    assert lines[at + 1].index("^") == lines[at].index("o,") - 1
    assert lines[at + 2] == "error: not a value: invalid decimal literal; write Name(field=value)"
    screen.type("frob\r")
    screen.until(lambda line: line == "payment @0>" and "no verb 'frob'" in screen.text)
    for keys, prompt in (
        ("Process(80, 'a')\r", "payment @1 ⧗1>"),
        ("Process(80, 'b')\r", "payment @2 ⧗2>"),
        ("complete 1 Success()\r", "payment @3 ⧗1>"),
        ("complete 2 Success()\r", "payment @4>"),
    ):
        screen.type(keys)
        shown = screen.prompt(prompt)
    assert "   BROKEN invariant:never_overdrawn  it is false\n" in shown
    screen.type("quit\r")
    assert screen.end() == 0


def test_lines_go_on_while_brackets_are_open(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop")
    screen.prompt("coffee_shop @0>")
    screen.type("RedeemPoints(\r")
    screen.until(lambda line: line == "")
    screen.type("points=7)\r")
    assert "#1 RedeemPoints(points=7)  committed" in screen.prompt("coffee_shop @1 ⧗1>")


def test_colour(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("list")
    assert screen.end() == 0
    assert "\x1b[1;36mcoffee_shop" in screen.raw
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        screen = terminal("list", **env)
        assert screen.end() == 0
        assert "\x1b" not in screen.raw


def test_history_where_it_is_wanted(terminal: Callable[..., Terminal], project: Path) -> None:
    (project / ".fasm").mkdir()
    screen = terminal("repl", "counter")
    screen.prompt("counter @0>")
    screen.type("Increment()\r")
    screen.prompt("counter @1>")
    screen.type("\x04")
    assert screen.end() == 0
    assert "+Increment()" in (project / ".fasm" / "history").read_text()
    screen = terminal("repl", "counter")
    screen.prompt("counter @0>")
    screen.type("\x1b[A")  # up
    screen.prompt("counter @0> Increment()")


def test_nothing_is_created_unasked(terminal: Callable[..., Terminal], project: Path) -> None:
    before = sorted(project.rglob("*"))
    screen = terminal("repl", "counter")
    screen.prompt("counter @0>")
    screen.type("Increment()\r")
    screen.prompt("counter @1>")
    screen.type("\x04")
    assert screen.end() == 0
    assert sorted(project.rglob("*")) == before


def test_a_result_that_goes_elsewhere(project: Path) -> None:
    command = f"{sys.executable} -m fasm_cli repl counter > out.txt"
    child = pexpect.spawn("sh", ["-c", command], encoding="utf-8", timeout=PATIENCE)
    child.expect_exact("counter @0> ")
    child.sendline("Increment()")
    child.expect_exact("counter @1> ")
    child.sendline("frob")
    child.expect_exact("no verb 'frob'")
    child.expect_exact("counter @1> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (project / "out.txt").read_text().startswith("#1 Increment()  committed\n")
    assert "\x1b" not in (project / "out.txt").read_text()
