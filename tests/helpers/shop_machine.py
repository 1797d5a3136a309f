"""What the tests of the simulation share."""

import importlib.util
import sys
from pathlib import Path

import pytest

from fasm_cli.engine.machine import Machine

SHOP = Path(__file__).parents[2] / "machines" / "coffee_shop.py"


@pytest.fixture(scope="module")
def shop() -> Machine:
    """The coffee shop as Python imports it: without the guard."""
    spec = importlib.util.spec_from_file_location("sim_coffee_shop", SHOP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return Machine(module.CoffeeShop, "coffee_shop", str(SHOP))
