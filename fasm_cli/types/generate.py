"""Draws random values of a declared type, and proposes simpler values in place of one.

Drawn values serve machines that do not propose inputs or results themselves.

Values satisfy the declared constraints. Without any, ints are small with an occasional edge case, floats are finite,
datetimes have no time zone, and collections are short. `scalars` says how each scalar is drawn.

The shrinker tries the simpler values, the simplest first. Their order and the passes over numbers and sequences follow
the shrinker of Hypothesis (MacIver and Donaldson, "Test-Case Reduction via Test-Case Generation", 2020).
"""

from collections.abc import Iterator
from math import inf
from typing import Any, assert_never

from fasm_cli.contract.chooser import Chooser
from fasm_cli.contract.constraints import Between, OneOf, Size, Text
from fasm_cli.errors import MachineError
from fasm_cli.types.codegen import PerSchema
from fasm_cli.types.fields import field_names, is_record
from fasm_cli.types.format import format_value
from fasm_cli.types.scalars import LETTERS, Draw, draw_bytes, draw_text
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    Member,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    constraint_of,
)

MAX_TRIES = 20  # for a value that the author's class refuses, and for each element that a set already holds
MAX_DEPTH = 4  # collections and unions nested deeper than this are drawn as small as possible
MAX_MINIMAL_DEPTH = 6  # of the values that `minimal` makes
MAX_WHOLE_FLOAT = 1e15  # larger floats are simplified to zero only
NO_VALUE = object()


class Generators:
    """Generators for the schemas of one machine, each made once."""

    def __init__(self) -> None:
        self.of = PerSchema[Draw](lambda schema: _draw_constrained(schema) or self._make(schema)).of
        self._depth = 0

    def _make(self, schema: Schema) -> Draw:
        match schema:
            case NoneSchema():
                return lambda _: None
            case ScalarSchema(scalar=scalar):
                return scalar.draw
            case EnumSchema(cls=kind):
                members = list(kind)
                return lambda choose: choose.pick(members)
            case RecordSchema():
                return self._record(schema)
            case CollectionSchema(cls=kind, item=item):
                return self._collection(kind, self.of(item), _size(schema))
            case TupleSchema(items=items):
                draws = [self.of(item) for item in items]
                return lambda choose: tuple([draw(choose) for draw in draws])
            case DictSchema(key=key, value=value):
                return self._dict(self.of(key), self.of(value), _size(schema))
            case UnionSchema(members=members):
                shallowest: Member = min(members.values(), key=min_depth)
                return self._union([self.of(member) for member in members.values()], self.of(shallowest))
            case DatabaseSchema():
                raise AssertionError("only a state has a Database, and states are not drawn")
        assert_never(schema)

    def _record(self, schema: RecordSchema) -> Draw:
        kind = schema.cls
        draws = [(field.name, self.of(field.schema)) for field in schema.fields]
        if not draws:
            return lambda _: kind()

        def draw_record(choose: Chooser) -> Any:
            for _ in range(MAX_TRIES):
                values = {name: draw(choose) for name, draw in draws}
                try:
                    return kind(**values)
                except Exception as error:  # the author's class may refuse values
                    refusal = error
            text = f"{kind.__name__} refuses every generated value: {type(refusal).__name__}: {refusal}"
            raise MachineError(
                text, "declare the legal values with Annotated (Between, OneOf, Text, Size), or write propose"
            )

        return draw_record

    def _collection(self, kind: type, item: Draw, size: Size) -> Draw:
        def draw_collection(choose: Chooser) -> Any:
            self._depth += 1
            try:
                length = self._length(choose, size)
                values = [item(choose) for _ in range(length)]
                for _ in range(MAX_TRIES * length):  # a set may have drawn the same element twice
                    if kind in (list, tuple) or len(set(values)) >= size.min:
                        break
                    values.append(item(choose))
            finally:
                self._depth -= 1
            return kind(values)

        return draw_collection

    def _dict(self, key: Draw, value: Draw, size: Size) -> Draw:
        def draw_dict(choose: Chooser) -> Any:
            self._depth += 1
            try:
                length = self._length(choose, size)
                pairs = {key(choose): value(choose) for _ in range(length)}
                for _ in range(MAX_TRIES * length):
                    if len(pairs) >= size.min:
                        break
                    pairs[key(choose)] = value(choose)
            finally:
                self._depth -= 1
            return pairs

        return draw_dict

    def _length(self, choose: Chooser, size: Size) -> int:
        longest = max(size.min, size.max >> max(self._depth - 3, 0))  # halved at each level from the fourth on
        return size.min if self._depth > MAX_DEPTH else choose.randint(size.min, longest)

    def _union(self, draws: list[Draw], shallowest: Draw) -> Draw:
        def draw_member(choose: Chooser) -> Any:
            if self._depth > MAX_DEPTH:
                return shallowest(choose)
            self._depth += 1
            try:
                return choose.pick(draws)(choose)
            finally:
                self._depth -= 1

        return draw_member


