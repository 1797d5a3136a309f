"""Every value of every declared type survives a round trip through plain data, JSON and source text."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum, IntFlag, StrEnum
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli.types.codec import Codec, SchemaRegistry, format_value
from fasm_cli.types.schema import (
    CollectionSchema,
    DictSchema,
    EnumSchema,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
)


class Color(Enum):
    RED = "red"
    type = "a member that is called like the tag"
    ALIAS = "red"  # noqa: PIE796


class Level(IntEnum):
    LOW = -1
    HIGH = 1


class Word(StrEnum):
    YES = "y"
    NO = "n"


class Perm(Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Bits(IntFlag):
    A = 1
    B = 8


@dataclass
class Plainly:
    type: str
    type_: int
    value: float = 0.0


@dataclass
class Child(Plainly):
    more: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: float


@dataclass(frozen=True)
class Corner:
    at: Point
    name: str | None = None


@dataclass(kw_only=True, slots=True)
class Named:
    a: int = 1
    b: "dict[Point, Color] | None"


@dataclass
class Node:
    left: "Node | None"
    kids: list["Node"]


@attrs.define
class Attrs:
    a: int
    b: list[str] = attrs.Factory(list)


@attrs.frozen
class Iced:
    a: Decimal
    b: tuple[int, ...] = ()


HASHABLE = [int, float, str, bool, bytes, None, Decimal, datetime, date, time, timedelta, UUID]
HASHABLE += [Color, Level, Word, Perm, Bits, Point, Corner, Iced]
LEAVES = [*HASHABLE, Plainly, Child, Named, Node, Attrs]


def union(members: list[Any]) -> Any:
    return reduce(or_, [type(None) if member is None else member for member in members])


def unions(leaves: list[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.sampled_from(leaves), min_size=2, max_size=5, unique=True).map(union)


def optional(annotation: Any) -> Any:
    return None if annotation is None else annotation | None


keys = st.recursive(
    st.sampled_from(HASHABLE) | unions(HASHABLE),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: tuple[tuple(items)]),
        inner.map(lambda item: tuple[item, ...]),
        inner.map(lambda item: frozenset[item]),
        inner.map(optional),
    ),
    max_leaves=3,
)
types = st.recursive(
    st.sampled_from(LEAVES) | unions(LEAVES) | keys,
    lambda inner: st.one_of(
        inner.map(lambda item: list[item]),
        keys.map(lambda item: set[item]),
        st.tuples(keys, inner).map(lambda pair: dict[pair]),
        st.tuples(inner, inner).map(lambda pair: tuple[pair]),
        inner.map(lambda item: list[item] | None),
        st.tuples(inner, keys).map(lambda pair: list[pair[0]] | set[pair[1]] | int | None),
    ),
    max_leaves=4,
)

zones = st.sampled_from(
    [None, UTC, timezone(timedelta(seconds=-3661)), timezone(timedelta(hours=14))]
    + [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")]
)
SCALARS: dict[type, st.SearchStrategy[Any]] = {
    int: st.integers() | st.sampled_from([10**4300 - 1, -(10**4300) + 1, 2**63, -(2**64)]),
    float: st.floats(allow_nan=False),
    str: st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(["type", "type_", "inf", "None"]),
    bool: st.booleans(),
    bytes: st.binary(max_size=8),
    Decimal: st.decimals(allow_nan=False) | st.sampled_from([Decimal("-0"), Decimal("1.0"), Decimal("1E+1000")]),
    datetime: st.builds(
        lambda at, zone, fold: at.replace(tzinfo=zone, fold=fold), st.datetimes(), zones, st.sampled_from([0, 1])
    )
    | st.builds(
        lambda minute, fold: datetime(2024, 10, 27, 2, minute, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold),
        st.integers(0, 59),
        st.sampled_from([0, 1]),
    ),
    date: st.dates(),
    time: st.builds(
        lambda at, zone, fold: at.replace(tzinfo=zone, fold=fold), st.times(), zones, st.sampled_from([0, 1])
    ),
    timedelta: st.timedeltas(),
    UUID: st.uuids(),
}


def values(schema: Schema, made: dict[int, st.SearchStrategy[Any]] | None = None) -> st.SearchStrategy[Any]:
    """Every value of a schema."""
    made = {} if made is None else made
    if id(schema) not in made:
        made[id(schema)] = st.deferred(lambda: strategy)
        strategy = _values(schema, lambda part: values(part, made))
    return made[id(schema)]


def _values(schema: Schema, of: Callable[[Schema], st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    match schema:
        case NoneSchema():
            return st.none()
        case ScalarSchema(scalar=scalar):
            return SCALARS[scalar.cls]
        case EnumSchema(cls=kind) if issubclass(kind, Flag):
            return st.lists(st.sampled_from(list(kind)), max_size=4).map(lambda flags: reduce(or_, flags, kind(0)))
        case EnumSchema(cls=kind):
            return st.sampled_from(list(kind))
        case RecordSchema(cls=kind, fields=fields):
            return st.builds(kind, **{each.name: of(each.schema) for each in fields})
        case CollectionSchema(cls=kind, item=item):
            return st.lists(of(item), max_size=3).map(kind)
        case TupleSchema(items=items):
            return st.tuples(*map(of, items))
        case DictSchema(key=key, value=value):
            return st.dictionaries(of(key), of(value), max_size=3)
        case UnionSchema(members=members):
            return st.one_of([of(member) for member in reversed(members.values())])
    raise AssertionError(schema)


@given(st.data())
def test_every_value_survives_plain_data_json_and_source_text(data):
    registry = SchemaRegistry()
    schema = registry.of(data.draw(types), "T")
    value = data.draw(values(schema))
    codec = Codec(registry)
    plain = codec.encode(schema, value)
    for again in (
        codec.decode(schema, plain),
        codec.decode(schema, json.loads(json.dumps(plain))),
        codec.parse(schema, format_value(value)),
    ):
        assert format_value(again) == format_value(value)  # the same types, order and signs of zero
        assert again == value
        assert codec.digest(schema, again) == codec.digest(schema, value)
        assert codec.encode(schema, again) == plain


@given(st.data())
def test_every_message_survives_with_the_tag_of_its_class(data):
    registry = SchemaRegistry()
    schema = registry.of(data.draw(st.sampled_from([Plainly, Named, Iced, Node, Plainly | Named, Node | int])), "T")
    value = data.draw(values(schema))
    codec = Codec(registry)
    plain = codec.encode_message(schema, value)
    assert type(value) is int or plain["type"] == type(value).__name__
    assert codec.decode_message(schema, json.loads(json.dumps(plain))) == value


SAME = object()


@pytest.mark.parametrize(
    ("annotation", "value", "plain"),
    [
        (int, 2**64, SAME),
        (float, -0.0, SAME),
        (float, 3, 3.0),
        (float | None, 3, 3.0),
        (int | float | None, 3, SAME),
        (str, "a\x00\ud800'\"", SAME),
        (bytes, b"\x00\xff", "00ff"),
        (Decimal, Decimal("1.50"), "1.50"),
        (date, date(2024, 2, 29), "2024-02-29"),
        (datetime, datetime(2024, 1, 2, 3, 4), "2024-01-02T03:04:00"),
        (datetime, datetime(2024, 1, 2, fold=1), "2024-01-02T00:00:00[fold=1]"),
        (datetime, datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02T00:00:00+00:00"),
        (
            datetime,
            datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
            "2024-10-27T02:30:00+01:00[Europe/Berlin]",
        ),
        (time, time(1, 2, 3, 4), "01:02:03.000004"),
        (timedelta, timedelta(days=-1, hours=2, microseconds=5), "-1d 02:00:00.000005"),
        (UUID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Color, Color.ALIAS, "RED"),
        (Level, Level.LOW, "LOW"),
        (Word, Word.YES, "YES"),
        (Perm, Perm.READ | Perm.RUN, 5),
        (Perm, Perm(0), 0),
        (Plainly, Plainly("a", 1), {"type_": "a", "type__": 1, "value": 0.0}),
        (Plainly | None, Plainly("a", 1), {"type": "Plainly", "type_": "a", "type__": 1, "value": 0.0}),
        (Color | int | None, Color.RED, {"type": "Color", "value": "RED"}),
        (list[int] | None, [1], {"type": "list", "value": [1]}),
        (set[int], {3, 1, 2}, [1, 2, 3]),
        (frozenset[str], frozenset({"b", "a"}), ["a", "b"]),
        (set[float], {3.0, float("inf"), 1.0, -1.0}, [-1.0, 1.0, 3.0, float("inf")]),
        (set[Level | None], {Level.LOW, None}, [None, {"type": "Level", "value": "LOW"}]),
        (dict[str, int], {"type": 1, "type_": 2, "x": 3}, {"type_": 1, "type__": 2, "x": 3}),
        (dict[bool, int], {True: 1, False: 2}, {"true": 1, "false": 2}),
        (dict[int, int], {-7: 1}, {"-7": 1}),
        (dict[Perm, int], {Perm.READ: 1, Perm.READ | Perm.RUN: 2, Perm(0): 3}, {"READ": 1, "5": 2, "0": 3}),
        (dict[Color, int], {Color.type: 1}, {"type_": 1}),
        (dict[date, int], {date(2024, 1, 1): 1}, {"2024-01-01": 1}),
        (dict[float, int], {0.5: 1}, [[0.5, 1]]),
        (dict[tuple[int, str], int], {(1, "a"): 2}, [[[1, "a"], 2]]),
        (dict[Point, int], {Point(1, 2): 3}, [[{"x": 1, "y": 2.0}, 3]]),
        (dict[int | None, int], {None: 1, 2: 3}, [[None, 1], [2, 3]]),
        (tuple[()], (), []),
        (Node, Node(Node(None, []), []), {"left": {"type": "Node", "left": None, "kids": []}, "kids": []}),
    ],
)
def test_stored_form(annotation, value, plain):
    registry = SchemaRegistry()
    schema = registry.of(annotation, "T")
    codec = Codec(registry)
    stored = codec.encode(schema, value)
    assert stored == (value if plain is SAME else plain)
    assert repr(stored) == repr(value if plain is SAME else plain)  # repr distinguishes 3 and 3.0, 0.0 and -0.0
    again = codec.decode(schema, stored)
    assert again == value
    assert format_value(codec.parse(schema, format_value(value))) == format_value(again)


def test_nan_survives_in_every_position():
    registry = SchemaRegistry()
    schema = registry.of(list[float | Decimal | None], "T")
    codec = Codec(registry)
    value = [float("nan"), Decimal("NaN"), Decimal("-sNaN12"), float("-inf"), None]
    plain = codec.encode(schema, value)
    text = "[nan, Decimal('NaN'), Decimal('-sNaN12'), -inf, None]"
    assert format_value(value) == text
    assert format_value(codec.decode(schema, json.loads(json.dumps(plain)))) == text
    assert format_value(codec.parse(schema, text)) == text


def test_set_with_nan_is_stored_in_a_fixed_order():
    registry = SchemaRegistry()
    schema = registry.of(set[float], "T")
    codec = Codec(registry)
    nans = [float("nan") for _ in range(30)]  # each has its own hash and thus its own position in a set
    assert {str(codec.encode(schema, {3.0, nan, 1.0, 2.0})) for nan in nans} == {"[1.0, 2.0, 3.0, nan]"}
