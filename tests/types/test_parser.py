"""The parser accepts values in source text, refuses everything else with a column, and executes nothing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from fasm_cli import Between
from fasm_cli.errors import InputError
from fasm_cli.types.codec import Codec, SchemaRegistry


class Size(Enum):
    S = 1
    L = 2


class Perm(Flag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.0


@dataclass
class RedeemPoints:
    points: Annotated[int, Between(1, 200)]


@dataclass
class Increment:
    pass


@dataclass
class Careful:
    n: int

    def __post_init__(self) -> None:
        if self.n == 0:
            raise ValueError("n is\n  nothing")


registry = SchemaRegistry()
REGISTERED = Point | RedeemPoints | Increment | Careful | Size | Perm
registry.of(REGISTERED, "T")
codec = Codec(registry)
KNOWN = "known: Careful, Increment, Perm, Point, RedeemPoints, Size"
WRITE = "write literals, collections and Name(field=value)"
DIGITS = "Exceeds the limit (4300 digits) for integer string conversion"
NAME = "write Name(field=value)"


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        codec.parser.parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-0x1F", -31),
        ("1_000", 1000),
        ("+2.5", 2.5),
        ("-inf", float("-inf")),
        ("True", True),
        ("None", None),
        (r"'\d'", r"\d"),
        ("'a' 'b'", "ab"),
        (r"'\x00\ud800'", "\x00\ud800"),
        ("b'\\x00'", b"\x00"),
        ("[1, (2,), {3}, {4: 5}, ()]", [1, (2,), {3}, {4: 5}, ()]),
        ("{(1, 2): {Size.S: None}}", {(1, 2): {Size.S: None}}),
        ("set()", set()),
        ("frozenset({1, 2})", frozenset({1, 2})),
        ("Point(1)", Point(1)),
        ("Point(1, y=2)", Point(1, 2)),
        ("{Point(x=1, y=2.0): Size.L}", {Point(1, 2): Size.L}),
        ("RedeemPoints(points=100)", RedeemPoints(100)),
        ("Increment", Increment()),
        (" \n Increment( ) # nothing else\n", Increment()),
        ("Size(2)", Size.L),
        ("Perm(3)", Perm.READ | Perm.WRITE),
        ("Decimal('1.50')", Decimal("1.50")),
        ("Decimal(1)", Decimal(1)),
        ("date(2024, 2, 29)", date(2024, 2, 29)),
        ("datetime(2024, 1, 1, tzinfo=timezone.utc)", datetime(2024, 1, 1, tzinfo=UTC)),
        ("time(1, tzinfo=timezone(timedelta(hours=1)))", time(1, tzinfo=timezone(timedelta(hours=1)))),
        (
            "datetime(2024, 1, 1, tzinfo=ZoneInfo('Europe/Berlin'))",
            datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        ),
        ("timedelta(days=-1, seconds=5)", timedelta(-1, 5)),
        ("UUID('00000000000000000000000000000001')", UUID(int=1)),
        ("[\n  1,\n  2,\n]", [1, 2]),
    ],
)
def test_accepted_text(text, value):
    parsed = codec.parser.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("", "the value is missing", None),
        (" \n\t", "the value is missing", None),
        ("# only this", "not a value: invalid syntax", 0),
        ("x" * 200_000, "a value of 200000 characters is too long; the limit is 100000", None),
        ("Point(x=1, x=2)", "x is given twice", 13),
        ("Point(1, x=2)", "x is given twice", 11),
        ("Point(1, 2, 3)", "Point takes 2 values, got 3", 12),
        ("Point(y=1)", "Point lacks x", 0),
        ("[1, Point()]", "Point lacks x", 4),
        ("Point", "Point lacks x", 0),
        ("Point(x=1, z=2)", "Point has no field 'z'", 13),
        ("Point(_x=1)", "Point has no field '_x'", 9),
        ("Point(__class__=1)", "Point has no field '__class__'", 16),
        ("Point(x='a')", "Point.x: expected int, got str 'a'", 8),
        ("Point(x=True)", "Point.x: expected int, got bool True", 8),
        ("RedeemPoints(points=0)", "RedeemPoints.points: 0 is not between 1 and 200", 20),
        ("RedeemPoints(points=20.0)", "RedeemPoints.points: expected int, got float 20.0", 20),
        ("RedeemPoints(points=inf)", "RedeemPoints.points: expected int, got float inf", 20),
        ("RedeemPoints(points=1e999)", "the number is too large for a float", 20),
        ("[1, -1e999]", "the number is too large for a float", 5),
        ("RedeemPoints(points=20o)", "not a value: invalid decimal literal", 21),
        ("Careful(0)", "Careful refuses the value: ValueError: n is nothing", 0),
        ("Size", "Size is an enum; write one of its members", 0),
        ("Size.M", "Size has no member 'M'", 0),
        ("Size.__class__", "Size has no member '__class__'", 0),
        ("Size(7)", "Size refuses the value: ValueError: 7 is not a valid Size", 0),
        ("Point.x", "Point is not an enum: Point.x has no value", 0),
        ("timezone.max", "no type 'timezone' in this machine", 0),
        ("Decimal('x')", "Decimal refuses the value: ValueError: not a decimal number: 'x'", 0),
        ("date(2024, 13, 1)", "date refuses the value: ValueError: month must be in 1..12", 0),
        ("ZoneInfo('../../etc/passwd')", None, 0),
        ("frozenset([[]])", "frozenset refuses the value: TypeError: unhashable type: 'list'", 0),
        ("{[]: 1}", "[] has no hash; it cannot be an element of a set or a key", 1),
        ("{1, {2}}", "{2} has no hash; it cannot be an element of a set or a key", 4),
        ("{RedeemPoints(1): 1}", "RedeemPoints(points=1) has no hash; it cannot be an element of a set or a key", 1),
        ("{1: 2, 1: 3}", "the key 1 occurs twice", 7),
        ("{1: 2, True: 3}", "the key True occurs twice", 7),
        ("{**{}}", "** is not allowed in a value", 3),
        ("Point(**{})", "** is not allowed in a value", 8),
        ("Point(*[1])", "* is not allowed in a value", 6),
        ("[*[1]]", "* is not allowed in a value", 1),
        ("-'a'", "a sign must precede a number", 0),
        ("[-True]", "a sign must precede a number", 1),
        ("...", "... is not allowed in a value", 0),
        ("[1, ...]", "... is not allowed in a value", 4),
        ("1j", "1j is not allowed in a value", 0),
        ("1 + 1", "an operator is not allowed in a value", 0),
        ("not 1", "an operator is not allowed in a value", 0),
        ("[0] * 10**10", "an operator is not allowed in a value", 0),
        ("1 if 1 else 2", "a condition is not allowed in a value", 0),
        ("[x for x in y]", "a comprehension is not allowed in a value", 0),
        ("{x: 1 for x in y}", "a comprehension is not allowed in a value", 0),
        ("f'{1}'", "an f-string is not allowed in a value", 0),
        ("lambda: 1", "a lambda is not allowed in a value", 0),
        ("[(x := 1)]", "an assignment is not allowed in a value", 2),
        ("x[0]", "an index is not allowed in a value", 0),
        ("await x", "await is not allowed in a value", 0),
        ("(yield)", "yield is not allowed in a value", 1),
        ("Size.S.name", "a dotted name that is not Enum.MEMBER is not allowed in a value", 0),
        ("().__class__", "a dotted name that is not Enum.MEMBER is not allowed in a value", 0),
        ("__import__('os').system('x')", "a call of anything but a name is not allowed in a value", 0),
        ("__import__('os')", "no type '__import__' in this machine", 0),
        ("open('/etc/passwd')", "no type 'open' in this machine", 0),
        ("eval('1')", "no type 'eval' in this machine", 0),
        ("Pont(x=1)", "no type 'Pont' in this machine", 0),
        ("points", "no type 'points' in this machine", 0),
        ("[1, 2, bad]", "no type 'bad' in this machine", 7),
        ("['é', bad]", "no type 'bad' in this machine", 6),
        ("['日本🙂', bad]", "no type 'bad' in this machine", 8),
        ("  [\n 1, bad]", "no type 'bad' in this machine", 8),
        ("['\u2028\x0c', bad]", "no type 'bad' in this machine", 7),
        ("[1,\r\n 'é', bad]", "no type 'bad' in this machine", 11),
        ("['\u2028\x0b',\n bad]", "no type 'bad' in this machine", 8),
        ("[1,\r bad]", "no type 'bad' in this machine", 5),
        ("[1,\n 2, 3o]", "not a value: invalid decimal literal", 8),
        ("['é', 3o]", "not a value: invalid decimal literal", 6),
        ("1; 2", "not a value: invalid syntax", 1),
        ("x = 1", "not a value: invalid syntax", 2),
        ("import os", "not a value: invalid syntax", 0),
        ("'open", "not a value: unterminated string literal (detected at line 1)", 0),
        ("Point(x=1", "not a value: '(' was never closed", 5),
        (
            "9" * 5000,
            "not a value: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits",
            0,
        ),
        ("0x" + "f" * 5000, "an int of more than 4300 digits cannot be stored", 0),
        ("\x00", "not a value: source code string cannot contain null bytes", None),
        ("Point(x=1)\x00", "not a value: source code string cannot contain null bytes", None),
        ("'\ud800'", None, None),
        ("(" * 300, "not a value: too many nested parentheses", 200),
        ("[" * 90 + "]" * 90, "nested more than 60 levels deep", 61),
        ("-" * 99_000 + "1", "not a value: nested too deeply", None),
        ("a" + ".b" * 40_000, "not a value: nested too deeply", None),
    ],
)
@pytest.mark.filterwarnings("error")
def test_refused_text(text, message, column):
    error = refused(text)
    if message is not None:
        assert error.message == message
    assert error.column == column


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", NAME),
        ("Pont(x=1)", f"did you mean 'Point'? {KNOWN}"),
        ("exec(1)", KNOWN),
        ("Point(z=2)", "known: x, y"),
        ("RedeemPoints(point=2)", "did you mean 'points'? known: points"),
        ("Point()", "Point(x, y)"),
        ("Point(1, 2, 3)", "Point(x, y)"),
        ("Size", "one of Size.S, Size.L"),
        ("Size.s", "did you mean 'S'? known: L, S"),
        ("1 + 1", WRITE),
        ("1e999", "write inf if you mean it"),
        ("1;", NAME),
    ],
)
def test_hint_of_a_refusal(text, hint):
    assert refused(text).hint == hint


def test_value_is_validated_against_the_schema():
    points = registry.of(Point | RedeemPoints, "T")
    assert codec.parse(points, "Point(1, 2)") == Point(1, 2.0)
    assert type(codec.parse(points, "Point(1, 2)").y) is float
    with pytest.raises(InputError) as caught:
        codec.parse(points, "Increment()")
    assert caught.value.message == "Increment(): expected one of Point, RedeemPoints, got Increment Increment()"
    assert caught.value.hint == "write one of Point, RedeemPoints"


def test_arguments_by_position_and_by_name():
    fields = ("id", "result")
    read = codec.parser.arguments
    for text in (
        "Done(1, Point(2))",
        "Done(id=1, result=Point(2))",
        " Done(result=Point(2), id=1) ",
        "Done(1, result=Point(2))",
    ):
        assert read(text, "Done", fields) == [1, Point(2)]
    for text in (
        "Done(1)",
        "Done(1, 2, 3)",
        "Done(1, id=2)",
        "Done(id=1, id=2)",
        "Other(1, 2)",
        "Done",
        "Done(1, **{})",
    ):
        with pytest.raises(InputError) as caught:
            read(text, "Done", fields)
        assert (caught.value.message, caught.value.column) == ("write Done(id=…, result=…)", 0)
    with pytest.raises(InputError) as caught:
        read("Done(1, bad)", "Done", fields)
    assert (caught.value.message, caught.value.column) == ("no type 'bad' in this machine", 8)
