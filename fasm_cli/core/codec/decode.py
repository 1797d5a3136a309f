"""Plain data back to typed values: cattrs, made strict.

No coercion, no key too many or too few (defaults are for people who type, not for files), every fault listed with
its path. Nothing here is fast and nothing needs to be: data is decoded where it enters.
"""

import re
from collections.abc import Callable, Iterable
from enum import Flag
from typing import Any

from cattrs import ClassValidationError, Converter, transform_error
from cattrs.errors import IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from fasm_cli.core.codec.plain import TAG, Mismatch, keyed_by_text, objection, original_key, stored_key
from fasm_cli.core.codec.scalars import Scalar
from fasm_cli.core.codec.shape import (
    NATIVE,
    Choice,
    Fixed,
    Mapping,
    Member,
    Nothing,
    Plain,
    Record,
    Relations,
    Sequence,
    Shape,
)
from fasm_cli.core.database import Tables

Decoder = Callable[[Any], Any]


class _Wrong(ValueError):
    """One fault; cattrs keeps where it happened."""


class Decoders:
    """Decoders for the shapes of one machine, around one strict cattrs converter."""

    def __init__(self) -> None:
        self._converter = Converter(forbid_extra_keys=True, detailed_validation=True)
        self._made: dict[int, Decoder] = {}

    def of(self, shape: Shape) -> Decoder:
        """A function that gives the typed value, or raises `Mismatch` naming every fault."""
        decode = self._hook(shape)

        def checked(plain: Any) -> Any:
            try:
                return decode(plain)
            except (ClassValidationError, IterableValidationError, _Wrong) as error:
                raise Mismatch("; ".join(_faults(error))) from None

        return checked

    def _hook(self, shape: Shape) -> Decoder:
        key = id(shape)
        if key not in self._made:
            self._made[key] = lambda plain: self._made[key](plain)  # for a type that contains itself
            self._made[key] = _limited(shape, self._make(shape))
        return self._made[key]

    def _make(self, shape: Shape) -> Decoder:
        match shape:
            case Nothing():
                return _nothing
            case Plain(scalar=scalar):
                return lambda plain: _scalar(scalar, plain)
            case Member(cls=kind):
                return lambda plain: _member(kind, plain)
            case Record():
                return self._record(shape)
            case Sequence(cls=kind):
                return self._sequence(shape, kind, self._hook(shape.item))
            case Fixed():
                hooks = [self._hook(item) for item in shape.items]
                return lambda plain: _fixed(shape, hooks, _listed(plain))
            case Mapping():
                return self._mapping(shape)
            case Choice():
                return self._choice(shape)
            case Relations():
                rows = self._hook(shape.rows)
                return lambda plain: Tables(**rows(plain))
        raise AssertionError(f"no decoder for {shape}")

    def _record(self, shape: Record) -> Decoder:
        """cattrs builds the class; its fields' own decoders are hung on it by override."""
        kind = shape.cls
        keys = [stored_key(field.name) for field in shape.fields]
        overrides: dict[str, Any] = {
            field.name: override(rename=key, struct_hook=_field_hook(self._hook(field.shape)))
            for field, key in zip(shape.fields, keys, strict=True)
        }
        structure: Callable[[Any, Any], Any] = make_dict_structure_fn(kind, self._converter, **overrides)
        known = ", ".join(keys) or "none"

        def decode(plain: Any) -> Any:
            if not isinstance(plain, dict):
                raise _Wrong(f"expected a table of {kind.__name__}, got {plain!r}")
            missing = [key for key in keys if key not in plain]
            if missing:
                raise _Wrong(f"{kind.__name__} misses {', '.join(missing)}")
            strange = [key for key in plain if key not in keys]
            if strange:
                raise _Wrong(f"{kind.__name__} has no field {', '.join(map(repr, strange))}; known: {known}")
            return structure(plain, kind)

        return decode

    def _sequence(self, shape: Sequence, kind: type, item: Decoder) -> Decoder:
        def decode(plain: Any) -> Any:
            read = kind(_items(shape, [(at, item, part) for at, part in enumerate(_listed(plain))]))
            if len(read) != len(plain):
                raise _Wrong("an element stands there twice")
            return read

        return decode

    def _mapping(self, shape: Mapping) -> Decoder:
        key_of, value_of = self._hook(shape.key), self._hook(shape.value)
        table = keyed_by_text(shape.key)

        def decode(plain: Any) -> Any:
            if table:
                if not isinstance(plain, dict):
                    raise _Wrong(f"expected a table, got {plain!r}")
                keys = _items(shape, [(text, key_of, _key(shape.key, text)) for text in plain])
                values = list(plain.values())
            else:
                pairs = _listed(plain)
                if any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
                    raise _Wrong("expected a list of [key, value] pairs")
                keys = _items(shape, [(f"key {at}", key_of, pair[0]) for at, pair in enumerate(pairs)])
                values = [pair[1] for pair in pairs]
            read = dict(
                zip(keys, _items(shape, [(k, value_of, v) for k, v in zip(keys, values, strict=True)]), strict=True)
            )
            if len(read) != len(keys):
                raise _Wrong("a key stands there twice")
            return read

        return decode

    def _choice(self, shape: Choice) -> Decoder:
        hooks = {tag: self._hook(member) for tag, member in shape.members.items()}
        legal = ", ".join(shape.members)
        native = {
            member.scalar.cls if isinstance(member, Plain) else type(None): hooks[tag]
            for tag, member in shape.members.items()
            if isinstance(member, Nothing) or (isinstance(member, Plain) and member.scalar.cls in NATIVE)
        }
        if float in native:
            native.setdefault(int, native[float])

        def decode(plain: Any) -> Any:
            if not isinstance(plain, dict):
                hook = native.get(type(plain))
                if hook is None:
                    raise _Wrong(f"expected one of {legal}, got {plain!r}")
                return hook(plain)
            tag = plain.get(TAG)
            member = shape.members.get(tag) if isinstance(tag, str) else None
            if member is None:
                raise _Wrong(
                    f"expected one of {legal}, got {TAG} = {tag!r}" if TAG in plain else f"no {TAG}; one of {legal}"
                )
            rest = {key: value for key, value in plain.items() if key != TAG}
            if isinstance(member, Record):
                return hooks[member.cls.__name__](rest)
            if list(rest) != ["value"]:
                raise _Wrong(f"a {tag} in a union is written {{ {TAG} = {tag!r}, value = … }}")
            return hooks[str(tag)](rest["value"])

        return decode


