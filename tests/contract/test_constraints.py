"""A value that violates a constraint is refused as a value, as plain data and as source text."""

import typing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import pytest

from fasm_cli import Between, OneOf, Size, Text
from fasm_cli.errors import InputError
from fasm_cli.types.codec import Codec, DecodeError, SchemaRegistry, format_value

NEW_YEAR = datetime(2024, 1, 1)
day = timedelta(days=1)


class Color(Enum):
    RED = 1
    BLUE = 2


@pytest.mark.parametrize(
    ("make", "kind", "why"),
    [
        (lambda: Between(2, 1), ValueError, "Between(2, 1) is empty: the first bound must not exceed the second"),
        (
            lambda: Between(float("nan"), 1.0),
            ValueError,
            "Between(nan, 1.0) is empty: the first bound must not exceed the second",
        ),
        (lambda: Between("a", "b"), TypeError, "Between needs two numbers, dates or durations, got 'a' and 'b'"),
        (lambda: OneOf(), ValueError, "OneOf() needs at least one value"),
        (lambda: Text(3, 2), ValueError, "Text(min=3, max=2) is empty: it needs 0 <= min <= max"),
        (lambda: Text(-1, 2), ValueError, "Text(min=-1, max=2) is empty: it needs 0 <= min <= max"),
        (lambda: Size(3, 2), ValueError, "Size(min=3, max=2) is empty: it needs 0 <= min <= max"),
    ],
)
def test_empty_constraint_is_refused(make, kind, why):
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("annotation", "inside", "outside", "why"),
    [
        (Annotated[int, Between(1, 9)], (1, 9), 10, "10 is not between 1 and 9"),
        (Annotated[float, Between(0, 0.5)], (0, 0.5), 0.6, "0.6 is not between 0 and 0.5"),
        (Annotated[float, Between(0, 1)], (1.0,), float("nan"), "nan is not between 0 and 1"),
        (Annotated[Decimal, Between(0, 1)], (Decimal("0.1"),), Decimal("1.1"), "Decimal('1.1') is not between 0 and 1"),
        (Annotated[Decimal, Between(0, 1)], (Decimal(1),), Decimal("NaN"), "Decimal('NaN') is not between 0 and 1"),
        (Annotated[Decimal, Between(0, 1)], (Decimal(1),), Decimal("sNaN"), "Decimal('sNaN') is not between 0 and 1"),
        (
            Annotated[date, Between(date(2024, 1, 1), date(2024, 1, 2))],
            (date(2024, 1, 1),),
            date(2024, 1, 3),
            "date(2024, 1, 3) is not between 2024-01-01 and 2024-01-02",
        ),
        (
            Annotated[datetime, Between(NEW_YEAR, NEW_YEAR)],
            (NEW_YEAR,),
            NEW_YEAR.replace(tzinfo=UTC),
            f"datetime(2024, 1, 1, 0, 0, tzinfo=timezone.utc) is not between {NEW_YEAR} and {NEW_YEAR}",
        ),
        (
            Annotated[timedelta, Between(0 * day, day)],
            (day,),
            2 * day,
            "timedelta(days=2) is not between 0:00:00 and 1 day, 0:00:00",
        ),
        (Annotated[str, OneOf("a", "b")], ("a", "b"), "c", "'c' is not one of 'a', 'b'"),
        (Annotated[float, OneOf(1, 2.5)], (1, 1.0, 2.5), 2.0, "2.0 is not one of 1, 2.5"),
        (Annotated[Color, OneOf(Color.RED)], (Color.RED,), Color.BLUE, "Color.BLUE is not one of <Color.RED: 1>"),
        (Annotated[str, Text(1, 2)], ("a", "éé"), "", "'' is 0 characters long, not 1 to 2"),
        (Annotated[str, Text(0, 3, "ab")], ("", "aba"), "abc", "'abc' has 'c', which is not in 'ab'"),
        (Annotated[list[int], Size(1, 2)], ([1], [1, 2]), [], "[] has 0 elements, not 1 to 2"),
        (Annotated[bytes, Size(1, 2)], (b"a",), b"abc", "b'abc' has 3 elements, not 1 to 2"),
        (Annotated[dict[str, int], Size(0, 1)], ({},), {"a": 1, "b": 2}, "{'a': 1, 'b': 2} has 2 elements, not 0 to 1"),
        (Annotated[int, Between(1, 9)] | None, (None, 1), 0, "0 is not between 1 and 9"),
        (list[Annotated[int, Between(1, 9)]], ([1],), [1, 0], "[1]: 0 is not between 1 and 9"),
    ],
)
def test_constraint_applies_to_values_and_to_plain_data(annotation, inside, outside, why):
    registry = SchemaRegistry()
    schema = registry.of(annotation, "T")
    unlimited = SchemaRegistry()
    bare = unlimited.of(typing.get_type_hints(_holder(annotation))["x"], "T")
    codec, free = Codec(registry), Codec(unlimited)
    for value in inside:
        assert codec.decode(schema, codec.encode(schema, value)) == value
    for call, given in ((codec.encode, outside), (codec.decode, free.encode(bare, outside))):
        with pytest.raises(DecodeError) as caught:
            call(schema, given)
        assert str(caught.value) == why
    with pytest.raises(InputError) as refused:
        codec.parse(schema, format_value(outside))
    assert refused.value.message == f"{format_value(outside)}: {why}"


def _holder(annotation: Any) -> Any:
    """The class that `annotation` names, without `Annotated`."""
    return type("Holder", (), {"__annotations__": {"x": annotation}})
