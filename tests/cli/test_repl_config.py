"""Configuration of the REPL by files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput
from terminals import Terminal

from fasm_cli.cli.prompt.session import Prompt
from fasm_cli.cli.repl.config import configure_prompt
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.engine import Engine
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project

Call = Callable[..., Any]


def test_project_aliases_are_defined(project: Path, fasm: Call) -> None:
    (project / "pyproject.toml").write_text("[tool.fasm.aliases]\nredeem = 'RedeemPoints(points=$1)'\n")
    assert fasm("repl", "coffee_shop", "-c", "redeem 7").out.startswith("#1 RedeemPoints(points=7)  committed\n")
    assert fasm("repl", "coffee_shop", "-c", "help").out.splitlines()[1].startswith("step INPUT")


def test_an_alias_cannot_be_a_verb(project: Path, fasm: Call) -> None:
    (project / "pyproject.toml").write_text("[tool.fasm.aliases]\nback = 'crash'\n")
    report = fasm("repl", "coffee_shop", "-c", "back")
    assert (report.code, report.out) == (2, "")
    assert report.err == "error: pyproject.toml: 'back' is already a verb or an input; choose another name\n"


def test_user_configuration_applies_at_a_prompt_below_the_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, fasm: Call
) -> None:
    home = tmp_path_factory.mktemp("home")
    (home / "fasm").mkdir()
    (home / "fasm" / "config.toml").write_text("[repl]\nformat = 'json'\nkeys = 'vi'\n[aliases]\nc = 'crash'\n")
    (project / "pyproject.toml").write_text("[tool.fasm.repl]\nformat = 'text'\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    session = DebugSession.fresh(Engine(import_machine(Project(project), "counter")), Project(project))
    configure_prompt(session)
    settings = session.repl_state.settings
    assert (settings.format, settings.keys, session.repl_state.aliases) == ("text", "vi", {"c": "crash"})
    prompt = Prompt(session, Path("no-such-folder/history"), "utf-8", input=DummyInput(), output=DummyOutput())
    assert prompt.line_editor.app.editing_mode is EditingMode.VI
    assert fasm("repl", "counter", "-c", "c").code == 2


def test_an_invalid_user_file_is_reported_at_the_prompt(project: Path) -> None:
    (project / "fasm").mkdir()
    (project / "fasm" / "config.toml").write_text("[repl]\nkeys = 'nano'\n")
    screen = Terminal("repl", "counter", env={"XDG_CONFIG_HOME": str(project), "NO_COLOR": "1"})
    assert screen.end() == 2
    assert "fasm/config.toml: keys = 'nano'; write 'emacs' or 'vi'" in screen.raw
