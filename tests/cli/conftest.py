"""A project of one's own in a temporary directory, and `fasm` called in it: in this process, or as a real one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.cli.app import run

ROOT = Path(__file__).parents[2]
FASM = [sys.executable, "-m", "fasm_cli"]


@dataclass
class Result:
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Stdout as the one JSON document it must be."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        return json.loads(self.out)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of a test: the shipped machines, and no sessions."""
    shutil.copytree(ROOT / "machines", tmp_path / "machines", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "FASM_DEBUG", "FASM_DB"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def fasm(project: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """`fasm(...)` in this process."""

    def call(*arguments: str) -> Result:
        capfd.readouterr()
        path = list(sys.path)
        try:
            code = run(list(arguments))
        finally:
            sys.path[:] = path
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def process(project: Path) -> Callable[..., Result]:
    """`fasm(...)` as a process of its own; `stdin` is piped in, `env` added to the environment."""

    def call(*arguments: str, stdin: str | bytes = "", env: dict[str, str] | None = None) -> Result:
        given = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run(
            [*FASM, *arguments], input=given, capture_output=True, env={**os.environ, **(env or {})}, timeout=60
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def machine(project: Path) -> Callable[..., None]:
    """Writes `machines/NAME.py`: a machine that counts, with `stf` as the body of its STF and `more` after it."""

    def write(name: str, stf: str = "state.n += input.value.by", more: str = "", top: str = "") -> None:
        lines = [f"    {line}" for line in more.splitlines()]
        text = COUNTING.replace("# TOP", top).replace("BODY", stf) + "\n".join(["", *lines, ""])
        (project / "machines" / f"{name}.py").write_text(text, encoding="utf-8")

    return write


COUNTING = '''\
"""Counts."""
from dataclasses import dataclass
from typing import Annotated
from fasm_cli import Actions, Between, Normal, StateMachine, Untracked, invariant, sometimes
# TOP

@dataclass
class Count:
    n: int = 0

@dataclass
class Add:
    by: Annotated[int, Between(1, 9)] = 1

class Counting(StateMachine):
    """Counts, for a test."""
    State = Count
    Input = Add

    def initial(self):
        return Count()

    async def stf(self, state, input, actions):
        BODY
'''