def _draw_constrained(schema: Schema) -> Draw | None:
    """A `Draw` of the values that a constraint allows; None if the constraints do not decide alone."""
    for limit in schema.constraints:
        match limit:
            case OneOf(values=values):
                return lambda choose: choose.pick(values)
            case Between(low=low, high=high) if isinstance(schema, ScalarSchema):
                assert schema.scalar.draw_between is not None, "from_annotations refuses other types"
                return schema.scalar.draw_between(low, high)
            case Text(min=low, max=high, alphabet=alphabet):
                return draw_text(low, high, alphabet or LETTERS)
            case Size(min=low, max=high) if isinstance(schema, ScalarSchema):
                return draw_bytes(low, high)
    return None


def _size(schema: Schema) -> Size:
    return constraint_of(schema, Size) or Size()


def min_depth(schema: Schema, _outer: tuple[Schema, ...] = ()) -> float:
    """The smallest number of records nested in each other in any value; infinite if no value is finite."""
    if schema in _outer:
        return inf
    depths = [min_depth(part, (*_outer, schema)) for part in schema.parts]
    match schema:
        case RecordSchema():
            return 1 + max(depths, default=0)
        case UnionSchema():
            return min(depths)
        case CollectionSchema() | DictSchema():
            return max(depths) if _size(schema).min else 0
        case TupleSchema() | NoneSchema() | ScalarSchema() | EnumSchema() | DatabaseSchema():
            return max(depths, default=0)
    assert_never(schema)


# --- simpler values ---


def complexity(schema: Schema, value: Any) -> tuple[Any, ...]:
    """A key that orders values from simple to complicated: zero, empty, the first member and None come first."""
    match schema:
        case NoneSchema():
            return (0,)
        case ScalarSchema(scalar=scalar):
            if scalar.cls in (int, float):
                zero = _nearest_to_zero(schema, scalar.cls)
                return (abs(value - zero) if value == value else float("inf"), value < zero)
            if scalar.cls in (str, bytes):
                return (len(value), value != _plainest(schema, len(value)), str(value))
        case EnumSchema(cls=kind):
            members = list(kind)
            return (members.index(value) if value in members else len(members),)
        case RecordSchema(fields=fields):
            return tuple(complexity(field.schema, getattr(value, field.name)) for field in fields)
        case CollectionSchema(item=item):
            return (len(value), tuple(complexity(item, part) for part in _ordered(schema.cls, value)))
        case TupleSchema(items=items):
            return tuple(complexity(item, part) for item, part in zip(items, value, strict=True))
        case DictSchema():
            pairs = ((complexity(schema.key, key), complexity(schema.value, item)) for key, item in value.items())
            return (len(value), tuple(pairs))
        case UnionSchema(members=members):
            for rank, member in enumerate(members.values()):
                if member.cls is type(value):
                    return (0 if isinstance(member, NoneSchema) else rank + 1, complexity(member, value))
        case DatabaseSchema():
            pass
        case _:
            assert_never(schema)
    text = format_value(value)
    return (len(text), text)


def candidates(schema: Schema, value: Any) -> Iterator[Any]:
    """Values to try in place of `value`. Some may violate a constraint; the codec refuses those."""
    one_of = constraint_of(schema, OneOf)
    if one_of is not None:
        yield from _before(one_of.values, value)
        return
    match schema:
        case NoneSchema() | DatabaseSchema():
            return
        case ScalarSchema():
            yield from _scalar_candidates(schema, value)
        case EnumSchema(cls=kind):
            yield from _before(tuple(kind), value)
        case RecordSchema(cls=kind, fields=fields):
            values = {field.name: getattr(value, field.name) for field in fields}
            for field in fields:
                for simpler in candidates(field.schema, values[field.name]):
                    yield from _construct(kind, {**values, field.name: simpler})
        case CollectionSchema(cls=kind, item=item):
            yield from _collection_candidates(kind, item, value)
        case TupleSchema(items=items):
            for at, item in enumerate(items):
                for simpler in candidates(item, value[at]):
                    yield (*value[:at], simpler, *value[at + 1 :])
        case DictSchema():
            for removed in value:
                yield {key: item for key, item in value.items() if key != removed}
            for key, item in value.items():
                for simpler in candidates(schema.value, item):
                    yield {**value, key: simpler}
        case UnionSchema():
            yield from _union_candidates(schema, value)
        case _:
            assert_never(schema)


