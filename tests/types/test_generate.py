"""Generated values match their declared types and constraints, and cover them."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from math import isfinite
from typing import Annotated, Any
from uuid import UUID

import attrs
import pytest

from fasm_cli import Between, Chooser, OneOf, Size, Text
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import Codec, SchemaRegistry, format_value
from fasm_cli.types.generate import Generators

DRAWS = 300


class Color(Enum):
    RED = 1
    BLUE = 2


class Perm(Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: float


@dataclass(kw_only=True)
class Order:
    points: Annotated[list[Point], Size(1, 2)]
    by_color: dict[Color, str] = field(default_factory=dict)
    type: str | None = None


@dataclass
class Empty:
    pass


@attrs.define
class Attrs:
    a: int
    b: tuple[int, ...] = ()


@dataclass
class Node:
    value: int
    next: "Node | None"
    kids: Annotated[list["Node"], Size(0, 2)]


day = timedelta(days=1)
SCALARS = [int, float, str, bool, bytes, Decimal, datetime, date, time, timedelta, UUID, None, Color, Perm]
LIMITED = [
    Annotated[int, Between(-3, 3)],
    Annotated[int, Between(0, 2**64 - 1)],
    Annotated[float, Between(-1, 0.1)],
    Annotated[float, OneOf(1, 2.5)],
    Annotated[Decimal, Between(0, Decimal("0.105"))],
    Annotated[date, Between(date(2024, 1, 1), date(2024, 1, 3))],
    Annotated[datetime, Between(datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 3))],
    Annotated[timedelta, Between(-day, day)],
    Annotated[str, Text(2, 3, "ab")],
    Annotated[str, Text(1, 40)],
    Annotated[str, OneOf("a", "b")],
    Annotated[Color, OneOf(Color.BLUE)],
    Annotated[bytes, Size(1, 2)],
    Annotated[list[bool], Size(2, 3)],
    Annotated[tuple[int, ...], Size(3, 3)],
    Annotated[set[int], Size(4, 6)],
    Annotated[frozenset[str], Size(2, 2)],
]
NESTED = [
    list[int],
    tuple[int, str, Color | None],
    dict[str, list[Point]],
    dict[tuple[Color, int], set[str]],
    Point | Order | None,
    int | str | float | None,
    Order,
    Empty,
    Attrs,
    Node,
    list[Annotated[int, Between(1, 2)] | None],
]


def drawn(annotation: Any, seed: int = 1, count: int = DRAWS) -> tuple[Codec, Any, list[Any]]:
    registry = SchemaRegistry()
    schema = registry.of(annotation, "T")
    draw, choose = Generators().of(schema), Chooser(seed)
    return Codec(registry), schema, [draw(choose) for _ in range(count)]


@pytest.mark.parametrize("annotation", [*SCALARS, *LIMITED, *NESTED], ids=str)
def test_every_value_survives_encoding_and_formatting(annotation):
    codec, schema, values = drawn(annotation)
    for value in values:
        assert codec.decode(schema, codec.encode(schema, value)) == value
        assert codec.parse(schema, format_value(value)) == value


@pytest.mark.parametrize("annotation", [*SCALARS, *LIMITED, *NESTED], ids=str)
def test_the_same_seed_gives_the_same_values(annotation):
    assert format_value(drawn(annotation, 5, 30)[2]) == format_value(drawn(annotation, 5, 30)[2])


@pytest.mark.parametrize(
    ("annotation", "values"),
    [
        (Annotated[int, Between(-1, 1)], {-1, 0, 1}),
        (Annotated[str, OneOf("a", "b")], {"a", "b"}),
        (Annotated[str, Text(1, 2, "ab")], {"a", "b", "aa", "ab", "ba", "bb"}),
        (Annotated[date, Between(date(2024, 1, 1), date(2024, 1, 2))], {date(2024, 1, 1), date(2024, 1, 2)}),
        (Annotated[Decimal, Between(0, Decimal("0.01"))], {Decimal(0), Decimal("0.01")}),
        (Annotated[tuple[bool, ...], Size(1, 1)], {(True,), (False,)}),
        (bool, {True, False}),
        (Color, set(Color)),
        (Color | None, {Color.RED, Color.BLUE, None}),
        (tuple[bool, bool], {(False, False), (False, True), (True, False), (True, True)}),
    ],
)
def test_every_declared_value_is_drawn(annotation, values):
    assert set(drawn(annotation)[2]) == values


def test_without_constraints_values_are_ordinary_with_some_edge_cases():
    ints = drawn(int)[2]
    assert sum(-2 <= value <= 12 for value in ints) > 280
    assert any(abs(value) > 2**30 for value in ints)
    assert all(map(isfinite, drawn(float)[2]))
    assert all(value.tzinfo is None for value in drawn(datetime)[2])
    assert {len(value) for value in drawn(list[int])[2]} == {0, 1, 2, 3, 4, 5}


def test_values_of_a_recursive_type_are_finite():
    values = drawn(Node)[2]
    assert max(len(format_value(value)) for value in values) < 10_000
    assert any(value.next is not None and value.next.next is not None for value in values)


@dataclass
class Tree:
    kids: "dict[str, Tree]"


@dataclass
class Literal:
    value: int


@dataclass
class Sum:
    left: "Sum | Literal"
    right: "Sum | Literal"


@dataclass
class Nest:
    inside: "list[Nest]"


@dataclass
class Picky:
    value: int

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("below zero")


@dataclass
class Never:
    value: int

    def __post_init__(self) -> None:
        raise ValueError("never")


@pytest.mark.parametrize(
    "annotation",
    [
        Tree,
        Sum,
        Nest,
        Picky,
        Annotated[dict[bool, int], Size(2, 2)],
        Annotated[dict[int, int], Size(4, 5)],
        Annotated[set[int], Size(10, 12)],
        Annotated[timedelta, Between(timedelta.min, timedelta.max)],
    ],
    ids=str,
)
def test_values_of_recursive_sized_and_selective_types(annotation: Any) -> None:
    codec, schema, values = drawn(annotation, count=100)
    for value in values:
        codec.encode(schema, value)


@dataclass
class Deep:
    parts: "Annotated[list[Deep | Wrapped], Size(1, 1)]"


@dataclass
class Wrapped:
    inner: Literal


def test_the_member_with_a_finite_value_is_drawn_at_the_deepest_level() -> None:
    for value in drawn(Deep, count=50)[2]:
        assert len(format_value(value)) < 1_000


def test_float_between_bounds_is_never_negative_zero() -> None:
    assert {repr(value) for value in drawn(Annotated[float, Between(-0.0, -0.0)], count=9)[2]} == {"0.0"}


def test_wide_range_of_floats_is_covered() -> None:
    values = drawn(Annotated[float, Between(-1.7e308, 1.7e308)], count=100)[2]
    assert len({value for value in values if abs(value) < 1.7e308}) > 90


def test_class_that_refuses_every_value_is_named() -> None:
    with pytest.raises(MachineError) as caught:
        drawn(Never, count=1)
    assert caught.value.message == "Never refuses every generated value: ValueError: never"
