"""What all commands are built on: typer with and without its inner classes, and imports that wait."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from fasm_cli.cli import app
from fasm_cli.cli.app import deferred_imports
from fasm_cli.cli.render.writer import Output
from fasm_cli.reports.repl import Message


@pytest.fixture
def plain_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typer without `typer.core`."""
    monkeypatch.setattr(app, "TyperCommand", None)
    monkeypatch.setattr(app, "TyperGroup", None)


def test_without_typer_core_commands_still_run(plain_typer: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert (app.command_class(), app.group_class()) == (None, None)
    own = app.App("own", "An application.")

    @own.verb("own one 3")
    def one(output: Output, count: int) -> None:
        output.report(Message([str(count + 1)]))

    @own.verb("own two")
    def two(output: Output) -> None:
        output.note("two")

    own(args=["one", "3"], standalone_mode=False)
    assert capsys.readouterr().out == "4\n"
    with pytest.raises(Exception, match="No such option") as error:
        own(args=["one", "--sed"], standalone_mode=False)
    assert app.as_error(error.value, "one").message.startswith("no such option: --sed")


def test_help_shows_one_example_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    own = app.App("own", "An application.")

    @own.verb("own 1", "own 2")
    def one(output: Output, count: int) -> None:
        """Count."""

    typer.main.get_command(own)
    own(args=["--help"], standalone_mode=False)
    assert capsys.readouterr().out.endswith("Examples:\n  own 1\n  own 2\n")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that notes in `sys` that it was executed."""
    text = """
        import sys
        sys.executed_late = True
        def answer():
            return 42
    """
    (tmp_path / "waits.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "waits"
    sys.modules.pop("waits", None)
    if hasattr(sys, "executed_late"):
        del sys.executed_late


def test_a_deferred_module_is_executed_at_its_first_use(module: str) -> None:
    with deferred_imports():
        import waits  # type: ignore[import-not-found]
    late: Any = waits
    assert not hasattr(sys, "executed_late")
    assert late.answer() == 42
    assert hasattr(sys, "executed_late")
    assert sys.meta_path[0].__class__.__name__ != "_DeferringFinder"
