"""Nothing is coerced: a value or plain data that does not match its schema is refused, with the path to the error."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import Enum, Flag
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from fasm_cli.contract.constraints import Between, OneOf, Text
from fasm_cli.errors import InputError
from fasm_cli.types.codec import Codec, DecodeError, SchemaRegistry


class Color(Enum):
    RED = 1
    BLUE = 2


class Perm(Flag):
    READ = 1
    WRITE = 2


@dataclass
class Item:
    name: str
    count: int = 1


@dataclass
class Order:
    items: list[Item]
    by_id: dict[int, Item] = field(default_factory=dict)
    note: str | None = None


@dataclass
class Empty:
    pass


@dataclass
class Careful:
    n: int

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError("n is negative")


@dataclass
class Loop:
    next: "Loop | None" = None


class Whole(int):
    pass


class Nowhere(tzinfo):
    def utcoffset(self, at: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, at: datetime | None) -> None:
        return None


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


def codec_for(annotation: Any) -> tuple[Codec, Any]:
    registry = SchemaRegistry()
    schema = registry.of(annotation, "T")
    return Codec(registry), schema


def refused(call: Any, *args: Any) -> str:
    with pytest.raises(DecodeError) as caught:
        call(*args)
    return str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "value", "why"),
    [
        (int, True, "expected int, got bool True"),
        (int, "7", "expected int, got str '7'"),
        (int, 1.0, "expected int, got float 1.0"),
        (int, Whole(1), "expected int, got Whole 1"),
        (bool, 1, "expected bool, got int 1"),
        (float, True, "expected float, got bool True"),
        (float, 2**53 + 1, "expected float, got int 9007199254740993"),
        (float, Decimal(1), "expected float, got Decimal Decimal('1')"),
        (str, b"a", "expected str, got bytes b'a'"),
        (str, None, "expected str, got NoneType None"),
        (str, Unprintable(), "expected str, got Unprintable …"),
        (str, [0] * 99, f"expected str, got list [{'0, ' * 66}…"),
        (None, 0, "expected None, got 0"),
        (bytes, bytearray(b"a"), "expected bytes, got bytearray bytearray(b'a')"),
        (Decimal, 1, "expected Decimal, got int 1"),
        (date, datetime(2024, 1, 1), "expected date, got datetime datetime(2024, 1, 1, 0, 0)"),
        (datetime, date(2024, 1, 1), "expected datetime, got date date(2024, 1, 1)"),
        (
            datetime,
            datetime(2024, 1, 1, tzinfo=Nowhere()),
            "a tzinfo of type Nowhere cannot be stored; use timezone or ZoneInfo",
        ),
        (UUID, "x", "expected UUID, got str 'x'"),
        (Color, 1, "expected Color, got int 1"),
        (Color, Perm.READ, "expected Color, got Perm Perm.READ"),
        (list[int], (1,), "expected list, got tuple (1,)"),
        (list[int], [1, "a"], "[1]: expected int, got str 'a'"),
        (set[int], frozenset({1}), "expected set, got frozenset frozenset({1})"),
        (set[int], {"a"}, "{}: expected int, got str 'a'"),
        (tuple[int, ...], [1], "expected tuple, got list [1]"),
        (tuple[int, str], (1,), "expected 2 elements, got 1"),
        (tuple[int, str], (1, 2), "[1]: expected str, got int 2"),
        (dict[int, int], [(1, 2)], "expected dict, got list [(1, 2)]"),
        (dict[int, int], {"a": 2}, "['a']: expected int, got str 'a'"),
        (dict[Color, int], {Color.RED: "b"}, "[Color.RED]: expected int, got str 'b'"),
        (
            dict[Decimal, int],
            {Decimal("NaN"): 1, Decimal("nan"): 2},
            "two keys have the same stored form",
        ),
        (int | str | None, 1.5, "expected one of int, str, None, got float 1.5"),
        (Item | Color, "x", "expected one of Item, Color, got str 'x'"),
        (Item, {"name": "a"}, "expected Item, got dict {'name': 'a'}"),
        (Item, Item("a", True), "count: expected int, got bool True"),
        (Order, Order([Item("a"), Item(2)]), "items[1].name: expected str, got int 2"),
        (Order, Order([], {7: Item("a", None)}), "by_id[7].count: expected int, got NoneType None"),
        (Order, Order([], {}, 3), "note: expected one of str, None, got int 3"),
        (Order, Order((), {}), "items: expected list, got tuple ()"),
    ],
)
def test_value_that_does_not_match_is_not_encoded(annotation, value, why):
    codec, schema = codec_for(annotation)
    assert refused(codec.encode, schema, value) == why
    with pytest.raises(InputError) as caught:
        codec.validate(schema, value)
    assert caught.value.message.endswith(f": {why}")


def test_int_that_python_does_not_print_is_refused():
    huge = 10**4300  # no parameter of the test above, because pytest would print it
    for annotation, value in ((int, huge), (int, -huge), (float, huge), (str, huge), (dict[int, int], {huge: 1})):
        codec, schema = codec_for(annotation)
        expected = {
            int: "an int of more than 4300 digits cannot be stored",
            float: "expected float, got int …",
            str: "expected str, got int …",
        }
        why = expected.get(annotation, "[…]: an int of more than 4300 digits cannot be stored")
        assert refused(codec.encode, schema, value) == why
        with pytest.raises(InputError, match=r"more than 4300 digits|got int …"):
            codec.validate(schema, value)


def test_value_that_contains_itself_is_refused():
    codec, schema = codec_for(Loop)
    loop = Loop()
    loop.next = loop
    assert refused(codec.encode, schema, loop) == "nested too deeply, or it contains itself"


@pytest.mark.parametrize(
    ("annotation", "plain", "why"),
    [
        (int, True, "expected int, got bool True"),
        (int, 1.0, "expected int, got float 1.0"),
        (int, "1", "expected int, got str '1'"),
        (bool, 1, "expected bool, got int 1"),
        (float, "1.0", "expected float, got str '1.0'"),
        (float, True, "expected float, got bool True"),
        (str, 1, "expected str, got int 1"),
        (None, "None", "expected None, got 'None'"),
        (bytes, "0g", "not bytes in hexadecimal: '0g'"),
        (bytes, "ABC", "not bytes in hexadecimal: 'ABC'"),
        (Decimal, "1,5", "not a decimal number: '1,5'"),
        (Decimal, 1, "expected Decimal, got int 1"),
        (UUID, "1", "badly formed hexadecimal UUID string"),
        (date, "2024-13-01", "month must be in 1..12"),
        (datetime, "2024-01-01T00:00:00+00:00[Nowhere/Land]", "unknown time zone 'Nowhere/Land'"),
        (datetime, "2024-01-01T00:00:00+00:00[../../etc/passwd]", "unknown time zone '../../etc/passwd'"),
        (timedelta, "1 day", "not a duration: '1 day'; write it like '1d 02:30:00'"),
        (timedelta, "1d 24:00:00", "not a duration: '1d 24:00:00'; write it like '1d 02:30:00'"),
        (Color, "GREEN", "Color has no member 'GREEN'; one of RED, BLUE"),
        (Color, 1, "Color has no member 1; one of RED, BLUE"),
        (Perm, 8, "Perm has no member 8; one of READ, WRITE"),
        (Perm, True, "Perm has no member True; one of READ, WRITE"),
        (list[int], {"0": 1}, "expected a list, got {'0': 1}"),
        (list[int], [1, "a", None], "[1]: expected int, got str 'a'; [2]: expected int, got NoneType None"),
        (set[int], [1, 2, 1], "an element occurs twice"),
        (tuple[int, str], [1], "expected 2 elements, got 1"),
        (tuple[int, str], ["a", 1], "[0]: expected int, got str 'a'; [1]: expected str, got int 1"),
        (dict[int, int], [[1, 2]], "expected a table, got [[1, 2]]"),
        (dict[int, int], {"1_0": 1}, "['1_0']: expected int, got str '1_0'"),
        (dict[int, int], {"01": 1, " 2": 2}, "['01']: expected int, got str '01'; [' 2']: expected int, got str ' 2'"),
        (dict[bool, int], {"True": 1}, "['True']: expected bool, got str 'True'"),
        (dict[Perm, int], {"9": 1}, "['9']: Perm has no member 9; one of READ, WRITE"),
        (dict[UUID, int], {str(UUID(int=5)): 1, "0" * 31 + "5": 2}, "a key occurs twice"),
        (dict[str, list[int]], {"a": [1, "b"]}, "['a'][1]: expected int, got str 'b'"),
        (dict[float, int], {"1": 1}, "expected a list, got {'1': 1}"),
        (dict[float, int], [[1.0]], "expected a list of [key, value] pairs"),
        (dict[float, int], [[1.0, 1], [1, 2]], "a key occurs twice"),
        (dict[tuple[int, int], int], [[[1, "a"], 2]], "[key 0][1]: expected int, got str 'a'"),
        (int | str | None, 1.5, "expected one of int, str, None, got 1.5"),
        (Item | None, {"name": "a", "count": 1}, "expected one of Item, None, got a table without type"),
        (Item | None, {"type": "Itme"}, "expected one of Item, None, got type = 'Itme'"),
        (Item | None, {"type": ["Item"]}, "expected one of Item, None, got type = ['Item']"),
        (Item | Empty, {"type": "Item", "name": "a"}, "Item lacks count"),
        (Color | None, {"type": "Color"}, "a Color in a union is written { type = 'Color', value = … }"),
        (
            Color | None,
            {"type": "Color", "value": "RED", "x": 1},
            "a Color in a union is written { type = 'Color', value = … }",
        ),
        (Item, [], "expected a table of Item, got []"),
        (Item, {"name": "a"}, "Item lacks count"),
        (Item, {}, "Item lacks name, count"),
        (Item, {"name": "a", "count": 1, "x": 1, "y": 2}, "Item has no field 'x', 'y'; known: name, count"),
        (Item, {"name": "a", "count": 1, "type": "Item"}, "Item has no field 'type'; known: name, count"),
        (Empty, {"x": 1}, "Empty has no field 'x'; known: none"),
        (Item, {"name": 1, "count": "b"}, "name: expected str, got int 1; count: expected int, got str 'b'"),
        (Careful, {"n": -1}, "n is negative"),
        (list[Careful], [{"n": 1}, {"n": -1}], "[1]: n is negative"),
        (
            Order,
            {"items": [{"name": "a", "count": 1}, {"name": 2, "count": 1}], "by_id": {"7": {"name": "x"}}, "note": 7},
            "items[1].name: expected str, got int 2; by_id[7]: Item lacks count; note: expected one of str, None, got 7",  # noqa: E501
        ),
    ],
)
def test_plain_data_that_does_not_match_is_not_decoded(annotation, plain, why):
    codec, schema = codec_for(annotation)
    assert refused(codec.decode, schema, plain) == why


def test_deep_error_is_found_in_one_pass():
    """If every level decoded its parts again to find the path, 60 levels would never end."""
    codec, schema = codec_for(Loop)
    value, plain = Loop("x"), {"next": 7}
    for _ in range(59):
        value, plain = Loop(value), {"next": {"type": "Loop", **plain}}
    path = ".".join(["next"] * 60)
    assert refused(codec.encode, schema, value) == f"{path}: expected one of Loop, None, got str 'x'"
    assert refused(codec.decode, schema, plain) == f"{path}: expected one of Loop, None, got 7"


def test_every_error_in_a_table_has_its_key():
    codec, schema = codec_for(dict[Annotated[int, Between(1, 9)], Item])
    wrong = {"12": {"name": "a", "count": 1}, "3": {"name": 4, "count": "b"}}
    assert refused(codec.decode, schema, wrong) == (
        "['12']: 12 is not between 1 and 9; [3].name: expected str, got int 4; [3].count: expected int, got str 'b'"
    )


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        (Between(2, 5), 1, "1 is not between 2 and 5"),
        (Between(2, 5), 6, "6 is not between 2 and 5"),
        (Text(2, 3), "a", "'a' is 1 characters long, not 2 to 3"),
        (Text(2, 3), "abcd", "'abcd' is 4 characters long, not 2 to 3"),
        (Text(0, 9, "ab"), "abc", "'abc' has 'c', which is not in 'ab'"),
        (OneOf(1, 2), 3, "3 is not one of 1, 2"),
    ],
)
def test_part_that_violates_a_constraint_is_refused(limit, value, why):
    codec, schema = codec_for(list[Annotated[type(value), limit]])
    assert refused(codec.encode, schema, [value]) == f"[0]: {why}"
    assert refused(codec.decode, schema, [value]) == f"[0]: {why}"


def test_plain_data_that_contains_itself_is_refused():
    codec, schema = codec_for(Loop)
    plain: Any = None
    for _ in range(5000):
        plain = {"type": "Loop", "next": plain}
    assert refused(codec.decode, schema, {"next": plain}) == "nested too deeply"


def test_message_needs_the_tag_of_its_class():
    codec, schema = codec_for(Item)
    assert codec.encode_message(schema, Item("a")) == {"type": "Item", "name": "a", "count": 1}
    assert codec.decode_message(schema, {"type": "Item", "name": "a", "count": 1}) == Item("a")
    for plain, got in (({"name": "a", "count": 1}, "None"), ({"type": "Empty"}, "'Empty'"), ("Item", "'Item'")):
        assert refused(codec.decode_message, schema, plain) == f"expected type = 'Item', got {got}"


def test_time_zone_and_fold_are_stored():
    codec, schema = codec_for(list[datetime])
    berlin = ZoneInfo("Europe/Berlin")
    value = [datetime(2024, 10, 27, 2, 30, tzinfo=berlin, fold=fold) for fold in (0, 1)]
    again = codec.decode(schema, codec.encode(schema, value))
    assert [each.astimezone(UTC).hour for each in again] == [0, 1]
    assert [each.tzinfo.key for each in again] == ["Europe/Berlin"] * 2


def test_int_becomes_the_declared_float():
    codec, schema = codec_for(dict[str, float | None])
    again = codec.validate(schema, {"a": 3, "b": None})
    assert again == {"a": 3.0, "b": None}
    assert type(again["a"]) is float
    assert type(codec.decode(schema, {"a": 3})["a"]) is float
