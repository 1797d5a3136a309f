"""The shrinker's candidates: which values are tried in place of a value, in which order, and which value is simpler."""

from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import Annotated, Any

import attrs
import pytest

from fasm_cli import Between, OneOf, Size, Text
from fasm_cli.types.codec import SchemaRegistry
from fasm_cli.types.generate import candidates, complexity, minimal, substitute


class Color(Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("not positive")


@dataclass
class Endless:
    next: "Endless"


@dataclass
class Node:
    next: "Node | None" = None
    points: list[Point] = field(default_factory=list)


@attrs.define
class Pair:
    left: int
    right: Point


def schema_of(annotation: Any) -> Any:
    return SchemaRegistry().of(annotation, "T")


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (None, None, []),
        (int, 0, []),
        (int, 1, [0]),
        (int, 10, [0, 1, 5, 8, 9]),
        (int, -6, [0, 6, -1, -3, -5]),
        (Annotated[int, Between(3, 99)], 7, [3, 4, 5, 6]),
        (Annotated[int, Between(-9, -3)], -5, [-3, -1, -4, -4]),
        (Annotated[int, OneOf(4, 2, 9)], 9, [4, 2]),
        (Annotated[int, OneOf(4, 2)], 7, []),
        (float, 2.5, [0.0, 1.0, 1.0]),
        (float, 1e300, [0.0]),
        (float, float("nan"), [0.0]),
        (bool, True, [False]),
        (str, "bcd", ["", "", "a", "b", "aa", "bc", "aaa"]),
        (str, "aaa", ["", "", "a", "a", "aa", "aa"]),
        (bytes, b"\x01\x02", [b"", b"", b"\x00", b"\x01", b"\x00\x00"]),
        (Annotated[str, Text(2, 4, "xy")], "yyy", ["xx", "yy", "xxx"]),
        (Color, Color.BLUE, [Color.RED, Color.GREEN]),
        (Point, Point(1, 2), [Point(0, 2), Point(1, 0), Point(1, 1), Point(1, 1)]),
        (Positive, Positive(2), [Positive(1), Positive(1)]),
        (list[int], [1, 0], [[], [0], [1], [0, 0]]),
        (list[bool], [True], [[], [False]]),
        (set[bool], {True}, [set(), {False}]),
        (frozenset[int], frozenset({1}), [frozenset(), frozenset({0})]),
        (tuple[bool, bool], (True, True), [(False, True), (True, False)]),
        (
            dict[str, bool],
            {"a": True, "b": False},
            [{"b": False}, {"a": True}, {"a": False, "b": False}, {"a": True, "b": False}],
        ),
        (Color | None, Color.GREEN, [None, Color.RED]),
        (int | str, "b", [0, "", "", "a"]),
        (None | int, None, []),
    ],
)
def test_candidates(annotation: Any, value: Any, expected: list[Any]) -> None:
    assert repr(list(candidates(schema_of(annotation), value))) == repr(expected)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (None, [None]),
        (int, [0]),
        (float, [0.0]),
        (bool, [False]),
        (str, [""]),
        (bytes, [b""]),
        (Annotated[int, Between(3, 9)], [3]),
        (Annotated[int, Between(-9, -3)], [-3]),
        (Annotated[str, Text(2, 4, "xy")], ["xx"]),
        (Annotated[bytes, Size(2, 3)], [b"\x00\x00"]),
        (Annotated[int, OneOf(7, 3)], [7]),
        (Color, [Color.RED]),
        (Point, [Point(0, 0)]),
        (Positive, []),
        (Endless, []),
        (list[int], [[]]),
        (list[Endless], [[]]),
        (Annotated[list[int], Size(2, 3)], [[0, 0]]),
        (Annotated[list[Endless], Size(1, 3)], []),
        (tuple[int, Color], [(0, Color.RED)]),
        (tuple[int, Endless], []),
        (dict[int, int], [{}]),
        (Annotated[dict[int, int], Size(1, 3)], []),
        (int | Color | None, [0, Color.RED, None]),
    ],
)
def test_minimal_values(annotation: Any, expected: list[Any]) -> None:
    assert list(minimal(schema_of(annotation))) == expected


@pytest.mark.parametrize(
    ("annotation", "ordered"),
    [
        (int, [0, 1, -1, 2, -2, 100]),
        (Annotated[int, Between(5, 50)], [5, 6, 7, 50]),
        (float, [0.0, 0.5, -0.5, 3.0, float("inf")]),
        (bool, [True, False]),  # by their text; candidates never propose True
        (str, ["", "a", "b", "aa", "ab"]),
        (bytes, [b"", b"\x00", b"\x01", b"\x00\x00"]),
        (Color, [Color.RED, Color.GREEN, Color.BLUE]),
        (Point, [Point(0, 0), Point(0, 9), Point(1, 0)]),
        (list[int], [[], [0], [5], [0, 0]]),
        (set[int], [set(), {0}, {5}, {0, 1}]),
        (tuple[int, int], [(0, 0), (0, 1), (1, 0)]),
        (dict[int, int], [{}, {0: 0}, {0: 1}, {1: 0}, {0: 0, 1: 0}]),
        (int | None, [None, 0, 1]),
        (int | str, [0, 100, "", "a"]),
        (Color | int | None, [None, Color.RED, Color.BLUE, 0]),
    ],
)
def test_order_of_complexity(annotation: Any, ordered: list[Any]) -> None:
    schema = schema_of(annotation)
    keys = [complexity(schema, value) for value in ordered]
    assert all(before < after for before, after in pairwise(keys))


def test_substitute_replaces_every_occurrence_of_the_same_type() -> None:
    value = {1: [1, True, (1, {2})], 3: Node(None, [Point(1, 2)]), 4: Pair(1, Point(1))}
    assert substitute(value, 1, 9) == {9: [9, True, (9, {2})], 3: Node(None, [Point(9, 2)]), 4: Pair(9, Point(9))}
    assert substitute(value, Point(1, 2), Point(0)) == {**value, 3: Node(None, [Point(0)])}
