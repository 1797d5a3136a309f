"""Converts typed values to plain data and back, strictly: nothing is coerced, and every error has a path.

Encoders refuse a value that does not match its annotation. Decoders accept no missing or unknown key, because defaults
are for people who type values and a file has every field; an error lists everything that is wrong. Encoders run at
every commit and decoders at every step of a replica, so those of types with parts are compiled.
"""

import re
from collections.abc import Callable
from enum import Enum, Flag
from typing import Any, NoReturn, assert_never

from fasm_cli.contract.database import Database, Tables
from fasm_cli.types.codegen import FunctionSource, PerSchema, indent
from fasm_cli.types.plain import (
    TAG,
    DecodeError,
    DecodeErrors,
    canonical_text,
    constraint_violation,
    has_text_keys,
    original_key,
    safe_repr,
    stored_key,
)
from fasm_cli.types.scalars import LARGEST, Scalar
from fasm_cli.types.schema import (
    UNTAGGED,
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

Converter = Callable[[Any], Any]


class Encoders:
    """Encoders for the schemas of one machine. Canonical ones return equal plain data for equal values."""

    def __init__(self, *, canonical: bool) -> None:
        self._canonical = canonical
        self.of = PerSchema[Converter](lambda schema: _check_constraints(schema, self._make(schema), DecodeError)).of

    def _make(self, schema: Schema) -> Converter:
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

    def _record(self, schema: RecordSchema) -> Converter:
        source = _source(schema.cls)
        lines, pairs = [], []
        for at, field in enumerate(schema.fields):
            lines += [f"step = '.{field.name}'", *self._part(source, f"part_{at}", f"value.{field.name}", field.schema)]
            pairs.append(f"{stored_key(field.name)!r}: part_{at}")
        return source.compile("value", [CHECK_TYPE, *_add_path(lines, "step"), f"return {{{', '.join(pairs)}}}"])

    def _collection(self, schema: CollectionSchema) -> Converter:
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

    def _tuple(self, schema: TupleSchema) -> Converter:
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

    def _dict(self, schema: DictSchema) -> Converter:
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

    def _union(self, schema: UnionSchema) -> Converter:
        members = schema.members.values()
        by_class: dict[type, Converter] = {member.cls: _add_tag(member, self.of(member)) for member in members}
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


def _add_tag(member: Member, encode: Converter) -> Converter:
    """The encoder of a member of a union: None and native scalars need no tag; records hold it beside their fields."""
    tag = member.tag
    if member.cls in UNTAGGED:
        return encode
    if isinstance(member, RecordSchema):
        return lambda value: {TAG: tag, **encode(value)}
    return lambda value: {TAG: tag, "value": encode(value)}


def _wrong_type(kind: type, value: Any) -> DecodeError:
    return DecodeError(f"expected {kind.__name__}, got {type(value).__name__} {safe_repr(value)}")


def _encode_none(value: Any) -> None:
    if value is not None:
        raise DecodeError(f"expected None, got {safe_repr(value)}")


def _scalar(scalar: Scalar, encode: Converter) -> Converter:
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


def _enum(kind: type[Enum]) -> Converter:
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


def _database(encode_rows: Converter) -> Converter:
    def encode(value: Any) -> Any:
        if not isinstance(value, Database):
            raise _wrong_type(Database, value)
        return encode_rows(value.snapshot().contents())

    return encode


def _key_text(key: Any) -> str:
    if type(key) is str:
        return stored_key(key)
    return "true" if key is True else "false" if key is False else str(key)


# --- from plain data to values ---


class Decoders:
    """Decoders for the schemas of one machine; they raise `DecodeErrors`."""

    def __init__(self) -> None:
        self.of = PerSchema[Converter](lambda schema: _check_constraints(schema, self._make(schema), DecodeErrors)).of

    def _make(self, schema: Schema) -> Converter:
        match schema:
            case NoneSchema():
                return _decode_none
            case ScalarSchema(scalar=scalar):
                return lambda plain: _decode_scalar(scalar, plain)
            case EnumSchema(cls=kind):
                return lambda plain: _decode_enum(kind, plain)
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
                decode_rows = self.of(rows)
                return lambda plain: Tables(**decode_rows(plain))
        assert_never(schema)

    def _record(self, schema: RecordSchema) -> Converter:
        kind = schema.cls
        keys = [stored_key(field.name) for field in schema.fields]
        known = ", ".join(keys) or "none"

        def refuse(plain: Any) -> NoReturn:
            if not isinstance(plain, dict):
                raise DecodeErrors(f"expected a table of {kind.__name__}, got {plain!r}")
            missing = [key for key in keys if key not in plain]
            if missing:
                raise DecodeErrors(f"{kind.__name__} lacks {', '.join(missing)}")
            unknown = ", ".join(repr(key) for key in plain if key not in keys)
            raise DecodeErrors(f"{kind.__name__} has no field {unknown}; known: {known}")

        source = FunctionSource(kind=kind, keys=frozenset(keys), refuse=refuse, Errors=DecodeErrors)
        lines, arguments = [], []
        for at, (key, field) in enumerate(zip(keys, schema.fields, strict=True)):
            lines += self._part(source, f"part_{at}", f"plain[{key!r}]", field.schema, f"'.{field.name}'")
            arguments.append(f"{field.name}=part_{at}")
        return source.compile(
            "plain",
            [
                "if not isinstance(plain, dict) or plain.keys() != keys: refuse(plain)",
                *_raise_at_end(lines),
                f"try: return kind({', '.join(arguments)})",
                "except RecursionError: raise",
                "except Exception as error: raise Errors(str(error)) from None",  # the author's class may refuse values
            ],
        )

    def _collection(self, schema: CollectionSchema) -> Converter:
        source = FunctionSource(kind=schema.cls, require_list=_require_list, Errors=DecodeErrors)
        part = self._part(source, "item", "item", schema.item, "f'[{at}]'")
        return source.compile(
            "plain",
            [
                "out = []",
                *_raise_at_end(
                    ["for at, item in enumerate(require_list(plain)):", *indent([*part, "out.append(item)"])]
                ),
                "value = kind(out)",
                "if len(value) != len(plain): raise Errors('an element occurs twice')",
                "return value",
            ],
        )

    def _tuple(self, schema: TupleSchema) -> Converter:
        source = FunctionSource(require_list=_require_list, Errors=DecodeErrors)
        wrong = f"f'expected {len(schema.items)} elements, got {{len(plain)}}'"
        lines = []
        for at, item in enumerate(schema.items):
            lines += self._part(source, f"part_{at}", f"plain[{at}]", item, f"'[{at}]'")
        parts = "".join(f"part_{at}, " for at in range(len(schema.items)))
        return source.compile(
            "plain",
            [
                f"if len(require_list(plain)) != {len(schema.items)}: raise Errors({wrong})",
                *_raise_at_end(lines),
                f"return ({parts})",
            ],
        )

    def _dict(self, schema: DictSchema) -> Converter:
        is_table = has_text_keys(schema.key)
        pairs_of = _table_items(_key_reader(schema.key)) if is_table else _require_pairs
        source = FunctionSource(pairs_of=pairs_of, safe_repr=safe_repr, Errors=DecodeErrors)
        key = self._part(source, "key", "key", schema.key, "f'[{str(key)!r}]'" if is_table else "f'[key {at}]'")
        item = self._part(source, "item", "item", schema.value, "f'[{safe_repr(key)}]'")
        loop = ["for at, (key, item) in enumerate(pairs_of(plain)):", *indent([*key, *item, "out.append((key, item))"])]
        return source.compile(
            "plain",
            [
                "out = []",
                *_raise_at_end(loop),
                "value = dict(out)",
                "if len(value) != len(plain): raise Errors('a key occurs twice')",
                "return value",
            ],
        )

    def _part(self, source: FunctionSource, target: str, expression: str, schema: Schema, step: str) -> list[str]:
        """The lines that assign a part to `target`, or add its errors to the variable `errors`."""
        return [
            "try:",
            *indent(source.convert(target, expression, schema, self.of(schema))),
            f"except Errors as found: errors = found.merge_into(errors, {step})",
        ]

    def _union(self, schema: UnionSchema) -> Converter:
        by_tag = {tag: self.of(member) for tag, member in schema.members.items()}
        untagged = {member.cls: by_tag[tag] for tag, member in schema.members.items() if member.cls in UNTAGGED}
        if float in untagged:
            untagged.setdefault(int, untagged[float])
        allowed = ", ".join(schema.members)

        def decode(plain: Any) -> Any:
            if not isinstance(plain, dict):
                decode_untagged = untagged.get(type(plain))
                if decode_untagged is None:
                    raise DecodeErrors(f"expected one of {allowed}, got {plain!r}")
                return decode_untagged(plain)
            tag = plain.get(TAG)
            member = schema.members.get(tag) if isinstance(tag, str) else None
            if member is None:
                got = f"got {TAG} = {tag!r}" if TAG in plain else f"got a table without {TAG}"
                raise DecodeErrors(f"expected one of {allowed}, {got}")
            rest = {key: value for key, value in plain.items() if key != TAG}
            if isinstance(member, RecordSchema):
                return by_tag[member.tag](rest)
            if list(rest) != ["value"]:
                raise DecodeErrors(f"a {tag} in a union is written {{ {TAG} = {tag!r}, value = … }}")
            return by_tag[member.tag](rest["value"])

        return decode


def _raise_at_end(lines: list[str]) -> list[str]:
    """`lines`, then a line that raises the errors that they collected in the variable `errors`."""
    return ["errors = None", *lines, "if errors is not None: raise errors"] if lines else []


def _require_list(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise DecodeErrors(f"expected a list, got {plain!r}")
    return plain


def _require_pairs(plain: Any) -> list[list[Any]]:
    pairs = _require_list(plain)
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        raise DecodeErrors("expected a list of [key, value] pairs")
    return pairs


def _table_items(read_key: Callable[[str], Any]) -> Callable[[Any], list[tuple[Any, Any]]]:
    """A function that returns the items of a table, with the plain data of the keys in place of their text."""

    def items(plain: Any) -> list[tuple[Any, Any]]:
        if not isinstance(plain, dict):
            raise DecodeErrors(f"expected a table, got {plain!r}")
        return [(read_key(text), item) for text, item in plain.items()]

    return items


def _decode_none(plain: Any) -> None:
    if plain is not None:
        raise DecodeErrors(f"expected None, got {plain!r}")


def _decode_scalar(scalar: Scalar, plain: Any) -> Any:
    kind = scalar.cls
    if kind is float and type(plain) is int and abs(plain) <= 1 << 53:
        return float(plain)
    if type(plain) is not scalar.stored_as:
        raise DecodeErrors(f"expected {kind.__name__}, got {type(plain).__name__} {plain!r}")
    try:
        return scalar.decode(plain)
    except ValueError as error:
        raise DecodeErrors(f"{error}") from None


def _decode_enum(kind: Any, plain: Any) -> Any:
    if type(plain) is str and plain in kind.__members__:
        return kind[plain]
    if type(plain) is int and issubclass(kind, Flag):
        try:
            return kind(plain)
        except ValueError:
            pass
    raise DecodeErrors(f"{kind.__name__} has no member {plain!r}; one of {', '.join(kind.__members__)}")


def _key_reader(schema: Schema) -> Callable[[str], Any]:
    """A function that returns the plain data of a key that a TOML or JSON table holds as text.

    A text that no key is written as is returned as it is; the decoder of the key refuses it.
    """
    kind = schema.cls if isinstance(schema, ScalarSchema | EnumSchema) else str
    if kind is bool:
        return lambda text: {"true": True, "false": False}.get(text, text)
    if kind is int:
        return lambda text: int(text) if _INT.fullmatch(text) else text
    if issubclass(kind, Flag):
        return lambda text: int(text) if _INT.fullmatch(text) else original_key(text)
    return original_key if kind is str or isinstance(schema, EnumSchema) else str


_INT = re.compile(r"0|-?[1-9][0-9]{0,4299}")  # the one spelling that the encoder writes


def _check_constraints(schema: Schema, convert: Converter, error: type[DecodeError] | type[DecodeErrors]) -> Converter:
    if not schema.constraints:
        return convert

    def convert_checked(value: Any) -> Any:
        converted = convert(value)
        why = constraint_violation(schema, value if error is DecodeError else converted)
        if why:
            raise error(why)
        return converted

    return convert_checked
