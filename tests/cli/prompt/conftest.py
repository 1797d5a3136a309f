"""Fixtures: the prompt on a pseudo-terminal, or drawn in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from terminals import Rendered, Terminal

from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table of verbs
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.engine import Engine
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project


@pytest.fixture
def terminal(project: Path) -> Iterator[Callable[..., Terminal]]:
    """`fasm ARGUMENTS` on a pseudo-terminal; keywords are its environment, and `columns` and `rows` its size."""
    opened: list[Terminal] = []

    def start(*arguments: str, columns: int = 110, rows: int = 30, **env: str) -> Terminal:
        opened.append(Terminal(*arguments, env=env, columns=columns, rows=rows))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def bench(project: Path) -> Callable[..., DebugSession]:
    """A session of a shipped machine, or of one this test wrote, after some inputs."""

    def make(name: str = "coffee_shop", *inputs: str) -> DebugSession:
        made = DebugSession.fresh(Engine(import_machine(Project(project), name)))
        for text in inputs:
            made.submit(text)
        return made

    return make


@pytest.fixture
def drawn(bench: Callable[..., DebugSession]) -> Callable[..., Rendered]:
    """The prompt of a session (or of a machine's name), drawn in this process."""

    def draw(what: Any = "coffee_shop", *inputs: str, **how: Any) -> Rendered:
        return Rendered(bench(what, *inputs) if isinstance(what, str) else what, **how)

    return draw