def minimal(schema: Schema, depth: int = 0) -> Iterator[Any]:
    """The simplest value of a schema, or of each member of a union; none if all are nested too deeply."""
    one_of = constraint_of(schema, OneOf)
    if one_of is not None:
        yield one_of.values[0]
        return
    if depth > MAX_MINIMAL_DEPTH:
        return
    match schema:
        case NoneSchema():
            yield None
        case ScalarSchema(scalar=scalar):
            if scalar.cls in (int, float):
                yield _nearest_to_zero(schema, scalar.cls)
            elif scalar.cls in (str, bytes):
                limit = constraint_of(schema, Text) or constraint_of(schema, Size)
                yield _plainest(schema, limit.min if limit is not None else 0)
            elif scalar.cls is bool:
                yield False
        case EnumSchema(cls=kind):
            yield next(iter(kind))
        case RecordSchema(cls=kind, fields=fields):
            values = {field.name: next(minimal(field.schema, depth + 1), NO_VALUE) for field in fields}
            if NO_VALUE not in values.values():
                yield from _construct(kind, values)
        case CollectionSchema(cls=kind, item=item):
            size = constraint_of(schema, Size)
            length = size.min if size is not None else 0
            part = next(minimal(item, depth + 1), NO_VALUE)
            if length == 0 or part is not NO_VALUE:
                yield kind([part] * length)
        case TupleSchema(items=items):
            parts = [next(minimal(item, depth + 1), NO_VALUE) for item in items]
            if NO_VALUE not in parts:
                yield tuple(parts)
        case DictSchema():
            if not schema.constraints:
                yield {}
        case UnionSchema(members=members):
            for member in members.values():
                yield from minimal(member, depth + 1)
        case DatabaseSchema():
            return
        case _:
            assert_never(schema)


def substitute(value: Any, before: Any, after: Any) -> Any:
    """`value` with every occurrence of `before` replaced by `after`."""
    kind: Any = type(value)
    if kind is type(before) and value == before:
        return after
    if isinstance(value, list | tuple | set | frozenset):
        return kind([substitute(part, before, after) for part in value])
    if isinstance(value, dict):
        return {substitute(key, before, after): substitute(part, before, after) for key, part in value.items()}
    if not is_record(kind):
        return value
    return kind(**{name: substitute(getattr(value, name), before, after) for name in field_names(kind)})


def _construct(kind: Any, values: dict[str, Any]) -> Iterator[Any]:
    """The record with these values; nothing if the author's class refuses them."""
    try:
        made = kind(**values)
    except Exception:
        return
    yield made


def _before(values: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    """The values that precede `value`; none if it is not among them."""
    return values[: values.index(value)] if value in values else ()


def _ordered(kind: type, values: Any) -> list[Any]:
    return sorted(values, key=format_value) if kind in (set, frozenset) else list(values)


def _nearest_to_zero(schema: Schema, kind: Any) -> Any:
    limit = constraint_of(schema, Between)
    return kind(0) if limit is None else kind(min(max(0, limit.low), limit.high))


def _scalar_candidates(schema: ScalarSchema, value: Any) -> Iterator[Any]:
    kind = schema.scalar.cls
    if kind is int:
        yield from _int_candidates(_nearest_to_zero(schema, int), value)
    elif kind is float:
        if value == value and abs(value) < MAX_WHOLE_FLOAT:
            yield from map(float, _int_candidates(int(_nearest_to_zero(schema, float)), int(value)))
        else:
            yield 0.0
    elif kind is bool:
        yield False
    elif kind in (str, bytes):
        yield from _text_candidates(schema, value)


def _int_candidates(origin: int, value: int) -> Iterator[int]:
    """The origin, its mirror image if the value is below it, its neighbour, then values at half the distance."""
    distance = value - origin
    if distance == 0:
        return
    yield origin
    if distance < 0:
        yield origin - distance
    step = 1 if distance > 0 else -1
    if abs(distance) > 1:
        yield origin + step
    half = abs(distance) // 2
    while half > 0:
        yield value - step * half
        half //= 2


def _plainest(schema: Schema, length: int) -> Any:
    """The text or bytes of a length that consist of the first letter of the alphabet, or of zeros."""
    if isinstance(schema, ScalarSchema) and schema.scalar.cls is bytes:
        return bytes(length)
    limit = constraint_of(schema, Text)
    return (limit.alphabet[0] if limit is not None and limit.alphabet else "a") * length


def _text_candidates(schema: Schema, value: Any) -> Iterator[Any]:
    limit = constraint_of(schema, Text)
    shortest = limit.min if limit is not None else 0
    for length in sorted({shortest, 0, 1, len(value) // 2, len(value) - 1, len(value)}):
        if shortest <= length <= len(value):
            if _plainest(schema, length) != value:
                yield _plainest(schema, length)
            if length < len(value):
                yield value[:length]


def _collection_candidates(kind: Any, item: Schema, value: Any) -> Iterator[Any]:
    parts = _ordered(kind, value)
    if len(parts) > 1:
        yield kind()
    for at in range(len(parts)):
        yield kind([*parts[:at], *parts[at + 1 :]])
    for at, part in enumerate(parts):
        for simpler in candidates(item, part):
            yield kind([*parts[:at], simpler, *parts[at + 1 :]])


def _union_candidates(schema: UnionSchema, value: Any) -> Iterator[Any]:
    members = schema.members.values()
    if value is not None and any(isinstance(member, NoneSchema) for member in members):
        yield None
    for member in members:
        if member.cls is type(value):
            yield from candidates(member, value)
            return
        if not isinstance(member, NoneSchema):
            yield from minimal(member)
