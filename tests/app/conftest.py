"""A project in a temporary directory, used as the shell uses it."""

import shutil
from pathlib import Path

import pytest

from fasm_cli.store.catalog import Project

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The shipped machines, and no sessions; the working directory is there."""
    shutil.copytree(ROOT / "machines", tmp_path / "machines", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    return Project.around(tmp_path)
