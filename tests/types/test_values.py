"""Values are compared path by path, formatted on one line, and copied without sharing anything mutable."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, Flag
from typing import Any

import attrs
import pytest

from fasm_cli.types.codec import SchemaRegistry, format_value
from fasm_cli.types.codegen import CopierCache
from fasm_cli.types.description import describe_types
from fasm_cli.types.diff import diff_values
from fasm_cli.types.schema import is_immutable


class Color(Enum):
    RED = 1
    BLUE = 2


class Perm(Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


@dataclass(frozen=True)
class Holder:
    """A frozen class with a mutable part."""

    items: list[int]


@dataclass(slots=True)
class Order:
    id: int
    points: list[Point] = field(default_factory=list)
    by_color: dict[Color, list[int]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    pair: tuple[Point, Holder | None] = (Point(0), None)
    next: "Order | None" = None


@attrs.define
class Attrs:
    a: list[int]


@attrs.frozen
class Iced:
    a: int
    b: tuple[int, ...] = ()


def full_order() -> Order:
    return Order(
        1,
        [Point(1)],
        {Color.RED: [1], Color.BLUE: []},
        {1, 2},
        (Point(3), Holder([4])),
        Order(2),
    )


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (lambda it: None, []),
        (lambda it: setattr(it, "id", 2), ["id: 1 -> 2"]),
        (lambda it: setattr(it, "id", 1.0), ["id: 1 -> 1.0"]),
        (lambda it: it.points.append(Point(2)), ["points[1]: + Point(x=2, y=0)"]),
        (lambda it: it.points.clear(), ["points[0]: - Point(x=1, y=0)"]),
        (lambda it: it.points.__setitem__(0, Point(1, 5)), ["points[0].y: 0 -> 5"]),
        (lambda it: it.by_color[Color.RED].append(7), ["by_color[Color.RED][1]: + 7"]),
        (lambda it: it.by_color.pop(Color.BLUE), ["by_color[Color.BLUE]: - []"]),
        (lambda it: it.seen.update({5, 3}), ["seen{}: + 3", "seen{}: + 5"]),
        (lambda it: it.seen.discard(1), ["seen{}: - 1"]),
        (lambda it: it.pair[1].items.pop(), ["pair[1].items[0]: - 4"]),
        (lambda it: setattr(it, "pair", (Point(3), None)), ["pair[1]: Holder(items=[4]) -> None"]),
        (lambda it: setattr(it.next, "id", 9), ["next.id: 2 -> 9"]),
        (lambda it: setattr(it, "by_color", {Color.BLUE: [], Color.RED: [1]}), []),
        (
            lambda it: (setattr(it, "id", 0), it.seen.clear(), setattr(it, "next", None)),
            [
                "id: 1 -> 0",
                "seen{}: - 1",
                "seen{}: - 2",
                f"next: {format_value(Order(2))} -> None",
            ],
        ),
    ],
)
def test_changed_paths_of_a_state(change, lines):
    before, after = full_order(), full_order()
    change(after)
    assert [str(each) for each in diff_values(before, after)] == lines


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (1, 1, []),
        (1, True, [": 1 -> True"]),
        (0.0, -0.0, [": 0.0 -> -0.0"]),
        (float("nan"), float("nan"), []),
        (Decimal("1.0"), Decimal("1.00"), [": Decimal('1.0') -> Decimal('1.00')"]),
        (Color.RED, Color.BLUE, [": Color.RED -> Color.BLUE"]),
        (None, 0, [": None -> 0"]),
        ([1], (1,), [": [1] -> (1,)"]),
        (Attrs([1]), Attrs([2]), ["a[0]: 1 -> 2"]),
        ({1: {2: 3}}, {1: {2: 4}}, ["[1][2]: 3 -> 4"]),
    ],
)
def test_changed_paths_of_any_two_values(before, after, lines):
    assert [str(each) for each in diff_values(before, after)] == lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (set(), "set()"),
        (frozenset(), "frozenset()"),
        ({3, 1, 2}, "{1, 2, 3}"),
        ({"b", "a"}, "{'a', 'b'}"),
        ({(2,), (1,)}, "{(1,), (2,)}"),
        ((), "()"),
        ((1,), "(1,)"),
        ({}, "{}"),
        (Color.RED, "Color.RED"),
        (Perm.READ | Perm.WRITE, "Perm(3)"),
        (Perm(0), "Perm(0)"),
        (Iced(1), "Iced(a=1, b=())"),
        (Order(1).next, "None"),
        ([float("inf"), -float("inf")], "[inf, -inf]"),
        ("a'b\n\u2028", '"a\'b\\n\\u2028"'),
    ],
)
def test_formatted_value(value, text):
    assert format_value(value) == text


def test_copy_is_equal_and_shares_nothing_mutable():
    registry = SchemaRegistry()
    copy = CopierCache().of(registry.of(Order, "T"))
    original = full_order()
    copied = copy(original)
    assert copied == original
    copied.points.append(Point(9))
    copied.by_color[Color.RED].append(9)
    copied.by_color[Color.BLUE] = [9]
    copied.seen.add(9)
    copied.pair[1].items.append(9)
    copied.next.points.append(Point(9))
    copied.next.id = 9
    assert original == full_order()
    assert copied.points[0] is original.points[0]


def test_value_of_the_wrong_type_is_returned_by_copy():
    registry = SchemaRegistry()
    assert CopierCache().of(registry.of(Order, "T"))("nonsense") == "nonsense"
    copy = CopierCache().of(registry.of(Order | None, "T"))
    assert copy("nonsense") == "nonsense"
    assert copy(None) is None


@pytest.mark.parametrize(
    ("annotation", "fixed"),
    [
        (int, True),
        (Point, True),
        (Iced, True),
        (Color | None, True),
        (tuple[Point, ...], True),
        (frozenset[tuple[int, Color]], True),
        (list[int], False),
        (dict[int, int], False),
        (set[int], False),
        (Holder, False),
        (Attrs, False),
        (Order, False),
        (tuple[list[int], ...], False),
        (Point | Order, False),
    ],
)
def test_immutable_types(annotation, fixed):
    assert is_immutable(SchemaRegistry().of(annotation, "T")) is fixed


def test_description_of_all_types():
    registry = SchemaRegistry()
    types: dict[str, Any] = {
        "State": registry.of(Order, "State"),
        "ActionId": registry.of(Color | None, "T"),
        "Input": None,
    }
    order = {
        "id": "int",
        "points": "list[Point]",
        "by_color": "dict[Color, list[int]]",
        "seen": "set[int]",
        "pair": "tuple[Point, Holder | None]",
        "next": "Order | None",
    }
    assert describe_types(types) == [
        {"name": "State", "is": "Order"},
        {"name": "ActionId", "is": "Color | None"},
        {"name": "Input", "is": "None"},
        {"name": "Color", "members": ["RED", "BLUE"]},
        {"name": "Holder", "fields": {"items": "list[int]"}},
        {"name": "Order", "fields": order},
        {"name": "Point", "fields": {"x": "int", "y": "int"}},
    ]
