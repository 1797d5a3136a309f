"""The guard against transitions that break a law and such that do not. The cases are in guard_cases/."""

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

CASES = Path(__file__).parent / "guard_cases"


def names(file: str) -> list[str]:
    """The transitions in `file`: coroutine functions whose first parameter is the state."""
    tree = ast.parse((CASES / file).read_text())
    found = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]
    return [node.name for node in found if [arg.arg for arg in node.args.args][:1] == ["state"]]


def load(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"guard_case_{Path(file).stem}", CASES / file)
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
def breakers(guarded: None) -> Iterator[ModuleType]:
    module = load("breakers.py")
    yield module
    module.FILE.close()
    module.MEMORY.close()
    for end in module.PAIR:
        end.close()


@pytest.fixture(scope="module")
def innocents(guarded: None) -> ModuleType:
    return load("innocents.py")


class State(SimpleNamespace):
    def stamp(self, read: Any) -> None:
        self.at = read()  # <- stamp


def state() -> State:
    return State(seed=7, generator=random.Random(7))


def blamed(name: str) -> tuple[str, int]:
    """The file and line that the marker of a case points to, in the case or where it says."""
    source = (CASES / "breakers.py").read_text().splitlines()
    start = next(at for at, line in enumerate(source) if line.startswith(f"async def {name}("))
    body = list(enumerate(source[start:], start + 1))
    mark, at = next((found[1], at) for at, line in body if (found := re.search(r"  # (.+)$", line)))
    if mark.strip() == "<-":
        return "breakers.py", at
    for file, lines in (("breakers.py", source), ("test_guard.py", Path(__file__).read_text().splitlines())):
        for at, line in enumerate(lines, 1):
            if line.endswith(f"  # <- {mark}"):
                return file, at
    raise AssertionError(name)


@pytest.mark.parametrize("name", names("breakers.py"))
def test_a_broken_law_is_named_with_call_and_line(name: str, breakers: ModuleType) -> None:
    stf = getattr(breakers, name)
    breach = run_coroutine(stf(state()))
    assert isinstance(breach, Breach), breach
    file, line = blamed(name)
    assert (breach.law, breach.call, breach.place) == (stf.law, stf.call, f"{file}:{line}")
    assert (LATCH.armed, LATCH.caught) == (False, None)


@pytest.mark.parametrize("name", names("innocents.py"))
def test_the_innocent_are_not_accused(name: str, innocents: ModuleType) -> None:
    assert run_coroutine(getattr(innocents, name)(state())) is None
    assert (LATCH.armed, LATCH.caught) == (False, None)


def test_there_are_enough_cases() -> None:
    assert len(names("breakers.py")) >= 60
    assert len(names("innocents.py")) >= 35
