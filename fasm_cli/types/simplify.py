"""Simpler values of a schema: what the shrinker tries in a value's place, the simplest first."""

from collections.abc import Iterator
from typing import Any

from fasm_cli.contract.constraints import Between, OneOf, Size, Text
from fasm_cli.types.format import format_value
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
    runtime_type,
)

_SHORT = "a"


def complexity(schema: Schema, value: Any) -> tuple[Any, ...]:
    """How complicated `value` is; compared with `<`. Zero, empty, the first member and None are the simplest."""
    match schema:
        case NoneSchema():
            return (0,)
        case ScalarSchema(scalar=scalar) if scalar.cls in (int, float):
            zero = _origin(schema, scalar.cls)
            away = abs(value - zero) if value == value else float("inf")
            return (away, value < zero)
        case ScalarSchema(scalar=scalar) if scalar.cls in (str, bytes):
            return (len(value), value != _plainest(schema, len(value)), str(value))
        case EnumSchema(cls=kind):
            return (list(kind).index(value) if value in list(kind) else len(kind),)
        case RecordSchema(fields=fields):
            return tuple(complexity(field.schema, getattr(value, field.name)) for field in fields)
        case CollectionSchema(item=item):
            parts = sorted(value, key=format_value) if schema.cls in (set, frozenset) else value
            return (len(value), tuple(complexity(item, part) for part in parts))
        case TupleSchema(items=items):
            return tuple(complexity(item, part) for item, part in zip(items, value, strict=True))
        case DictSchema():
            return (
                len(value),
                tuple((complexity(schema.key, key), complexity(schema.value, item)) for key, item in value.items()),
            )
        case UnionSchema(members=members):
            for rank, member in enumerate(members.values()):
                if runtime_type(member) is type(value):
                    return (0 if isinstance(member, NoneSchema) else rank + 1, complexity(member, value))
    text = format_value(value)
    return (len(text), text)


def candidates(schema: Schema, value: Any) -> Iterator[Any]:
    """Values to try in place of `value`; some may break a constraint, which the codec will say."""
    for limit in schema.constraints:
        if isinstance(limit, OneOf):
            yield from limit.values[: limit.values.index(value)] if value in limit.values else ()
            return
    match schema:
        case ScalarSchema(scalar=scalar) if scalar.cls is int:
            yield from _ints(_origin(schema, int), value)
        case ScalarSchema(scalar=scalar) if scalar.cls is float:
            for whole in (
                _ints(int(_origin(schema, float)), int(value)) if value == value and abs(value) < 1e15 else (0,)
            ):
                yield float(whole)
        case ScalarSchema(scalar=scalar) if scalar.cls is bool:
            yield False
        case ScalarSchema(scalar=scalar) if scalar.cls in (str, bytes):
            yield from _texts(schema, value)
        case EnumSchema(cls=kind):
            yield from list(kind)[: list(kind).index(value)] if value in list(kind) else ()
        case RecordSchema(cls=kind, fields=fields):
            given = {field.name: getattr(value, field.name) for field in fields}
            for field in fields:
                for other in candidates(field.schema, given[field.name]):
                    yield from _built(kind, {**given, field.name: other})
        case CollectionSchema(cls=kind, item=item):
            yield from _sequences(kind, item, value)
        case TupleSchema(items=items):
            for at, item in enumerate(items):
                for other in candidates(item, value[at]):
                    yield (*value[:at], other, *value[at + 1 :])
        case DictSchema():
            for key in value:
                yield {other: item for other, item in value.items() if other != key}
            for key, item in value.items():
                for other in candidates(schema.value, item):
                    yield {**value, key: other}
        case UnionSchema(members=members):
            if any(isinstance(member, NoneSchema) for member in members.values()) and value is not None:
                yield None
            for member in members.values():
                if runtime_type(member) is type(value):
                    yield from candidates(member, value)
                    return
                if not isinstance(member, NoneSchema):
                    yield from minimal(member)


