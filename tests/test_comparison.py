"""Checks that the comparison table in docs/repl.md names an existing test for each feature of our REPL."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEFINED = re.compile(r"^def (test_\w+)", re.MULTILINE)
NAMES = {name for path in (ROOT / "tests").rglob("test_*.py") for name in DEFINED.findall(path.read_text("utf-8"))}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "repl.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and line.count("|") == 8
]


def test_table_exists() -> None:
    assert ROWS[0] == ["", "fasm", "pgcli", "IPython", "ptpython", "Quint", "Redux DevTools"]
    assert len(ROWS) > 20


@pytest.mark.parametrize(("what", "ours"), [row[:2] for row in ROWS[2:]], ids=[row[0] for row in ROWS[2:]])
def test_each_feature_names_existing_tests(what: str, ours: str) -> None:
    named = [each.strip() for each in ours.split(",")]
    assert all(each.startswith("`test_") and each.strip("`") in NAMES for each in named), what
