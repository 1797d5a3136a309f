"""Tab in the shell: what `fasm` answers when bash, zsh or fish ask it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fasm_cli.cli.app import run

Tab = Callable[[str], list[str]]


@pytest.fixture
def answer(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """What is answered on stdout and stderr when a shell asks by the environment."""

    def ask(**env: str) -> tuple[str, str]:
        with monkeypatch.context() as asked:
            for name, value in env.items():
                asked.setenv(name, value)
            with pytest.raises(SystemExit) as end:
                run([])
        assert not end.value.code
        return capfd.readouterr()

    return ask


@pytest.fixture
def tab(answer: Callable[..., tuple[str, str]]) -> Tab:
    """What bash would offer at the end of a line."""

    def ask(line: str) -> list[str]:
        at = str(line.count(" "))
        out, err = answer(COMP_WORDS=line, COMP_CWORD=at, _FASM_COMPLETE="complete_bash")
        assert err == ""
        return [word for word in out.splitlines() if word]

    return ask


def test_tab_knows_verbs_flags_machines_and_sessions(tab: Tab, project: Path) -> None:
    (project / "sessions").mkdir()
    (project / "sessions" / "coffee.toml").write_text("no session, and nobody minds")
    assert tab("fasm rep") == ["repl", "replay"]
    assert tab("fasm repl cof") == ["coffee_shop", "coffee"]
    assert tab("fasm session show ") == ["coffee"]
    assert tab("fasm simulate dentist") == ["dentist", "dentist_as_published"]
    assert tab("fasm simulate counter --shr") == ["--shrink-time"]
    assert tab("fasm explain res") == ["restore"]


def test_tab_imports_no_machine_and_minds_no_broken_one(tab: Tab, project: Path) -> None:
    (project / "machines" / "noisy.py").write_text(
        "from fasm_cli import StateMachine\nraise SystemExit('imported')\nclass Noisy(StateMachine): ...\n"
    )
    (project / "machines" / "broken.py").write_text("this is no Python")
    assert tab("fasm check noi") == ["noisy"]


def test_fish_shows_what_a_name_is(answer: Callable[..., tuple[str, str]]) -> None:
    asked = {"_FASM_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    out, err = answer(_TYPER_COMPLETE_ARGS="fasm repl coun", **asked)
    assert (out, err) == ("counter\tCounts up to 2**64 - 1 and announces every increment.\n", "")
