"""The prompt on a real pseudo-terminal: what is typed goes in, and what a person would see is asserted."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from fasm_cli.app.workbench import Workbench
from fasm_cli.shell.repl_complete import candidates
from fasm_cli.store.catalog import Project

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

PATIENCE = 20.0  # seconds until a screen that does not come is a failure; nothing waits so long when all is well


class Terminal:
    """A program on a terminal of 30 lines of 110 columns."""

    def __init__(self, *arguments: str, env: dict[str, str]) -> None:
        self._screen = pyte.Screen(110, 30)
        self._stream = pyte.Stream(self._screen)
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "fasm_cli", *arguments],
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
            dimensions=(30, 110),
            encoding="utf-8",
        )
        self._screen.write_process_input = self._child.send
        self.raw = ""

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def last(self) -> str:
        """The line of the cursor, where the prompt is."""
        return str(self._screen.display[self._screen.cursor.y]).rstrip()

    def until(self, seen: Callable[[str], bool]) -> str:
        """Wait until `seen` of the line of the cursor; gives the whole screen."""
        end = monotonic() + PATIENCE
        while not seen(self.last):
            assert monotonic() < end, f"never seen on\n{self.text}"
            self._read()
        return self.text

    def prompt(self, text: str) -> str:
        """Wait until the prompt is `text` and nothing is typed behind it."""
        return self.until(lambda line: line == text)

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def end(self) -> int:
        while True:
            try:
                self._read()
            except pexpect.EOF:
                self._child.close()
                return int(self._child.exitstatus)

    def _read(self) -> None:
        try:
            data = self._child.read_nonblocking(65536, PATIENCE)
        except pexpect.TIMEOUT:
            raise AssertionError(f"silence on\n{self.text}") from None
        self.raw += data
        self._stream.feed(data)

    def close(self) -> None:
        self._child.close(force=True)


@pytest.fixture
def terminal(project: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, **env: str) -> Terminal:
        opened.append(Terminal(*arguments, env=env))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


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


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", ["RedeemPoints(", "CancelOrder()", "step", "try"]),
        ("step ", ["RedeemPoints(", "CancelOrder()"]),
        ("complete ", ["1.1"]),
        ("complete 1.1 ", ["Success(", "Failed(", "Pending()", "Refunded()"]),
        ("complete 1.1 Success(", ["points_deducted="]),
        ("RedeemPoints(", ["points="]),
        ("RedeemPoints(points=", []),
        ("RedeemPoints(points=1, ", []),
        ("drop ", ["1.1"]),
        ("crash ", ["between", "after-commit", "after-action", "before-commit", "in-restore"]),
        ("fault ", ["add", "load", "commit", "unknown"]),
        ("goto ", ["0", "1"]),
        ("pending ", []),
        ("frob(", []),
    ],
)
def test_candidates(project: Path, text: str, options: list[str]) -> None:
    bench = Workbench.fresh(Project(project).load("coffee_shop"))
    bench.submit("RedeemPoints(10)")
    assert candidates(bench, text)[1][: len(options) or None] == options
