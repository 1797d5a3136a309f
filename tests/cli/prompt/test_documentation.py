"""`docs/repl.md` names a test for each feature."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "repl.md").read_text(encoding="utf-8")


def test_every_named_test_exists() -> None:
    rows = [row for row in PAGE.partition("## Comparison with other REPLs")[2].splitlines() if row.startswith("| ")]
    named = [re.findall(r"`(test_\w+)`", row.split("|")[2]) for row in rows]
    there = {
        node.name
        for path in (ROOT / "tests" / "cli").rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert len(named) > 20
    assert [row for row, tests in zip(rows, named, strict=True) if not tests and "pgcli" not in row] == []
    assert sorted({test for tests in named for test in tests} - there) == []


def test_every_key_of_the_status_bar_is_documented() -> None:
    from fasm_cli.cli.prompt.panes import KEYS

    keys = PAGE.partition("## Keys")[2].partition("\n## ")[0]
    assert all(f"| {key} |" in keys for key, _ in KEYS)


def test_only_a_prompt_imports_prompt_toolkit(process: Callable[..., Any]) -> None:
    for arguments in (("list",), ("repl", "counter", "-c", "state")):
        report = process(*arguments, env={"PYTHONPROFILEIMPORTTIME": "1"}).err
        assert "fasm_cli.engine" in report
        assert "prompt_toolkit" not in report
        assert "fasm_cli.cli.prompt" not in report
