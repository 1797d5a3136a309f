"""`fasm run`: lines in, lines out, and how it ends. Most tests serve in this process; the last ones start another."""

import asyncio
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasm_cli import Handler
from fasm_cli.cli.jsonl_server import logging_to, serve
from fasm_cli.runtime.runtime import Runtime
from tests.runtime.conftest import SHOP, Provider
from tests.runtime.shop import Charge, Charged, Receipt, Refused, Shop

Answer = Callable[[int], Any]


class Pipe:
    """A standard input that gives one line and then stays open until it is closed."""

    def __init__(self, line: str) -> None:
        self._read, self._write = os.pipe()
        os.write(self._write, line.encode())
        self.stream = os.fdopen(self._read)

    def close(self) -> None:
        os.close(self._write)
        for thread in threading.enumerate():
            if thread.name == "fasm-stdin":
                thread.join()
        self.stream.close()


@pytest.fixture
def charge(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], list[int]]:
    """Charges orders with a function; returns the list of those that it charges."""

    def set_up(answer: Answer) -> list[int]:
        charged: list[int] = []

        async def call(id: int, action: Charge) -> Any:
            charged.append(id)
            return await answer(id)

        async def receipt(action: Receipt) -> None: ...

        monkeypatch.setattr(Shop, "handlers", {Charge: Handler(call, backoff=0.001), Receipt: receipt})
        return charged

    return set_up


async def accept(id: int) -> Charged:
    return Charged()


def served(file: Path, text: str, **options: Any) -> list[dict[str, Any]]:
    """The lines that are written for the input `text`."""
    out = io.StringIO()
    serve(Runtime(Shop, f"sqlite:///{file}", **options), io.StringIO(text), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_lines_in_and_lines_out(charge: Callable[[Answer], list[int]], tmp_path: Path) -> None:
    charged = charge(accept)
    lines = ['"Buy(amount=5)"', '{"type": "Buy", "amount": 6}', '{"input": "Buy(amount=7)", "key": "a"}', "", "Buy"]
    out = served(tmp_path / "shop.db", "\n".join(lines) + "\n")
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
    assert sorted(charged) == [1, 2, 3]
    assert sum(line["event"].startswith("complete") for line in out if "event" in line) == 3


def test_a_step_names_its_actions_and_a_duplicate_says_so(
    charge: Callable[[Answer], list[int]], tmp_path: Path
) -> None:
    charge(accept)
    line = '{"input": "Buy(amount=7)", "key": "a"}\n'
    committed = {"event": "Buy(amount=7)", "outcome": "committed", "key": "a", "step": 1}
    action = {"ref": "1.1", "type": "Tracked", "id": 1, "action": {"type": "Charge", "amount": 7}}
    assert served(tmp_path / "shop.db", line)[0] == {**committed, "actions": [action]}
    assert {**committed, "duplicate": True} in served(tmp_path / "shop.db", line)


def test_malformed_lines(charge: Callable[[Answer], list[int]], tmp_path: Path) -> None:
    charge(accept)
    given = {
        '"Sell(amount=5)"': "no input 'Sell'",
        '{"type": "Buy", "amount": "5"}': "amount: expected int, got str '5'",
        '{"input": "Buy(amount=5)", "keys": "a"}': "unknown: keys",
        '{"input": "Buy(amount=5)", "key": 7}': "key: expected a string, got 7",
        "[" * 100_000: "not JSON: ",
        '"' + "x" * 1_000_001 + '"': "a line of 1000004 characters; at most 1000000 are read",
    }
    out = served(tmp_path / "shop.db", "".join(f"{line}\n" for line in given))
    assert len(out) == len(given)
    for line, expected in zip(out, given.values(), strict=True):
        assert line["outcome"] == "malformed"
        assert line["error"].startswith(expected), line


def test_a_refusal_is_a_result(charge: Callable[[Answer], list[int]], tmp_path: Path) -> None:
    async def refuse(id: int) -> Refused:
        return Refused("closed")

    charge(refuse)
    out = served(tmp_path / "shop.db", '"Buy(amount=5)"\n')
    assert out[1]["event"] == "complete 1.1 Refused(why='closed')"


def test_at_most_so_many_handlers_run(charge: Callable[[Answer], list[int]], tmp_path: Path) -> None:
    running = most = 0

    async def wait(id: int) -> Charged:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(100):  # turns of the event loop, in which others would start
            await asyncio.sleep(0)
        running -= 1
        return Charged()

    charge(wait)
    served(tmp_path / "shop.db", '"Buy(amount=5)"\n' * 6, concurrency=2)
    assert most == 2


def test_sigterm_lets_running_handlers_finish(charge: Callable[[Answer], list[int]], tmp_path: Path) -> None:
    async def interrupt(id: int) -> Charged:
        signal.raise_signal(signal.SIGTERM)
        return Charged()

    charge(interrupt)
    pipe, out = Pipe('"Buy(amount=5)"\n'), io.StringIO()
    serve(Runtime(Shop, f"sqlite:///{tmp_path / 'shop.db'}"), pipe.stream, out)
    pipe.close()
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == [
        "Buy(amount=5)",
        "complete 1.1 Charged()",
    ]


def test_a_handler_that_exceeds_the_shutdown_timeout_stays_pending(
    charge: Callable[[Answer], list[int]], tmp_path: Path
) -> None:
    async def never(id: int) -> Charged:
        signal.raise_signal(signal.SIGTERM)
        await asyncio.Event().wait()
        return Charged()

    charge(never)
    pipe, file = Pipe('"Buy(amount=5)"\n'), tmp_path / "shop.db"
    serve(Runtime(Shop, f"sqlite:///{file}", shutdown_timeout=0.05), pipe.stream, io.StringIO())
    pipe.close()
    charge(accept)
    assert [line["event"] for line in served(file, "")] == ["restore", "complete 3.1 Charged()"]


def test_log_records_are_lines_of_json() -> None:
    stream = io.StringIO()
    with logging_to(stream):
        logging.getLogger("fasm").warning("action failed; will retry", extra={"fasm": {"attempt": 1}})
        logging.getLogger("fasm").error("an action stays pending", exc_info=ValueError("no"))
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert {**first, "time": ""} == {
        "time": "",
        "level": "warning",
        "message": "action failed; will retry",
        "attempt": 1,
    }
    assert (second["level"], second["error"]) == ("error", "ValueError: no")


def start(database: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "fasm_cli", "run", SHOP, "--db", f"sqlite:///{database}", *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_serves_its_standard_streams(provider: Provider, tmp_path: Path) -> None:
    process = start(tmp_path / "shop.db", "--concurrency", "2", "--shutdown-timeout", "5")
    out, err = process.communicate('"Buy(amount=5)"\n', timeout=30)
    assert (process.returncode, err) == (0, "")
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["Buy(amount=5)", "complete 1.1 Charged()"]
    assert [request["charge"] for request in provider.asked if "charge" in request] == [1]


def test_errors_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, and long enough to be looked at as one" * 40)
    process = start(tmp_path / "text.db")
    out, err = process.communicate("", timeout=30)
    assert (process.returncode, out) == (4, "")
    assert err.count("\n") == 1
    assert err.startswith("error: cannot open ")
