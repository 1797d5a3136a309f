"""Settings of a project: what they mean, and that none is ignored."""

from pathlib import Path

import pytest

from fasm_cli.core.errors import UsageError
from fasm_cli.store.config import SimulateConfig, read_config


def written(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


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
        ("runs =", "cannot be read: Invalid value (at end of document)"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_config(written(tmp_path, text))
    assert message in caught.value.message
