"""The description of a machine's types, its fingerprint, and the differences between two descriptions."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pytest

from fasm_cli import Between
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.types.codec import SchemaRegistry
from fasm_cli.types.description import describe_types, fingerprint, is_description, summarize, type_changes

ROOT = Path(__file__).parents[2]


class Phase(Enum):
    ASKED = 1
    SURE = 2


@dataclass
class Node:
    """It contains itself."""

    phase: Phase
    next: "Node | None" = None
    seen: dict[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class Add:
    by: Annotated[int, Between(1, 9)]


@dataclass
class Stop:
    pass


def types(**roles: Any) -> Any:
    registry = SchemaRegistry()
    return describe_types({name: None if each is None else registry.of(each, name) for name, each in roles.items()})


def test_description_contains_every_class_once() -> None:
    assert types(State=Node, Input=Add | Stop, ActionId=None) == [
        {"name": "State", "is": "Node"},
        {"name": "Input", "is": "Add | Stop"},
        {"name": "ActionId", "is": "None"},
        {"name": "Add", "fields": {"by": "int Between(low=1, high=9)"}},
        {"name": "Node", "fields": {"phase": "Phase", "next": "Node | None", "seen": "dict[int, tuple[str, ...]]"}},
        {"name": "Phase", "members": ["ASKED", "SURE"]},
        {"name": "Stop", "fields": {}},
    ]


def test_fingerprint_does_not_change() -> None:
    """A file of format 1 holds nothing but the fingerprint of its types."""
    machine = import_machine(Project(ROOT), "coffee_shop")
    assert (fingerprint(machine.types), machine.fingerprint) == ("20b5f05e65c42183", "20b5f05e65c42183")
    assert is_description(machine.types)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        [5],
        [{}],
        [{"name": "State"}],
        [{"name": 5, "is": "x"}],
        [{"name": "State", "is": 5}],
        [{"name": "State", "is": "x", "fields": {}}],
        [{"name": "A", "fields": []}],
        [{"name": "A", "fields": {"a": 1}}],
        [{"name": "A", "members": "AB"}],
        [{"name": "A", "members": [1]}],
        [{"is": "x", "other": "y"}],
    ],
)
def test_malformed_description(plain: Any) -> None:
    assert not is_description(plain)


OLD = types(State=Node, Input=Add | Stop)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ([], []),
        (
            [("Node", {"fields": {"phase": "Phase"}})],
            ["Node.next: - Node | None", "Node.seen: - dict[int, tuple[str, ...]]"],
        ),
        ([("Add", {"fields": {"by": "Decimal"}})], ["Add.by: int Between(low=1, high=9) -> Decimal"]),
        ([("Add", {"fields": {"by": "int Between(low=1, high=9)", "why": "str"}})], ["Add.why: + str"]),
        ([("Phase", {"members": ["SURE", "GONE"]})], ["Phase.ASKED: - a member", "Phase.GONE: + a member"]),
        ([("Phase", {"members": ["SURE", "ASKED"]})], []),
        ([("Phase", {"fields": {"a": "int"}})], ["Phase: ASKED | SURE -> (a: int)"]),
        ([("Stop", None)], ["Stop: - ()"]),
        ([("Input", {"is": "Add"})], ["Input: Add | Stop -> Add"]),
        ([("New", {"fields": {"a": "int"}})], ["New: + (a: int)"]),
    ],
)
def test_type_changes(changed: list[tuple[str, Any]], expected: list[str]) -> None:
    new = {entry["name"]: entry for entry in OLD}
    for name, entry in changed:
        if entry is None:
            del new[name]
        else:
            new[name] = {"name": name, **entry}
    assert [str(change) for change in type_changes(OLD, list(new.values()))] == expected


def test_class_with_the_name_of_an_associated_type() -> None:
    @dataclass
    class State:
        a: int

    @dataclass
    class Other:
        a: Decimal

    Other.__name__ = "State"
    assert [str(each) for each in type_changes(types(State=State), types(State=Other))] == ["State.a: int -> Decimal"]
    assert [str(each) for each in type_changes(types(State=State), types(State=int))] == [
        "State: State -> int",
        "State: - (a: int)",
    ]


def test_summary_names_three_changes() -> None:
    none = [{"name": name, "is": "None"} for name in "ABCDE"]
    ints = [{"name": name, "is": "int"} for name in "ABCDE"]
    assert summarize(type_changes(none[:3], ints[:3])) == "A: None -> int; B: None -> int; C: None -> int"
    assert summarize(type_changes(none, ints)) == "A: None -> int; B: None -> int; C: None -> int and 2 more"
