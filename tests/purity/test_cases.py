"""The guard reports each transition in cases/forbidden.py, and none in cases/allowed.py."""

import ast
import importlib.util
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from fasm_cli.engine.coroutines import run_coroutine
from fasm_cli.engine.purity_latch import LATCH, Breach
from fasm_cli.purity import install as guard

CASES = Path(__file__).parent / "cases"


def names(file: str) -> list[str]:
    """The transitions in `file`: coroutine functions whose first parameter is the state."""
    tree = ast.parse((CASES / file).read_text())
    found = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]
    return [node.name for node in found if [arg.arg for arg in node.args.args][:1] == ["state"]]


def load(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"purity_case_{Path(file).stem}", CASES / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def guarded() -> Iterator[None]:
    guard.install()
    yield
    guard.uninstall()


@pytest.fixture(scope="module")
def forbidden(guarded: None) -> Iterator[ModuleType]:
    module = load("forbidden.py")
    yield module
    module.FILE.close()
    module.MEMORY.close()
    for end in module.PAIR:
        end.close()


@pytest.fixture(scope="module")
def allowed(guarded: None) -> ModuleType:
    return load("allowed.py")


class State(SimpleNamespace):
    def stamp(self, read: Any) -> None:
        self.at = read()  # <- stamp


def state() -> State:
    return State(seed=7, generator=random.Random(7))


def marked_line(name: str) -> tuple[str, int]:
    """The file and line that a case marks: its own line with `# <-`, or the line marked `# <- name`."""
    source = (CASES / "forbidden.py").read_text().splitlines()
    start = next(at for at, line in enumerate(source) if line.startswith(f"async def {name}("))
    body = list(enumerate(source[start:], start + 1))
    mark, at = next((found[1], at) for at, line in body if (found := re.search(r"  # (.+)$", line)))
    if mark.strip() == "<-":
        return "forbidden.py", at
    for file, lines in (("forbidden.py", source), ("test_cases.py", Path(__file__).read_text().splitlines())):
        for at, line in enumerate(lines, 1):
            if line.endswith(f"  # <- {mark}"):
                return file, at
    raise AssertionError(name)


@pytest.mark.parametrize("name", names("forbidden.py"))
def test_a_breach_names_law_call_and_line(name: str, forbidden: ModuleType) -> None:
    stf = getattr(forbidden, name)
    breach = run_coroutine(stf(state()))
    assert isinstance(breach, Breach), breach
    file, line = marked_line(name)
    assert (breach.law, breach.call, breach.place) == (stf.law, stf.call, f"{file}:{line}")
    assert (LATCH.armed, LATCH.caught) == (False, None)


@pytest.mark.parametrize("name", names("allowed.py"))
def test_an_allowed_transition_is_not_reported(name: str, allowed: ModuleType) -> None:
    assert run_coroutine(getattr(allowed, name)(state())) is None
    assert (LATCH.armed, LATCH.caught) == (False, None)
