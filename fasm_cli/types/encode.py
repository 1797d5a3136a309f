"""Typed values to plain data, strictly: a value that is not what its annotation says is refused, with its path.

Encoders are made once for a schema, and compiled where it has parts: they run at every commit.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

from fasm_cli.contract.database import Database
from fasm_cli.types.codegen import Source, indented
from fasm_cli.types.per_schema import PerSchema
from fasm_cli.types.plain import (
    TAG,
    DecodeError,
    canonical_text,
    constraint_violation,
    keyed_by_text,
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
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    runtime_type,
)

Encoder = Callable[[Any], Any]


class Encoders:
    """Encoders for the registry of one machine; `canonical` ones map equal values to equal plain data."""

    def __init__(self, *, canonical: bool) -> None:
        self._canonical = canonical
        self.of = PerSchema[Encoder](lambda schema: _limited(schema, self._make(schema))).of

    def _make(self, schema: Schema) -> Encoder:
        match schema:
            case NoneSchema():
                return _nothing
            case ScalarSchema(scalar=scalar):
                return _scalar(scalar, scalar.canonical if self._canonical else scalar.encode)
            case EnumSchema(cls=kind):
                return _member(kind)
            case RecordSchema():
                return self._record(schema)
            case CollectionSchema():
                return self._sequence(schema)
            case TupleSchema():
                return self._fixed(schema)
            case DictSchema():
                return self._mapping(schema)
            case UnionSchema():
                return self._choice(schema)
            case DatabaseSchema():
                return _relations(self.of(schema.rows))
        raise AssertionError(f"no encoder for {schema}")

    def _record(self, schema: RecordSchema) -> Encoder:
        source = _source(schema.cls)
        lines, pairs = [], []
        for at, field in enumerate(schema.fields):
            lines += [f"step = '.{field.name}'", *self._part(source, f"part_{at}", f"value.{field.name}", field.schema)]
            pairs.append(f"{stored_key(field.name)!r}: part_{at}")
        return source.function("value", [CHECK, *_trying(lines, "step"), f"return {{{', '.join(pairs)}}}"])

    def _sequence(self, schema: CollectionSchema) -> Encoder:
        unordered = schema.cls in (set, frozenset)
        source = _source(schema.cls, in_order=_in_order)
        lines = [*self._part(source, "item", "item", schema.item), "out.append(item)"]
        return source.function(
            "value",
            [
                CHECK,
                "out = []",
                *_trying(["for item in value:", *indented(lines)], "'{}'" if unordered else "f'[{len(out)}]'"),
                "return in_order(out)" if unordered else "return out",
            ],
        )

    def _fixed(self, schema: TupleSchema) -> Encoder:
        source = _source(tuple)
        wrong = f"f'expected {len(schema.items)} elements, got {{len(value)}}'"
        lines, parts = [], []
        for at, item in enumerate(schema.items):
            lines += [f"step = '[{at}]'", *self._part(source, f"part_{at}", f"value[{at}]", item)]
            parts.append(f"part_{at}")
        return source.function(
            "value",
            [
                CHECK,
                f"if len(value) != {len(parts)}: raise Mismatch({wrong})",
                *_trying(lines, "step"),
                f"return [{', '.join(parts)}]",
            ],
        )

    def _mapping(self, schema: DictSchema) -> Encoder:
        source = _source(dict, key_text=_key_text, by_key=_by_key, shown=safe_repr)
        table = keyed_by_text(schema.key)
        lines = [
            *self._part(source, "plain", "key", schema.key),
            *self._part(source, "item", "item", schema.value),
            "out[key_text(plain)] = item" if table else "out.append([plain, item])",
        ]
        return source.function(
            "value",
            [
                CHECK,
                "out = {}" if table else "out = []",
                *_trying(["for key, item in value.items():", *indented(lines)], "f'[{shown(key)}]'"),
                # NaN twice, which Python holds for two keys
                "if len(out) != len(value): raise Mismatch('two keys are stored as one and the same')",
                "return by_key(out)" if self._canonical and not table else "return out",
            ],
        )

    def _part(self, source: Source, into: str, read: str, schema: Schema) -> list[str]:
        """The lines that put the plain data of a part, read by `read`, into `into`."""
        encode = source.name(self.of(schema))
        test = source.fast_test(schema, into)
        if not test:
            return [f"{into} = {encode}({read})"]
        return [f"{into} = {read}", f"if not ({test}): {into} = {encode}({into})"]

    def _choice(self, schema: UnionSchema) -> Encoder:
        members = {
            runtime_type(member): _tagging(tag, member, self.of(member)) for tag, member in schema.members.items()
        }
        if float in members:  # an int may stand for a float, unless the union has an int of its own
            members.setdefault(int, members[float])
        legal = ", ".join(schema.members)

        def encode(value: Any) -> Any:
            member = members.get(type(value))
            if member is None:
                raise DecodeError(f"expected one of {legal}, got {type(value).__name__} {safe_repr(value)}")
            return member(value)

        return encode


CHECK = "if type(value) is not kind: raise expected(kind, value)"


def _source(kind: type, **names: Any) -> Source:
    return Source(kind=kind, expected=_expected, Mismatch=DecodeError, **names)


def _trying(lines: list[str], step: str) -> list[str]:
    """`lines`, with what is refused there told the step that leads to it."""
    if not lines:
        return []
    return ["try:", *indented(lines), f"except Mismatch as wrong: raise wrong.at({step}) from None"]


def _tagging(tag: str, member: Schema, encode: Encoder) -> Encoder:
    """The encoder of a member of a union."""
    match member:
        case NoneSchema():
            return encode
        case ScalarSchema(scalar=scalar) if scalar.cls in NATIVE:
            return encode
        case RecordSchema():
            return lambda value: {TAG: tag, **encode(value)}
    return lambda value: {TAG: tag, "value": encode(value)}


def _expected(kind: type, value: Any) -> DecodeError:
    return DecodeError(f"expected {kind.__name__}, got {type(value).__name__} {safe_repr(value)}")


def _nothing(value: Any) -> None:
    if value is not None:
        raise DecodeError(f"expected None, got {safe_repr(value)}")


def _scalar(scalar: Scalar, encode: Encoder) -> Encoder:
    kind = scalar.cls
    if kind is float:
        return lambda value: encode(_as_float(value))
    if kind is int:
        return _whole

    def strict(value: Any) -> Any:
        if type(value) is not kind:
            raise _expected(kind, value)
        try:
            return encode(value)
        except ValueError as error:
            raise DecodeError(str(error)) from None

    return strict


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise _expected(int, value)
    if not -LARGEST <= value <= LARGEST:
        raise DecodeError("an int of more than 4300 digits cannot be stored")
    return value


def _as_float(value: Any) -> float:
    """A float, or an int that is one (typing lets `0` stand where a float is declared)."""
    if type(value) is float:
        return value
    if type(value) is int and abs(value) <= 1 << 53:
        return float(value)
    raise _expected(float, value)


def _member(kind: type[Enum]) -> Encoder:
    members = kind.__members__

    def encode(value: Any) -> Any:
        if type(value) is not kind:
            raise _expected(kind, value)
        name = value._name_  # `name` takes many times as long
        return name if name in members else value._value_

    return encode


def _by_key(pairs: list[Any]) -> list[Any]:
    return sorted(pairs, key=lambda pair: canonical_text(pair[0]))


def _in_order(elements: list[Any]) -> list[Any]:
    kinds = {type(element) for element in elements}
    if kinds == {float}:
        return sorted(elements, key=lambda number: (number != number, number))  # NaN is in no order with the others
    if len(kinds) == 1 and kinds <= {int, str}:
        return sorted(elements)
    return sorted(elements, key=canonical_text)


def _relations(rows: Encoder) -> Encoder:
    def encode(value: Any) -> Any:
        if not isinstance(value, Database):
            raise _expected(Database, value)
        return rows(value.snapshot().contents())

    return encode


def _key_text(key: Any) -> str:
    if type(key) is str:
        return stored_key(key)
    return "true" if key is True else "false" if key is False else str(key)


def _limited(schema: Schema, encode: Encoder) -> Encoder:
    if not schema.constraints:
        return encode

    def checked(value: Any) -> Any:
        plain = encode(value)
        why = constraint_violation(schema, value)
        if why:
            raise DecodeError(why)
        return plain

    return checked
