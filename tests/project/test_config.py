"""Every setting has its effect, and an unknown or invalid one is an error."""

from pathlib import Path

import pytest

from fasm_cli.errors import UsageError
from fasm_cli.project.config import ReplConfig, SimulateConfig, read_config, read_repl_config, read_user_config


def write(folder: Path, text: str) -> Path:
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
def test_every_toml_notation_is_found(tmp_path: Path, text: str) -> None:
    assert read_config(write(tmp_path, text)).runs == 5


def test_every_setting_of_simulate_is_read(tmp_path: Path) -> None:
    text = """
[tool.fasm.simulate]
runs = 5
steps = 7
jobs = 1
shrink-time = 2.5
max-findings = 3
[tool.fasm.simulate.faults]
crash = 0.5
lose_result = 0
"""
    assert read_config(write(tmp_path, text)) == SimulateConfig(5, 7, 1, 2.5, 3, {"crash": 0.5, "lose_result": 0})


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.ruff]\n"])
def test_a_file_without_settings_gives_the_defaults(tmp_path: Path, text: str) -> None:
    assert read_config(write(tmp_path, text)) == read_config(tmp_path / "nowhere") == SimulateConfig()


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
def test_an_invalid_setting_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_config(write(tmp_path, text))
    assert message in caught.value.message


REPL = """
[repl]
format = "json"
time = true
keys = "vi"
[aliases]
redeem = "RedeemPoints(points=$1)"
"""


def test_repl_settings_come_from_the_project_and_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = {"redeem": "RedeemPoints(points=$1)"}
    project = write(tmp_path, REPL.replace("[", "[tool.fasm."))
    assert read_repl_config(project) == ReplConfig(tmp_path / "pyproject.toml", "json", True, "vi", aliases)
    own = tmp_path / "fasm" / "config.toml"
    own.parent.mkdir()
    own.write_text(REPL)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_user_config() == ReplConfig(own, "json", True, "vi", aliases)
    own.unlink()
    assert read_user_config() == ReplConfig(own)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[tool.fasm.repl]\nformt = 'json'", "[tool.fasm.repl] has no setting 'formt'", "did you mean 'format'?"),
        ("[tool.fasm.repl]\nformat = 'xml'", "format = 'xml'", "write 'text' or 'json'"),
        ("[tool.fasm.repl]\ntime = 1", "time = 1", "write false or true"),
        ("[tool.fasm.aliases]\nx = 1", "x = 1", "an alias is a line in quotes"),
    ],
)
def test_an_invalid_repl_setting_is_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_repl_config(write(tmp_path, text))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_the_user_file_has_only_repl_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fasm").mkdir()
    (tmp_path / "fasm" / "config.toml").write_text("[simulate]\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="there is no setting 'simulate'"):
        read_user_config()
