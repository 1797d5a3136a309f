"""Settings of a project: what they mean, and that none is ignored."""

from pathlib import Path

import pytest

from fasm_cli.errors import UsageError
from fasm_cli.project.config import ReplConfig, SimulateConfig, read_config, read_own_config, read_repl_config


def written(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "[tool.fasm.simulate]\nruns = 5",
        "[ tool . 'fasm' . simulate ]\nruns = 5",
        "[tool]\nfasm.simulate.runs = 5",
        "tool.fasm = {simulate = {runs = 5}}",
        'tool = { "fasm" = {simulate = {runs = 5}}}',
        '["tool"."fasm"]\nsimulate = {runs = 5}',
        '[ "tool"\t]\n"fasm" = {simulate = {runs = 5}}',
    ],
)
def test_however_toml_lets_one_write_it(tmp_path: Path, text: str) -> None:
    assert read_config(written(tmp_path, text)).runs == 5


def test_everything_can_be_set(tmp_path: Path) -> None:
    text = """
[tool.fasm.simulate]
runs = 5
steps = 7
jobs = 1
shrink-time = 2.5
max-findings = 3
[tool.fasm.simulate.faults]
crash = 0.5
lose = 0
"""
    assert read_config(written(tmp_path, text)) == SimulateConfig(5, 7, 1, 2.5, 3, {"crash": 0.5, "lose": 0})


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.ruff]\n"])
def test_a_silent_file_says_nothing(tmp_path: Path, text: str) -> None:
    assert read_config(written(tmp_path, text)) == read_config(tmp_path / "nowhere") == SimulateConfig()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.fasm.simulat]", "[tool.fasm] has no setting 'simulat'"),
        ("[tool.fasm.simulate]\nrun = 1", "[tool.fasm.simulate] has no setting 'run'"),
        ("[tool.fasm.simulate.faults]\ncrsh = 1", "[tool.fasm.simulate.faults] has no setting 'crsh'"),
        ("[tool.fasm.simulate]\nruns = 'many'", "runs = 'many'"),
        ("[tool.fasm.simulate]\nruns = true", "runs = True"),
        ("[tool]\nfasm = 3", "[tool.fasm] is a table, not 3"),
        ("[tool.fasm]\nruns =", "cannot be read: Invalid value (at end of document)"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_config(written(tmp_path, text))
    assert message in caught.value.message


REPL = """
[repl]
format = "json"
time = true
keys = "vi"
[aliases]
redeem = "RedeemPoints(points=$1)"
"""


def test_the_repl_can_be_set_by_the_project_and_by_oneself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = {"redeem": "RedeemPoints(points=$1)"}
    project = written(tmp_path, REPL.replace("[", "[tool.fasm."))
    assert read_repl_config(project) == ReplConfig(tmp_path / "pyproject.toml", "json", True, "vi", aliases)
    own = tmp_path / "fasm" / "config.toml"
    own.parent.mkdir()
    own.write_text(REPL)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_own_config() == ReplConfig(own, "json", True, "vi", aliases)
    own.unlink()
    assert read_own_config() == ReplConfig(own)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[tool.fasm.repl]\nformt = 'json'", "[tool.fasm.repl] has no setting 'formt'", "did you mean 'format'?"),
        ("[tool.fasm.repl]\nformat = 'xml'", "format = 'xml'", "write 'text' or 'json'"),
        ("[tool.fasm.repl]\ntime = 1", "time = 1", "write false or true"),
        ("[tool.fasm.aliases]\nx = 1", "x = 1", "an alias is a line, in quotes"),
    ],
)
def test_what_is_wrong_about_the_repl_is_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_repl_config(written(tmp_path, text))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_file_of_ones_own_has_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fasm").mkdir()
    (tmp_path / "fasm" / "config.toml").write_text("[simulate]\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="there is no setting 'simulate'"):
        read_own_config()