def minimal(schema: Schema, depth: int = 0) -> Iterator[Any]:
    """The simplest value of a schema, where one can be made."""
    for limit in schema.constraints:
        if isinstance(limit, OneOf):
            yield limit.values[0]
            return
    if depth > _DEEPEST:
        return
    match schema:
        case NoneSchema():
            yield None
        case ScalarSchema(scalar=scalar) if scalar.cls in (int, float):
            yield _origin(schema, scalar.cls)
        case ScalarSchema(scalar=scalar) if scalar.cls in (str, bytes):
            yield _plainest(
                schema, next((limit.min for limit in schema.constraints if isinstance(limit, Text | Size)), 0)
            )
        case ScalarSchema(scalar=scalar) if scalar.cls is bool:
            yield False
        case EnumSchema(cls=kind):
            yield next(iter(kind))
        case RecordSchema(cls=kind, fields=fields):
            parts = {field.name: next(minimal(field.schema, depth + 1), _NONE) for field in fields}
            if _NONE not in parts.values():
                yield from _built(kind, parts)
        case CollectionSchema(cls=kind, item=item):
            least = next((limit.min for limit in schema.constraints if isinstance(limit, Size)), 0)
            part = next(minimal(item, depth + 1), _NONE)
            if least == 0 or part is not _NONE:
                yield kind([part] * least)
        case TupleSchema(items=items):
            parts_of = [next(minimal(item, depth + 1), _NONE) for item in items]
            if _NONE not in parts_of:
                yield tuple(parts_of)
        case DictSchema() if not schema.constraints:
            yield {}
        case UnionSchema(members=members):
            for member in members.values():
                yield from minimal(member, depth + 1)


def _built(kind: Any, values: dict[str, Any]) -> Iterator[Any]:
    """The record of these values, unless its author refuses them."""
    try:
        made = kind(**values)
    except Exception:
        return
    yield made


def substitute(value: Any, before: Any, after: Any) -> Any:
    """`value` with `after` wherever it holds `before`."""
    if type(value) is type(before) and value == before:
        return after
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)([substitute(part, before, after) for part in value])
    if isinstance(value, dict):
        return {substitute(key, before, after): substitute(part, before, after) for key, part in value.items()}
    names = getattr(type(value), "__dataclass_fields__", None)
    if names is None:
        return value
    return type(value)(**{name: substitute(getattr(value, name), before, after) for name in names})


_NONE = object()
_DEEPEST = 6


def _origin(schema: Schema, kind: Any) -> Any:
    """The number nearest to zero that is legal."""
    for limit in schema.constraints:
        if isinstance(limit, Between):
            return kind(min(max(0, limit.low), limit.high))
    return kind(0)


def _ints(origin: int, value: int) -> Iterator[int]:
    """The origin, the next one, then halving the distance."""
    away = value - origin
    if away == 0:
        return
    yield origin
    if away < 0:
        yield origin - away
    step = 1 if away > 0 else -1
    if abs(away) > 1:
        yield origin + step
    far = abs(away) // 2
    while far > 0:
        yield value - step * far
        far //= 2


def _plainest(schema: Schema, length: int) -> Any:
    if isinstance(schema, ScalarSchema) and schema.scalar.cls is bytes:
        return bytes(length)
    return _first_letter(schema) * length


def _first_letter(schema: Schema) -> str:
    return next(
        (limit.alphabet[0] for limit in schema.constraints if isinstance(limit, Text) and limit.alphabet), _SHORT
    )


def _texts(schema: Schema, value: Any) -> Iterator[Any]:
    shortest = next((limit.min for limit in schema.constraints if isinstance(limit, Text)), 0)
    for length in sorted({shortest, 0, 1, len(value) // 2, len(value) - 1, len(value)}):
        if shortest <= length <= len(value):
            if _plainest(schema, length) != value:
                yield _plainest(schema, length)
            if length < len(value):
                yield value[:length]


def _sequences(kind: Any, item: Schema, value: Any) -> Iterator[Any]:
    parts = sorted(value, key=format_value) if kind in (set, frozenset) else list(value)
    if len(parts) > 1:
        yield kind()
    for at in range(len(parts)):
        yield kind([*parts[:at], *parts[at + 1 :]])
    for at, part in enumerate(parts):
        for other in candidates(item, part):
            yield kind([*parts[:at], other, *parts[at + 1 :]])
