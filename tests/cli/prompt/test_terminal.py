"""The prompt on a real pseudo-terminal: tests type keys and check what a person would see."""

import gc
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from terminals import PATIENCE, Terminal

from fasm_cli.cli.prompt.session import Prompt
from fasm_cli.cli.render.writer import TerminalWriter
from fasm_cli.cli.repl.loop import loop, make_reader, run_prompt
from fasm_cli.debugger.session import DebugSession


def test_a_conversation(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop")
    shown = screen.prompt("coffee_shop @0>")
    assert shown.startswith("coffee_shop: `help` lists the verbs, Tab completes, Ctrl-D leaves\n")
    screen.type("Redee\t")
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
    screen.prompt("coffee_shop @2 ⧗1 crashed>")
    screen.type("restore\r")
    shown = screen.prompt("coffee_shop @3 ⧗1>")
    assert "CheckStatus(redemption_id=1)  replaces 1.1 Redeem(user_id=12345, points=100)" in shown
    screen.type("back\r")
    screen.prompt("coffee_shop @2/3 ⧗1 crashed>")
    assert screen.leave() == 0
    assert "Traceback" not in screen.raw


def test_errors_and_findings_do_not_end_the_repl(terminal: Callable[..., Terminal]) -> None:
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
    assert screen.leave("quit\r") == 0


def test_lines_continue_while_brackets_are_open(terminal: Callable[..., Terminal]) -> None:
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


def test_history_is_stored_if_its_folder_exists(terminal: Callable[..., Terminal], project: Path) -> None:
    (project / ".fasm").mkdir()
    screen = terminal("repl", "counter")
    screen.prompt("counter @0>")
    screen.type("Increment()\r")
    screen.prompt("counter @1>")
    assert screen.leave() == 0
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
    assert screen.leave() == 0
    assert sorted(project.rglob("*")) == before


def test_redirected_output(project: Path) -> None:
    command = f"{sys.executable} -m fasm_cli repl counter > out.txt"
    child = pexpect.spawn("sh", ["-c", command], encoding="utf-8", timeout=PATIENCE)
    child.expect_exact("counter @0> ")
    child.sendline("Increment()")
    child.expect_exact("counter @1> ")
    child.sendline("frob")
    child.expect_exact("no verb 'frob'")
    child.expect_exact("counter @1> ")
    child.sendeof()
    child.expect_exact("repeat to leave without saving")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (project / "out.txt").read_text().startswith("#1 Increment()  committed\n")
    assert "\x1b" not in (project / "out.txt").read_text()


def test_ctrl_c_stops_a_long_run_after_a_complete_step(terminal: Callable[..., Terminal], project: Path) -> None:
    screen = terminal("repl", "counter", "--session", "long", PAGER="cat")
    screen.prompt("counter @0>")
    screen.type("run 100000000\r")
    screen.until_screen(lambda text: "run 100000000" in text and not text.endswith("F3 timeline"))
    path = project / "sessions" / "long.toml"
    screen.while_silent(lambda: path.read_text().count("[[step]]") >= 3)
    screen.type("\x03")
    shown = screen.until(lambda line: line.startswith("counter @") and line.endswith(">"))
    assert "interrupted" in shown
    assert "Traceback" not in screen.raw
    head = int(screen.last.removeprefix("counter @").rstrip(">").split()[0])  # or `@59 crashed>`
    assert path.read_text().count("[[step]]") == head
    screen.type("Increment()\r")  # it goes on; the last step may have been a crash, so that this one is skipped
    screen.until(lambda line: line.startswith(f"counter @{head + 1}") and line.endswith(">"))
    screen.type("\x04")
    assert screen.end() == 0


def test_kill_loses_no_acknowledged_step(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "counter", "--session", "kept")
    for step in range(3):
        screen.prompt(f"counter @{step}>")
        screen.type("Increment()\r")
    screen.prompt("counter @3>")
    screen.kill()
    again = terminal("repl", "kept")
    again.until_screen(lambda text: again.last == "counter @3>" and "kept.toml saved" in text)


def test_another_size(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop", columns=80, rows=24)
    screen.until_screen(lambda text: text.endswith("F3 timeline"))
    screen.type("RedeemPoints(points=5000)")
    screen.until_screen(lambda text: "^ 5000 is not" in text)
    screen.resize(60, 14)
    screen.until_screen(lambda text: text.endswith("F1 help") and "1000 ^" in text)
    screen.resize(120, 40)
    screen.until_screen(lambda text: text.endswith("F4 vi") and "^ 5000 is not" in text)


def test_the_pager_shows_reports_taller_than_the_screen(terminal: Callable[..., Terminal], project: Path) -> None:
    pager = project / "pager"
    pager.write_text('#!/bin/sh\necho "paged by $LESS"\nhead -n 1\necho "--end--"\n')
    pager.chmod(0o755)
    screen = terminal("repl", "coffee_shop", rows=14, PAGER=str(pager))
    screen.prompt("coffee_shop @0>")
    screen.type("crash\r")
    assert "paged by" not in screen.prompt("coffee_shop @1 crashed>")
    screen.type("help\r")
    shown = screen.until_screen(lambda text: "--end--" in text)
    assert "paged by -SRXF\n" in shown
    screen.prompt("coffee_shop @1 crashed>")


def test_long_lines_are_wrapped_between_words(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop", columns=60)
    screen.prompt("coffee_shop @0>")
    screen.type("help log\r")
    screen.until_screen(lambda text: "see tree, goto, diff" in text)
    assert "   the steps that lead here, or those of every branch; *\n      marks the current step\n" in screen.text


def test_a_missing_pager_costs_nothing(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop", rows=14, PAGER="no-such-pager --x")
    screen.prompt("coffee_shop @0>")
    screen.type("help\r")
    screen.until_screen(lambda text: "quit" in text and screen.last == "coffee_shop @0>")


def test_the_editor_of_the_user(terminal: Callable[..., Terminal], project: Path) -> None:
    editor = project / "editor"
    editor.write_text("#!/bin/sh\necho 'RedeemPoints(points=7)' > \"$1\"\n")
    editor.chmod(0o755)
    screen = terminal("repl", "coffee_shop", VISUAL=str(editor))
    screen.prompt("coffee_shop @0>")
    screen.type("\x18\x05")
    assert "#1 RedeemPoints(points=7)  committed" in screen.prompt("coffee_shop @1 ⧗1>")


def test_pasted_lines_run_after_enter(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop")
    screen.prompt("coffee_shop @0>")
    screen.type("\x1b[200~RedeemPoints(7)\r\ncrash\r\nrestore\x1b[201~")
    screen.until(lambda line: line.strip() == "restore")
    assert "committed" not in screen.text
    screen.type("\r")
    screen.prompt("coffee_shop @3 ⧗1>")
    screen.type("\x1b[200~crash\r\nfrob\r\nrestore\x1b[201~\r")
    screen.prompt("coffee_shop @4 ⧗1 crashed>")  # what comes after an error is not run
    assert "no verb 'frob'" in screen.text


def test_saving_the_machine_reloads_it(terminal: Callable[..., Terminal], machine: Callable[..., None]) -> None:
    machine("mine")
    screen = terminal("repl", "mine", "--watch")
    screen.prompt("mine @0>")
    screen.type("Add(2)\r")
    screen.prompt("mine @1>")
    screen.type("Ad")
    screen.until(lambda line: line.startswith("mine @1> Ad"))
    machine("mine", stf="state.n += 10 * input.value.by")
    shown = screen.until_screen(lambda text: "> reload" in text and screen.last.startswith("mine main~2@2> Ad"))
    assert "state.n: 2 -> 20" in shown
    machine("mine", stf="this is no Python")
    screen.until_screen(lambda text: "error: " in text and screen.last.startswith("mine main~2@2> Ad"))
    assert "Traceback" not in screen.raw


def test_a_terminal_that_cannot_draw(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop", TERM="dumb")
    screen.prompt("coffee_shop @0>")
    screen.type("RedeemPoints(\n")
    screen.type("points=7)\n")
    screen.prompt("coffee_shop @1 pending 1>")
    screen.type("fro\x03")
    screen.until_screen(lambda text: text.count("@1 pending 1>") == 2)
    assert screen.leave() == 0
    assert "\x1b" not in screen.raw


def test_a_terminal_without_utf8(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("repl", "coffee_shop", LC_ALL="C", PYTHONIOENCODING="ascii")
    screen.prompt("coffee_shop @0>")
    screen.type("RedeemPoints(7)\r")
    screen.prompt("coffee_shop @1 pending 1>")
    assert "?" not in screen.text
    assert screen.raw.isascii()


def test_a_prompt_that_cannot_be_drawn_becomes_a_plain_one(
    bench: Callable[..., DebugSession], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Screen(io.StringIO):
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

        def fileno(self) -> int:
            return 1

    def broken(_: Prompt) -> str:
        raise RuntimeError("no layout")

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(Prompt, "read", broken)
    monkeypatch.setattr(sys, "stdin", io.StringIO("CancelOrder(\n)\nquit\n"))
    output = TerminalWriter()
    output.stream = Screen()
    loop(session := bench(), output, make_reader(session, output, Path("no-such-folder/history")))
    assert output.stream.getvalue().endswith("#1 CancelOrder()  rejected  NothingToCancel()\n")
    report = capsys.readouterr().err
    assert report.startswith("error: the prompt cannot be drawn: the machine raised RuntimeError: no layout\n")
    assert report.endswith(
        "coffee_shop @0>                 coffee_shop @1> "
        "these steps are not saved: `save FILE` stores them; repeat to leave without saving\ncoffee_shop @1> \n"
    )


def test_the_collector_does_not_scan_the_session_while_typing(
    bench: Callable[..., DebugSession], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The collector goes through what is new since the prompt came, and since many steps were taken."""
    frozen: list[int] = []
    session = bench("counter")
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(session.timeline.head))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stdin", io.StringIO("Increment\nrun 1000\nIncrement\nback\n"))
    run_prompt(session, TerminalWriter(), Path("no-such-folder/history"))
    assert frozen == [0, 1001]
