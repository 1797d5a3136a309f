"""Values drawn from a declared type: what a machine is fed with when it says nothing itself.

A generator is a closure, made once for a schema. Values stay inside what is declared; where nothing is, ints are small
with the odd boundary, floats finite, datetimes naive, collections short.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import inf
from typing import Any
from uuid import UUID

from fasm_cli.contract.chooser import Chooser
from fasm_cli.contract.constraints import Between, OneOf, Size, Text
from fasm_cli.errors import MachineError
from fasm_cli.types.per_schema import PerSchema
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

Draw = Callable[[Chooser], Any]

LETTERS = "abcdefghijklmnopqrstuvwxyz"
EDGE_TEXT = ("", " ", "é", "日本", "a'b", 'a"b', "\\", "\n", "0", "None", "🙂")
EDGE_INTS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1)
EDGE_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.1, 1e-9, 1e15)
TRIES = 20  # for a value that its author's class refuses, or an element that is there already
DEEPEST = 4  # a type that contains itself stops growing here
DAY_ONE = datetime(2024, 1, 1)


class Generators:
    """Generators for the registry of one machine."""

    def __init__(self) -> None:
        self.of = PerSchema[Draw](lambda schema: self._limited(schema) or self._make(schema)).of
        self._depth = 0

    def _limited(self, schema: Schema) -> Draw | None:
        for limit in schema.constraints:
            if isinstance(limit, OneOf):
                values = limit.values
                return lambda choose: choose.pick(values)
            if isinstance(limit, Between) and isinstance(schema, ScalarSchema):
                return between(schema.scalar.cls, limit.low, limit.high)
            if isinstance(limit, Text):
                return text(limit.min, limit.max, limit.alphabet or LETTERS)
        return None

    def _make(self, schema: Schema) -> Draw:
        match schema:
            case NoneSchema():
                return lambda _: None
            case ScalarSchema(scalar=scalar):
                size = _size(schema)
                if scalar.cls is bytes:
                    return lambda choose: bytes(
                        [choose.randbelow(256) for _ in range(choose.randint(size.min, size.max))]
                    )
                return SCALARS[scalar.cls]
            case EnumSchema(cls=kind):
                members = list(kind)
                return lambda choose: choose.pick(members)
            case RecordSchema():
                return self._record(schema)
            case CollectionSchema(cls=kind):
                return self._sequence(kind, self.of(schema.item), _size(schema))
            case TupleSchema(items=items):
                draws = [self.of(item) for item in items]
                return lambda choose: tuple([draw(choose) for draw in draws])
            case DictSchema():
                return self._mapping(self.of(schema.key), self.of(schema.value), _size(schema))
            case UnionSchema(members=members):
                lowest = min(members.values(), key=min_depth)
                return self._choice([self.of(member) for member in members.values()], self.of(lowest))
        raise AssertionError(f"no generator for {schema}")

    def _record(self, schema: RecordSchema) -> Draw:
        kind = schema.cls
        draws = [(field.name, self.of(field.schema)) for field in schema.fields]
        if not draws:
            return lambda _: kind()

        def draw(choose: Chooser) -> Any:
            for _ in range(TRIES):
                values = {name: draw(choose) for name, draw in draws}
                try:
                    return kind(**values)
                except Exception as error:  # its author refuses some values
                    refusal = error
            text = f"{kind.__name__} refuses what is generated for it: {type(refusal).__name__}: {refusal}"
            raise MachineError(text, "say what is legal with Annotated (Between, OneOf, Text, Size), or write propose")

        return draw

    def _sequence(self, kind: type, item: Draw, size: Size) -> Draw:
        def draw(choose: Chooser) -> Any:
            self._depth += 1
            try:
                wanted = self._length(choose, size)
                values = [item(choose) for _ in range(wanted)]
                for _ in range(TRIES * wanted):  # a set may have drawn the same element twice
                    if kind in (list, tuple) or len(set(values)) >= size.min:
                        break
                    values.append(item(choose))
            finally:
                self._depth -= 1
            return kind(values)

        return draw

    def _mapping(self, key: Draw, value: Draw, size: Size) -> Draw:
        def draw(choose: Chooser) -> Any:
            self._depth += 1
            try:
                wanted = self._length(choose, size)
                pairs = {key(choose): value(choose) for _ in range(wanted)}
                for _ in range(TRIES * wanted):
                    if len(pairs) >= size.min:
                        break
                    pairs[key(choose)] = value(choose)
            finally:
                self._depth -= 1
            return pairs

        return draw

    def _length(self, choose: Chooser, size: Size) -> int:
        most = max(size.min, size.max >> max(self._depth - 3, 0))  # shorter, the deeper it stands
        return size.min if self._depth > DEEPEST else choose.randint(size.min, most)

    def _choice(self, draws: list[Draw], lowest: Draw) -> Draw:
        def draw(choose: Chooser) -> Any:
            if self._depth > DEEPEST:
                return lowest(choose)
            self._depth += 1
            try:
                return choose.pick(draws)(choose)
            finally:
                self._depth -= 1

        return draw


def min_depth(schema: Schema, _inside: tuple[Schema, ...] = ()) -> float:
    """How many records stand inside each other at the least in a value of this schema; infinite for one that cannot
    end."""
    if schema in _inside:
        return inf
    inside = (*_inside, schema)
    match schema:
        case RecordSchema(fields=fields):
            return 1 + max((min_depth(field.schema, inside) for field in fields), default=0)
        case TupleSchema(items=items):
            return max((min_depth(item, inside) for item in items), default=0)
        case UnionSchema(members=members):
            return min(min_depth(member, inside) for member in members.values())
        case CollectionSchema(item=item) if _size(schema).min:
            return min_depth(item, inside)
        case DictSchema(key=key, value=value) if _size(schema).min:
            return max(min_depth(key, inside), min_depth(value, inside))
    return 0


def between(kind: type, low: Any, high: Any) -> Draw:
    """Values of `kind` from `low` to `high`, both included; the bounds themselves come up often."""
    if kind is int:
        return lambda choose: choose.randint(low, high)
    if kind is float:
        return lambda choose: min(max(low * (1 - (part := choose.draw())) + high * part, low), high) + 0.0
    if kind is Decimal:
        places = max(2, *(-int(Decimal(bound).as_tuple().exponent) for bound in (low, high)))
        unit = Decimal(1).scaleb(-places)
        steps = int((Decimal(high) - Decimal(low)) / unit)
        return lambda choose: Decimal(low) + unit * choose.randbelow(steps + 1)
    if kind is datetime:
        seconds = int((high - low).total_seconds())
        return lambda choose: low + timedelta(seconds=choose.randbelow(seconds + 1))
    if kind is date:
        return lambda choose: low + timedelta(days=choose.randbelow((high - low).days + 1))
    if kind is timedelta:
        micro = timedelta(microseconds=1)
        first, last = low // micro, high // micro
        return lambda choose: timedelta(microseconds=choose.randint(first, last))
    raise AssertionError(f"Between is refused for {kind} when the machine is loaded")


def text(shortest: int, longest: int, alphabet: str) -> Draw:
    return lambda choose: "".join([choose.pick(alphabet) for _ in range(choose.randint(shortest, longest))])


def _size(schema: Schema) -> Size:
    return next((limit for limit in schema.constraints if isinstance(limit, Size)), Size())


def _or_edge_case(usual: Draw, odd: tuple[Any, ...]) -> Draw:
    return lambda choose: choose.pick(odd) if choose.chance(0.05) else usual(choose)


_word = text(0, 8, LETTERS)

SCALARS: dict[type, Draw] = {
    bool: lambda choose: choose.chance(0.5),
    int: _or_edge_case(lambda choose: choose.randint(-2, 12), EDGE_INTS),
    float: _or_edge_case(lambda choose: choose.randint(-100, 1000) / 8, EDGE_FLOATS),
    str: _or_edge_case(_word, EDGE_TEXT),
    Decimal: lambda choose: Decimal(choose.randint(-500, 10_000)) / 100,
    date: lambda choose: (DAY_ONE + timedelta(days=choose.randbelow(366))).date(),
    datetime: lambda choose: DAY_ONE + timedelta(minutes=choose.randbelow(366 * 24 * 60)),
    time: lambda choose: time(choose.randbelow(24), choose.randbelow(60)),
    timedelta: lambda choose: timedelta(minutes=choose.randbelow(3 * 24 * 60)),
    UUID: lambda choose: UUID(int=choose.randbelow(2**128)),
}
