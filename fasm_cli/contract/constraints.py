"""What a machine may say about a value beyond its type, inside `Annotated[...]`: ranges, choices, lengths.

They are part of the declared type: the generator stays inside them and the codec refuses what lies outside.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Ordered = int | float | Decimal | date | datetime | timedelta


@dataclass(frozen=True, slots=True)
class Between:
    """`low <= value <= high`, both included; for int, float, Decimal, date, datetime and timedelta."""

    low: Any
    high: Any

    def __post_init__(self) -> None:
        if not isinstance(self.low, Ordered) or not isinstance(self.high, Ordered):
            raise TypeError(f"Between takes two numbers, dates or durations, got {self.low!r} and {self.high!r}")
        low: Any = self.low
        if not low <= self.high:
            raise ValueError(f"Between({self.low!r}, {self.high!r}) is empty: the first bound is the lower one")

    def violation_of(self, value: Any) -> str:
        try:
            inside = self.low <= value <= self.high
        except (ArithmeticError, TypeError):  # Decimal('NaN'); a datetime with a zone against one without
            inside = False
        return "" if inside else f"not between {self.low} and {self.high}"


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """One of the values listed."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        if not values:
            raise ValueError("OneOf() lists no value to choose from")
        object.__setattr__(self, "values", values)

    def violation_of(self, value: Any) -> str:
        inside = value in self.values  # the codec has seen to it that all are of one type
        return "" if inside else f"not one of {', '.join(map(repr, self.values))}"


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `min` to `max` characters, each from `alphabet` (any character where none is given)."""

    min: int = 0
    max: int = 20
    alphabet: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.min <= self.max:
            raise ValueError(f"Text(min={self.min}, max={self.max}) is empty: 0 <= min <= max")

    def violation_of(self, value: str) -> str:
        if not self.min <= len(value) <= self.max:
            return f"{len(value)} characters long, not {self.min} to {self.max}"
        strange = next((char for char in value if self.alphabet and char not in self.alphabet), None)
        return "" if strange is None else f"has {strange!r}, which is not in {self.alphabet!r}"


@dataclass(frozen=True, slots=True)
class Size:
    """A list, tuple, set, dict or bytes of `min` to `max` elements."""

    min: int = 0
    max: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.min <= self.max:
            raise ValueError(f"Size(min={self.min}, max={self.max}) is empty: 0 <= min <= max")

    def violation_of(self, value: Any) -> str:
        inside = self.min <= len(value) <= self.max
        return "" if inside else f"{len(value)} long, not {self.min} to {self.max}"


Constraint = Between | OneOf | Text | Size
