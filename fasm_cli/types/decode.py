"""Plain data back to typed values, strictly: no coercion, no key too many or too few (defaults are for people who type,
not for files), every fault listed with its path.

Decoders are made once for a schema, and compiled where it has parts: replicas take every step from what is stored.
"""

import re
from collections.abc import Callable
from enum import Flag
from typing import Any, NoReturn

from fasm_cli.contract.database import Tables
from fasm_cli.types.codegen import Source, indented
from fasm_cli.types.per_schema import PerSchema
from fasm_cli.types.plain import (
    TAG,
    DecodeError,
    constraint_violation,
    keyed_by_text,
    original_key,
    safe_repr,
    stored_key,
)
from fasm_cli.types.scalars import Scalar
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
)

Decoder = Callable[[Any], Any]


class _Errors(Exception):
    """Everything that is wrong with one value; the paths grow as it leaves each level."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.faults = [DecodeError(why)]

    def under(self, step: str, before: "_Errors | None") -> "_Errors":
        """This, found one `step` down the path, after `before`: all of it as one."""
        for fault in self.faults:
            fault.at(step)
        if before is None:
            return self
        before.faults += self.faults
        return before

    def __str__(self) -> str:
        return "; ".join(map(str, self.faults))


class Decoders:
    """Decoders for the registry of one machine: closures, made once for a schema."""

    def __init__(self) -> None:
        self._hook = PerSchema[Decoder](lambda schema: _limited(schema, self._make(schema))).of

    def of(self, schema: Schema) -> Decoder:
        """A function that gives the typed value, or raises `Mismatch` naming every fault."""
        decode = self._hook(schema)

        def checked(plain: Any) -> Any:
            try:
                return decode(plain)
            except _Errors as error:
                raise DecodeError(str(error)) from None

        return checked

    def _make(self, schema: Schema) -> Decoder:
        match schema:
            case NoneSchema():
                return _nothing
            case ScalarSchema(scalar=scalar):
                return lambda plain: _scalar(scalar, plain)
            case EnumSchema(cls=kind):
                return lambda plain: _member(kind, plain)
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
                rows = self._hook(schema.rows)
                return lambda plain: Tables(**rows(plain))
        raise AssertionError(f"no decoder for {schema}")

    def _record(self, schema: RecordSchema) -> Decoder:
        kind = schema.cls
        keys = [stored_key(field.name) for field in schema.fields]
        known = ", ".join(keys) or "none"

        def complain(plain: Any) -> NoReturn:
            if not isinstance(plain, dict):
                raise _Errors(f"expected a table of {kind.__name__}, got {plain!r}")
            missing = [key for key in keys if key not in plain]
            if missing:
                raise _Errors(f"{kind.__name__} misses {', '.join(missing)}")
            strange = ", ".join(repr(key) for key in plain if key not in keys)
            raise _Errors(f"{kind.__name__} has no field {strange}; known: {known}")

        source = Source(kind=kind, keys=frozenset(keys), complain=complain, Wrong=_Errors)
        lines, given = [], []
        for at, (key, field) in enumerate(zip(keys, schema.fields, strict=True)):
            lines += self._part(source, f"part_{at}", f"plain[{key!r}]", field.schema, f"'.{field.name}'")
            given.append(f"{field.name}=part_{at}")
        return source.function(
            "plain",
            [
                "if not isinstance(plain, dict) or plain.keys() != keys: complain(plain)",
                *_together(lines),
                f"try: return kind({', '.join(given)})",
                "except RecursionError: raise",
                "except Exception as error: raise Wrong(str(error)) from None",  # its class may refuse values
            ],
        )

    def _sequence(self, schema: CollectionSchema) -> Decoder:
        source = Source(kind=schema.cls, listed=_listed, Wrong=_Errors)
        part = self._part(source, "item", "item", schema.item, "f'[{at}]'")
        return source.function(
            "plain",
            [
                "out = []",
                *_together(["for at, item in enumerate(listed(plain)):", *indented([*part, "out.append(item)"])]),
                "read = kind(out)",
                "if len(read) != len(plain): raise Wrong('an element stands there twice')",
                "return read",
            ],
        )

    def _fixed(self, schema: TupleSchema) -> Decoder:
        source = Source(listed=_listed, Wrong=_Errors)
        wrong = f"f'expected {len(schema.items)} elements, got {{len(plain)}}'"
        lines = []
        for at, item in enumerate(schema.items):
            lines += self._part(source, f"part_{at}", f"plain[{at}]", item, f"'[{at}]'")
        parts = "".join(f"part_{at}, " for at in range(len(schema.items)))
        return source.function(
            "plain",
            [
                f"if len(listed(plain)) != {len(schema.items)}: raise Wrong({wrong})",
                *_together(lines),
                f"return ({parts})",
            ],
        )

    def _mapping(self, schema: DictSchema) -> Decoder:
        table = keyed_by_text(schema.key)
        source = Source(
            pairs=(lambda plain: _written(schema.key, plain)) if table else _paired, shown=safe_repr, Wrong=_Errors
        )
        key = self._part(source, "key", "key", schema.key, "f'[{str(key)!r}]'" if table else "f'[key {at}]'")
        item = self._part(source, "item", "item", schema.value, "f'[{shown(key)}]'")
        return source.function(
            "plain",
            [
                "out = []",
                *_together(
                    [
                        "for at, (key, item) in enumerate(pairs(plain)):",
                        *indented([*key, *item, "out.append((key, item))"]),
                    ]
                ),
                "read = dict(out)",
                "if len(read) != len(plain): raise Wrong('a key stands there twice')",
                "return read",
            ],
        )

    def _part(self, source: Source, into: str, read: str, schema: Schema, step: str) -> list[str]:
        """The lines that put the value of a part, read by `read`, into `into`, or else its faults into `wrong`."""
        decode = source.name(self._hook(schema))
        failed = f"except Wrong as error: wrong = error.under({step}, wrong)"
        test = source.fast_test(schema, into)
        if not test:
            return [f"try: {into} = {decode}({read})", failed]
        return [f"{into} = {read}", f"if not ({test}):", *indented([f"try: {into} = {decode}({into})", failed])]

    def _choice(self, schema: UnionSchema) -> Decoder:
        hooks = {tag: self._hook(member) for tag, member in schema.members.items()}
        legal = ", ".join(schema.members)
        native = {
            member.scalar.cls if isinstance(member, ScalarSchema) else type(None): hooks[tag]
            for tag, member in schema.members.items()
            if isinstance(member, NoneSchema) or (isinstance(member, ScalarSchema) and member.scalar.cls in NATIVE)
        }
        if float in native:
            native.setdefault(int, native[float])

        def decode(plain: Any) -> Any:
            if not isinstance(plain, dict):
                hook = native.get(type(plain))
                if hook is None:
                    raise _Errors(f"expected one of {legal}, got {plain!r}")
                return hook(plain)
            tag = plain.get(TAG)
            member = schema.members.get(tag) if isinstance(tag, str) else None
            if member is None:
                raise _Errors(
                    f"expected one of {legal}, got {TAG} = {tag!r}" if TAG in plain else f"no {TAG}; one of {legal}"
                )
            rest = {key: value for key, value in plain.items() if key != TAG}
            if isinstance(member, RecordSchema):
                return hooks[member.cls.__name__](rest)
            if list(rest) != ["value"]:
                raise _Errors(f"a {tag} in a union is written {{ {TAG} = {tag!r}, value = … }}")
            return hooks[str(tag)](rest["value"])

        return decode


def _together(lines: list[str]) -> list[str]:
    """`lines`, with what is wrong with any of the parts raised after them all."""
    return ["wrong = None", *lines, "if wrong is not None: raise wrong"] if lines else []


def _listed(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise _Errors(f"expected a list, got {plain!r}")
    return plain


def _paired(plain: Any) -> list[list[Any]]:
    pairs = _listed(plain)
    if any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
        raise _Errors("expected a list of [key, value] pairs")
    return pairs


def _written(schema: Schema, plain: Any) -> list[tuple[Any, Any]]:
    """The items of a table, its keys as plain data (they are written as strings)."""
    if not isinstance(plain, dict):
        raise _Errors(f"expected a table, got {plain!r}")
    return [(_key(schema, text), item) for text, item in plain.items()]


def _nothing(plain: Any) -> None:
    if plain is not None:
        raise _Errors(f"expected None, got {plain!r}")


def _scalar(scalar: Scalar, plain: Any) -> Any:
    kind = scalar.cls
    if kind is float and type(plain) is int and abs(plain) <= 1 << 53:
        return float(plain)
    if type(plain) is not scalar.stored_as:
        raise _Errors(f"expected {kind.__name__}, got {type(plain).__name__} {plain!r}")
    try:
        return scalar.decode(plain)
    except ValueError as error:
        raise _Errors(f"{error}") from None


def _member(kind: Any, plain: Any) -> Any:
    if type(plain) is str and plain in kind.__members__:
        return kind[plain]
    if type(plain) is int and issubclass(kind, Flag):
        try:
            return kind(plain)
        except ValueError:
            pass
    raise _Errors(f"{kind.__name__} has no member {plain!r}; one of {', '.join(kind.__members__)}")


def _key(schema: Schema, text: str) -> Any:
    """The plain key that was written as `text` (the keys of a TOML or JSON table are strings)."""
    kind = (
        schema.scalar.cls if isinstance(schema, ScalarSchema) else schema.cls if isinstance(schema, EnumSchema) else str
    )
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if (kind is int or issubclass(kind, Flag)) and _INT.fullmatch(text):
        return int(text)
    return original_key(text) if kind is str or isinstance(schema, EnumSchema) else text


_INT = re.compile(r"0|-?[1-9][0-9]{0,4299}")  # as it is written: no key has two spellings


def _limited(schema: Schema, decode: Decoder) -> Decoder:
    if not schema.constraints:
        return decode

    def checked(plain: Any) -> Any:
        value = decode(plain)
        why = constraint_violation(schema, value)
        if why:
            raise _Errors(why)
        return value

    return checked
