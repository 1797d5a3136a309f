"""Encodes typed values as plain data, strictly: a value that does not match its annotation is refused with its path.

Encoders run at every commit. Those of types with parts are therefore compiled.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, assert_never

from fasm_cli.contract.database import Database
from fasm_cli.types.codegen import FunctionSource, PerSchema, indent
from fasm_cli.types.plain import (
    TAG,
    DecodeError,
    canonical_text,
    constraint_violation,
    has_text_keys,
    safe_repr,
    stored_key,
)
from fasm_cli.types.scalars import LARGEST, Scalar
from fasm_cli.types.schema import (
    NATIVE,
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
)

Encoder = Callable[[Any], Any]


class Encoders:
    """Encoders for the schemas of one machine. Canonical ones return equal plain data for equal values."""

    def __init__(self, *, canonical: bool) -> None:
        self._canonical = canonical
        self.of = PerSchema[Encoder](lambda schema: _check_constraints(schema, self._make(schema))).of

    def _make(self, schema: Schema) -> Encoder:
        match schema:
            case NoneSchema():
                return _encode_none
            case ScalarSchema(scalar=scalar):
                return _scalar(scalar, scalar.canonical if self._canonical else scalar.encode)
            case EnumSchema(cls=kind):
                return _enum(kind)
            case RecordSchema():
                return self._record(schema)
            case CollectionSchema():
                return self._collection(schema)
            case TupleSchema():
                return self._tuple(schema)
            case DictSchema():
                return self._dict(schema)
            case UnionSchema():
                return self._union(schema)
            case DatabaseSchema(rows=rows):
                return _database(self.of(rows))
        assert_never(schema)

    def _record(self, schema: RecordSchema) -> Encoder:
        source = _source(schema.cls)
        lines, pairs = [], []
        for at, field in enumerate(schema.fields):
            lines += [f"step = '.{field.name}'", *self._part(source, f"part_{at}", f"value.{field.name}", field.schema)]
            pairs.append(f"{stored_key(field.name)!r}: part_{at}")
        return source.compile("value", [CHECK_TYPE, *_add_path(lines, "step"), f"return {{{', '.join(pairs)}}}"])

    def _collection(self, schema: CollectionSchema) -> Encoder:
        is_set = schema.cls in (set, frozenset)
        source = _source(schema.cls, sort=_sort_elements)
        lines = [*self._part(source, "item", "item", schema.item), "out.append(item)"]
        return source.compile(
            "value",
            [
                CHECK_TYPE,
                "out = []",
                *_add_path(["for item in value:", *indent(lines)], "'{}'" if is_set else "f'[{len(out)}]'"),
                "return sort(out)" if is_set else "return out",
            ],
        )

    def _tuple(self, schema: TupleSchema) -> Encoder:
        source = _source(tuple)
        wrong = f"f'expected {len(schema.items)} elements, got {{len(value)}}'"
        lines, parts = [], []
        for at, item in enumerate(schema.items):
            lines += [f"step = '[{at}]'", *self._part(source, f"part_{at}", f"value[{at}]", item)]
            parts.append(f"part_{at}")
        return source.compile(
            "value",
            [
                CHECK_TYPE,
                f"if len(value) != {len(parts)}: raise DecodeError({wrong})",
                *_add_path(lines, "step"),
                f"return [{', '.join(parts)}]",
            ],
        )

    def _dict(self, schema: DictSchema) -> Encoder:
        source = _source(dict, key_text=_key_text, sort_pairs=_sort_pairs, safe_repr=safe_repr)
        is_table = has_text_keys(schema.key)
        lines = [
            *self._part(source, "plain", "key", schema.key),
            *self._part(source, "item", "item", schema.value),
            "out[key_text(plain)] = item" if is_table else "out.append([plain, item])",
        ]
        return source.compile(
            "value",
            [
                CHECK_TYPE,
                "out = {}" if is_table else "out = []",
                *_add_path(["for key, item in value.items():", *indent(lines)], "f'[{safe_repr(key)}]'"),
                # for example two NaN, which Python takes for different keys
                "if len(out) != len(value): raise DecodeError('two keys have the same stored form')",
                "return sort_pairs(out)" if self._canonical and not is_table else "return out",
            ],
        )

    def _part(self, source: FunctionSource, target: str, expression: str, schema: Schema) -> list[str]:
        return source.convert(target, expression, schema, self.of(schema))

    def _union(self, schema: UnionSchema) -> Encoder:
        by_class: dict[type, Encoder] = {
            member.cls: _add_tag(member, self.of(member)) for member in schema.members.values()
        }
        if float in by_class:  # an int may stand for a float, unless the union has an int of its own
            by_class.setdefault(int, by_class[float])
        allowed = ", ".join(schema.members)

        def encode(value: Any) -> Any:
            member = by_class.get(type(value))
            if member is None:
                raise DecodeError(f"expected one of {allowed}, got {type(value).__name__} {safe_repr(value)}")
            return member(value)

        return encode


CHECK_TYPE = "if type(value) is not kind: raise wrong_type(kind, value)"


def _source(kind: type, **names: Any) -> FunctionSource:
    return FunctionSource(kind=kind, wrong_type=_wrong_type, DecodeError=DecodeError, **names)


def _add_path(lines: list[str], step: str) -> list[str]:
    """`lines` inside a `try` that puts `step` in front of the path of a `DecodeError`."""
    if not lines:
        return []
    return ["try:", *indent(lines), f"except DecodeError as error: raise error.at({step}) from None"]


def _add_tag(member: Member, encode: Encoder) -> Encoder:
    """The encoder of a member of a union: None and native scalars need no tag; records hold it beside their fields."""
    tag = member.tag
    if isinstance(member, NoneSchema) or member.cls in NATIVE:
        return encode
    if isinstance(member, RecordSchema):
        return lambda value: {TAG: tag, **encode(value)}
    return lambda value: {TAG: tag, "value": encode(value)}


def _wrong_type(kind: type, value: Any) -> DecodeError:
    return DecodeError(f"expected {kind.__name__}, got {type(value).__name__} {safe_repr(value)}")


def _encode_none(value: Any) -> None:
    if value is not None:
        raise DecodeError(f"expected None, got {safe_repr(value)}")


def _scalar(scalar: Scalar, encode: Encoder) -> Encoder:
    kind = scalar.cls
    if kind is float:
        return lambda value: encode(_as_float(value))
    if kind is int:
        return _encode_int

    def encode_scalar(value: Any) -> Any:
        if type(value) is not kind:
            raise _wrong_type(kind, value)
        try:
            return encode(value)
        except ValueError as error:
            raise DecodeError(str(error)) from None

    return encode_scalar


def _encode_int(value: Any) -> int:
    if type(value) is not int:
        raise _wrong_type(int, value)
    if not -LARGEST <= value <= LARGEST:
        raise DecodeError("an int of more than 4300 digits cannot be stored")
    return value


def _as_float(value: Any) -> float:
    """Accept an int that a float represents exactly: type checkers accept `0` for a float, too."""
    if type(value) is float:
        return value
    if type(value) is int and abs(value) <= 1 << 53:
        return float(value)
    raise _wrong_type(float, value)


def _enum(kind: type[Enum]) -> Encoder:
    members = kind.__members__

    def encode(value: Any) -> Any:
        if type(value) is not kind:
            raise _wrong_type(kind, value)
        name = value._name_  # the public property `name` is many times slower
        return name if name in members else value._value_

    return encode


def _sort_pairs(pairs: list[Any]) -> list[Any]:
    return sorted(pairs, key=lambda pair: canonical_text(pair[0]))


def _sort_elements(elements: list[Any]) -> list[Any]:
    kinds = {type(element) for element in elements}
    if kinds == {float}:
        return sorted(elements, key=lambda number: (number != number, number))  # NaN last: it has no order
    if len(kinds) == 1 and kinds <= {int, str}:
        return sorted(elements)
    return sorted(elements, key=canonical_text)


def _database(encode_rows: Encoder) -> Encoder:
    def encode(value: Any) -> Any:
        if not isinstance(value, Database):
            raise _wrong_type(Database, value)
        return encode_rows(value.snapshot().contents())

    return encode


def _key_text(key: Any) -> str:
    if type(key) is str:
        return stored_key(key)
    return "true" if key is True else "false" if key is False else str(key)


def _check_constraints(schema: Schema, encode: Encoder) -> Encoder:
    if not schema.constraints:
        return encode

    def encode_checked(value: Any) -> Any:
        plain = encode(value)
        why = constraint_violation(schema, value)
        if why:
            raise DecodeError(why)
        return plain

    return encode_checked
