"""Loads the machines under `machines/` as Python imports them: by path, once, without the purity guard."""

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from fasm_cli import StateMachine
from fasm_cli.engine.machine import Machine

MACHINES = Path(__file__).parents[2] / "machines"


@cache
def load_module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"shipped_{name}", MACHINES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def machine_class(name: str) -> type[StateMachine]:
    module = load_module(name)
    own = (value for value in vars(module).values() if getattr(value, "__module__", "") == module.__name__)
    (found,) = (value for value in own if isinstance(value, type) and issubclass(value, StateMachine))
    return found


@cache
def shipped_machine(name: str) -> Machine:
    """A machine by its name; all tests share it, because nothing changes a machine."""
    return Machine(machine_class(name), name, str(MACHINES / f"{name}.py"))


@pytest.fixture(scope="session")
def shipped() -> Callable[[str], Machine]:
    return shipped_machine


@pytest.fixture(scope="session")
def shop() -> Machine:
    return shipped_machine("coffee_shop")
