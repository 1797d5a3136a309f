"""`fasm check`: every law, how often it was tried, kept or broken."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[..., Any]

LAWS = [
    "atomic",
    "deterministic",
    "effects",
    "random",
    "clock",
    "reads",
    "stored",
    "restore",
    "ids",
    "completion",
    "hidden",
]


@pytest.fixture
def told(fasm: Call, request: pytest.FixtureRequest) -> Any:
    result = fasm("check", request.param, "--runs", "10", "--save", "out", "--json")
    return result.code, json.loads(result.out)


@pytest.mark.parametrize("told", ["coffee_shop"], indirect=True)
def test_a_correct_machine_keeps_all_that_was_tried(told: Any) -> None:
    code, document = told
    laws = document["data"]["laws"]
    assert (code, [law["law"] for law in laws]) == (0, LAWS)
    assert all(law["kept"] and law["tried"] > 0 for law in laws)


@pytest.mark.parametrize("told", ["counter"], indirect=True)
def test_a_machine_without_tracked_actions_has_laws_that_are_not_tried(told: Any) -> None:
    code, document = told
    idle = [law["law"] for law in document["data"]["laws"] if law["tried"] == 0]
    assert (code, idle) == (0, ["stored", "restore", "ids", "completion"])


@pytest.mark.parametrize("told", ["dentist_as_published"], indirect=True)
def test_the_broken_ones_are_named(told: Any) -> None:
    code, document = told
    broken = [law["law"] for law in document["data"]["laws"] if not law["kept"]]
    assert code == 1
    assert set(broken) <= {"atomic", "stored", "restore", "completion"}
    assert {"restore", "completion"} <= set(broken)
