"""`docs/repl.md` names the test of each thing it promises."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "repl.md").read_text(encoding="utf-8")


def test_every_test_that_is_named_is_there() -> None:
    rows = [row for row in PAGE.partition("## Beside others")[2].splitlines() if row.startswith("| ")]
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


def test_every_key_of_the_bar_is_on_the_page() -> None:
    from fasm_cli.cli.prompt.panes import KEYS

    keys = PAGE.partition("## Keys")[2].partition("\n## ")[0]
    assert all(f"| {key} |" in keys for key, _ in KEYS)


def test_only_a_prompt_imports_what_draws_it(process: Callable[..., Any]) -> None:
    for arguments in (("list",), ("repl", "counter", "-c", "state")):
        told = process(*arguments, env={"PYTHONPROFILEIMPORTTIME": "1"}).err
        assert "fasm_cli.engine" in told
        assert "prompt_toolkit" not in told
        assert "fasm_cli.cli.prompt" not in told
