"""`fasm check`: every law, how often it was checked, and whether it holds."""

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
def checked(fasm: Call, request: pytest.FixtureRequest) -> Any:
    result = fasm("check", request.param, "--runs", "10", "--save", "out", "--json")
    return result.code, json.loads(result.out)


@pytest.mark.parametrize("checked", ["coffee_shop"], indirect=True)
def test_a_correct_machine_keeps_every_law(checked: Any) -> None:
    code, document = checked
    laws = document["data"]["laws"]
    assert (code, [law["law"] for law in laws]) == (0, LAWS)
    assert all(law["holds"] and law["times_checked"] > 0 for law in laws)


@pytest.mark.parametrize("checked", ["counter"], indirect=True)
def test_laws_about_tracked_actions_are_not_checked_without_any(checked: Any) -> None:
    code, document = checked
    idle = [law["law"] for law in document["data"]["laws"] if law["times_checked"] == 0]
    assert (code, idle) == (0, ["stored", "restore", "ids", "completion"])


@pytest.mark.parametrize("checked", ["dentist_as_published"], indirect=True)
def test_violated_laws_are_named(checked: Any) -> None:
    code, document = checked
    broken = [law["law"] for law in document["data"]["laws"] if not law["holds"]]
    assert code == 1
    assert set(broken) <= {"atomic", "stored", "restore", "completion"}
    assert {"restore", "completion"} <= set(broken)
