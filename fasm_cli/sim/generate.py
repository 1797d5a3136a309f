"""Values drawn from a declared type: what a machine is fed with when it says nothing itself.

A generator is a closure, made once for a shape. Values stay inside what is declared; where nothing is, ints are small
with the odd boundary, floats finite, datetimes naive, collections short.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from fasm_cli.core.chooser import Chooser
from fasm_cli.core.codec.shape import (
    Choice,
    Fixed,
    Mapping,
    Member,
    Nothing,
    Plain,
    Record,
    Sequence,
    Shape,
)
from fasm_cli.core.constraints import Between, OneOf, Size, Text

Draw = Callable[[Chooser], Any]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ODD_TEXT = ("", " ", "é", "日本", "a'b", 'a"b', "\\", "\n", "0", "None", "🙂")
ODD_INTS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1)
ODD_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.1, 1e-9, 1e15)
DEEPEST = 4  # a type that contains itself stops growing here
DAY_ONE = datetime(2024, 1, 1)


class Generators:
    """Generators for the shapes of one machine."""

    def __init__(self) -> None:
        self._made: dict[int, Draw] = {}
        self._depth = 0

    def of(self, shape: Shape) -> Draw:
        key = id(shape)
        if key not in self._made:
            self._made[key] = lambda choose: self._made[key](choose)  # for a type that contains itself
            self._made[key] = self._limited(shape) or self._make(shape)
        return self._made[key]

    def _limited(self, shape: Shape) -> Draw | None:
        for limit in shape.constraints:
            if isinstance(limit, OneOf):
                values = limit.values
                return lambda choose: choose.pick(values)
            if isinstance(limit, Between) and isinstance(shape, Plain):
                return between(shape.scalar.cls, limit.low, limit.high)
            if isinstance(limit, Text):
                return text(limit.min, limit.max, limit.alphabet or LETTERS)
        return None

    def _make(self, shape: Shape) -> Draw:
        match shape:
            case Nothing():
                return lambda _: None
            case Plain(scalar=scalar):
                size = _size(shape)
                if scalar.cls is bytes:
                    return lambda choose: bytes([choose.below(256) for _ in range(choose.between(size.min, size.max))])
                return SCALARS[scalar.cls]
            case Member(cls=kind):
                members = list(kind)
                return lambda choose: choose.pick(members)
            case Record():
                return self._record(shape)
            case Sequence(cls=kind):
                return self._sequence(kind, self.of(shape.item), _size(shape))
            case Fixed(items=items):
                draws = [self.of(item) for item in items]
                return lambda choose: tuple([draw(choose) for draw in draws])
            case Mapping():
                key, value = self.of(shape.key), self.of(shape.value)
                size = _size(shape)
                return lambda choose: {key(choose): value(choose) for _ in range(self._length(choose, size))}
            case Choice(members=members):
                return self._choice([(self.of(member), isinstance(member, Nothing)) for member in members.values()])
        raise AssertionError(f"no generator for {shape}")

    def _record(self, shape: Record) -> Draw:
        kind = shape.cls
        draws = [(field.name, self.of(field.shape)) for field in shape.fields]
        if not draws:
            return lambda _: kind()
        return lambda choose: kind(**{name: draw(choose) for name, draw in draws})

    def _sequence(self, kind: type, item: Draw, size: Size) -> Draw:
        def draw(choose: Chooser) -> Any:
            self._depth += 1
            try:
                values = [item(choose) for _ in range(self._length(choose, size))]
            finally:
                self._depth -= 1
            for _ in range(20):  # a set may have drawn the same element twice
                if kind in (list, tuple) or len(set(values)) >= size.min:
                    break
                values.append(item(choose))
            return kind(values)

        return draw

    def _length(self, choose: Chooser, size: Size) -> int:
        return size.min if self._depth > DEEPEST else choose.between(size.min, size.max)

    def _choice(self, members: list[tuple[Draw, bool]]) -> Draw:
        draws = [draw for draw, _ in members]
        empty = next((draw for draw, is_nothing in members if is_nothing), draws[0])

        def draw(choose: Chooser) -> Any:
            if self._depth > DEEPEST:
                return empty(choose)
            self._depth += 1
            try:
                return choose.pick(draws)(choose)
            finally:
                self._depth -= 1

        return draw


def between(kind: type, low: Any, high: Any) -> Draw:
    """Values of `kind` from `low` to `high`, both included; the bounds themselves come up often."""
    if kind is int:
        return lambda choose: choose.between(low, high)
    if kind is float:
        return lambda choose: min(max(low + choose.draw() * (high - low), low), high) + 0.0
    if kind is Decimal:
        places = max(2, *(-int(Decimal(bound).as_tuple().exponent) for bound in (low, high)))
        unit = Decimal(1).scaleb(-places)
        steps = int((Decimal(high) - Decimal(low)) / unit)
        return lambda choose: Decimal(low) + unit * choose.below(steps + 1)
    if kind is datetime:
        seconds = int((high - low).total_seconds())
        return lambda choose: low + timedelta(seconds=choose.below(seconds + 1))
    if kind is date:
        return lambda choose: low + timedelta(days=choose.below((high - low).days + 1))
    if kind is timedelta:
        micros = (high - low) // timedelta(microseconds=1)
        return lambda choose: low + timedelta(microseconds=choose.below(micros + 1))
    raise AssertionError(f"Between is refused for {kind} when the machine is loaded")


def text(shortest: int, longest: int, alphabet: str) -> Draw:
    return lambda choose: "".join([choose.pick(alphabet) for _ in range(choose.between(shortest, longest))])


def _size(shape: Shape) -> Size:
    return next((limit for limit in shape.constraints if isinstance(limit, Size)), Size())


def _or_odd(usual: Draw, odd: tuple[Any, ...]) -> Draw:
    return lambda choose: choose.pick(odd) if choose.chance(0.05) else usual(choose)


_word = text(0, 8, LETTERS)

SCALARS: dict[type, Draw] = {
    bool: lambda choose: choose.chance(0.5),
    int: _or_odd(lambda choose: choose.between(-2, 12), ODD_INTS),
    float: _or_odd(lambda choose: choose.between(-100, 1000) / 8, ODD_FLOATS),
    str: _or_odd(_word, ODD_TEXT),
    Decimal: lambda choose: Decimal(choose.between(-500, 10_000)) / 100,
    date: lambda choose: (DAY_ONE + timedelta(days=choose.below(366))).date(),
    datetime: lambda choose: DAY_ONE + timedelta(minutes=choose.below(366 * 24 * 60)),
    time: lambda choose: time(choose.below(24), choose.below(60)),
    timedelta: lambda choose: timedelta(minutes=choose.below(3 * 24 * 60)),
    UUID: lambda choose: UUID(int=choose.below(2**128)),
}
