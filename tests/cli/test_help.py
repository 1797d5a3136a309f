"""Help: every verb has a summary that fits its line and examples that run."""

import io
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fasm_cli.cli import app as cli

ROOT = Path(__file__).parents[2]
Call = Callable[..., Any]
SHOP = [  # the session that the examples are about, step by step
    "fasm session new coffee_shop shop",
    "fasm step shop 'RedeemPoints(points=100)'",
    "fasm crash shop",
    "fasm restore shop",
]


def verbs(group: Any, path: str = "fasm") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


cli.register([])
VERBS = dict(verbs(typer.main.get_command(cli.app)))
EXAMPLES = [line for command in VERBS.values() for line in (command.epilog or "").splitlines()]


def test_each_verb_is_where_the_table_says() -> None:
    registered = {each.name or each.callback.__name__: each.callback.__module__ for each in cli.app.registered_commands}
    registered["session"] = "fasm_cli.cli.commands.sessions"
    assert registered == {verb: f"fasm_cli.cli.commands.{module}" for verb, module in cli.VERBS.items()}


def test_each_verb_has_examples_of_itself() -> None:
    for verb, command in VERBS.items():
        assert command.epilog, verb
        for line in command.epilog.splitlines():
            assert f"{verb} " in f"{line} "


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(fasm: Call, project: Path, example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "sessions", project / "sessions", ignore=shutil.ignore_patterns(".*"))
    for line in SHOP[: SHOP.index(example)] if example in SHOP else SHOP:
        assert fasm(*shlex.split(line)[1:]).code == 0
    before, _, command = example.rpartition(" | ")
    piped = subprocess.run(["sh", "-c", before], capture_output=True, text=True, check=True).stdout
    monkeypatch.setattr(sys, "stdin", io.StringIO(piped or "state\n"))
    if command.startswith(("fasm history", "fasm migrate")):  # of what has run
        assert fasm("run", "ledger", "--db", "sqlite:///ledger.db", "--history").code == 0
    result = fasm(*shlex.split(command)[1:])
    finds = example == "fasm replay sessions" or example.startswith(("fasm simulate payment", "fasm session diff"))
    assert (result.code, result.err) == (int(finds), "")
    assert result.out


@pytest.mark.parametrize("arguments", [[], ["--help"], ["session"], ["session", "--help"]], ids=" ".join)
def test_lists_of_verbs(fasm: Call, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = fasm(*arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: fasm ")
    assert "..." not in result.out.partition("Commands:")[2]


def test_help_of_a_verb(fasm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert fasm("step", "--help").out == (
        "Usage: fasm step [OPTIONS] SESSION INPUT…\n\n"
        "  Send inputs to a session. Stops after the first that is not committed.\n\n"
        "Arguments:\n"
        "  SESSION  A path, or a name under sessions/.  [required]\n"
        "  INPUT…   Inputs as Name(field=value).  [required]\n\n"
        "Options:\n"
        "  --machine TARGET  The machine, if the file may not name it.\n"
        "  --json            Write one JSON document to stdout.\n"
        "  --help            Show this message and exit.\n\n"
        "Examples:\n"
        "  fasm step shop 'RedeemPoints(points=100)'\n"
    )