def _field_hook(decode: Decoder) -> Callable[[Any, Any], Any]:
    return lambda plain, _kind: decode(plain)


def _listed(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise _Wrong(f"expected a list, got {plain!r}")
    return plain


def _items(shape: Shape, parts: Iterable[tuple[Any, Decoder, Any]]) -> list[Any]:
    """Decode each `(index, decoder, plain)`, collecting the faults the way cattrs does for its own collections."""
    out: list[Any] = []
    faults: list[Exception] = []
    for index, decode, plain in parts:
        try:
            out.append(decode(plain))
        except Exception as error:
            error.__notes__ = [*getattr(error, "__notes__", []), IterableValidationNote("in a collection", index, None)]
            faults.append(error)
    if faults:
        raise IterableValidationError("in a collection", faults, type(shape))
    return out


def _fixed(shape: Fixed, hooks: list[Decoder], plain: list[Any]) -> tuple[Any, ...]:
    if len(plain) != len(hooks):
        raise _Wrong(f"expected {len(hooks)} elements, got {len(plain)}")
    return tuple(_items(shape, [(at, hook, part) for at, (hook, part) in enumerate(zip(hooks, plain, strict=True))]))


def _nothing(plain: Any) -> None:
    if plain is not None:
        raise _Wrong(f"expected None, got {plain!r}")


def _scalar(scalar: Scalar, plain: Any) -> Any:
    kind = scalar.cls
    if kind is float and type(plain) is int and abs(plain) <= 1 << 53:
        return float(plain)
    if type(plain) is not scalar.stored_as:
        raise _Wrong(f"expected {kind.__name__}, got {type(plain).__name__} {plain!r}")
    try:
        return scalar.decode(plain)
    except ValueError as error:
        raise _Wrong(f"{error}") from None


def _member(kind: Any, plain: Any) -> Any:
    if type(plain) is str and plain in kind.__members__:
        return kind[plain]
    if type(plain) is int and issubclass(kind, Flag):
        try:
            return kind(plain)
        except ValueError:
            pass
    raise _Wrong(f"{kind.__name__} has no member {plain!r}; one of {', '.join(kind.__members__)}")


def _key(shape: Shape, text: str) -> Any:
    """The plain key that was written as `text` (the keys of a TOML or JSON table are strings)."""
    kind = shape.scalar.cls if isinstance(shape, Plain) else shape.cls if isinstance(shape, Member) else str
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if (kind is int or issubclass(kind, Flag)) and _INT.fullmatch(text):
        return int(text)
    return original_key(text) if kind is str or isinstance(shape, Member) else text


_INT = re.compile(r"0|-?[1-9][0-9]{0,4299}")  # as it is written: no key has two spellings


def _limited(shape: Shape, decode: Decoder) -> Decoder:
    if not shape.constraints:
        return decode

    def checked(plain: Any) -> Any:
        value = decode(plain)
        why = objection(shape, value)
        if why:
            raise _Wrong(why)
        return value

    return checked


def _faults(error: Exception) -> list[str]:
    if isinstance(error, _Wrong):
        return [str(error)]
    return [_path_first(line) for line in transform_error(error, format_exception=_told)]


def _told(fault: BaseException, _kind: Any) -> str:
    if isinstance(fault, RecursionError):
        raise fault  # the path would be the whole of what is too deep
    return str(fault)


def _path_first(line: str) -> str:
    what, _, path = line.rpartition(" @ $")
    return f"{path.lstrip('.')}: {what}" if path else what
