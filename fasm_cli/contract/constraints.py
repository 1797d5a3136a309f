"""Defines the constraints that an author may add to a type in `Annotated[...]`: ranges, choices, lengths.

Generated values satisfy the constraints of a type, and the codec refuses a value that does not. Every class has
`violation_of(value)`, which returns the reason why a value violates the constraint, or ''.
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
            raise TypeError(f"Between needs two numbers, dates or durations, got {self.low!r} and {self.high!r}")
        low: Any = self.low
        if not low <= self.high:
            raise ValueError(
                f"Between({self.low!r}, {self.high!r}) is empty: the first bound must not exceed the second"
            )

    def violation_of(self, value: Any) -> str:
        try:
            inside = self.low <= value <= self.high
        except (ArithmeticError, TypeError):  # Decimal('NaN'), or a datetime with a time zone and one without
            inside = False
        return "" if inside else f"not between {self.low} and {self.high}"


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """One of the listed values."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        if not values:
            raise ValueError("OneOf() needs at least one value")
        object.__setattr__(self, "values", values)

    def violation_of(self, value: Any) -> str:
        inside = value in self.values
        return "" if inside else f"not one of {', '.join(map(repr, self.values))}"


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `min` to `max` characters, each from `alphabet`; any character if `alphabet` is empty."""

    min: int = 0
    max: int = 20
    alphabet: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.min <= self.max:
            raise ValueError(f"Text(min={self.min}, max={self.max}) is empty: it needs 0 <= min <= max")

    def violation_of(self, value: str) -> str:
        if not self.min <= len(value) <= self.max:
            return f"{len(value)} characters long, not {self.min} to {self.max}"
        foreign = next((char for char in value if self.alphabet and char not in self.alphabet), None)
        return "" if foreign is None else f"has {foreign!r}, which is not in {self.alphabet!r}"


@dataclass(frozen=True, slots=True)
class Size:
    """A list, tuple, set, dict or bytes of `min` to `max` elements."""

    min: int = 0
    max: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.min <= self.max:
            raise ValueError(f"Size(min={self.min}, max={self.max}) is empty: it needs 0 <= min <= max")

    def violation_of(self, value: Any) -> str:
        inside = self.min <= len(value) <= self.max
        return "" if inside else f"has {len(value)} elements, not {self.min} to {self.max}"


Constraint = Between | OneOf | Text | Size
