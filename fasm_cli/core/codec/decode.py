"""Plain data back to typed values, strictly: no coercion, no key too many or too few (defaults are for people who type,
not for files), every fault listed with its path.

Nothing here is fast and nothing needs to be: data is decoded where it enters.
"""

import re
from collections.abc import Callable, Iterable
from enum import Flag
from typing import Any

from fasm_cli.core.codec.by_shape import ByShape
from fasm_cli.core.codec.plain import TAG, Mismatch, keyed_by_text, objection, original_key, shown, stored_key
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


class _Wrong(Exception):
    """Everything that is wrong with one value; the paths grow as it leaves each level."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.faults = [Mismatch(why)]

    def __str__(self) -> str:
        return "; ".join(map(str, self.faults))


class Decoders:
    """Decoders for the shapes of one machine: closures, made once for a shape."""

    def __init__(self) -> None:
        self._made = ByShape[Decoder]()

    def of(self, shape: Shape) -> Decoder:
        """A function that gives the typed value, or raises `Mismatch` naming every fault."""
        decode = self._hook(shape)

        def checked(plain: Any) -> Any:
            try:
                return decode(plain)
            except _Wrong as error:
                raise Mismatch(str(error)) from None

        return checked

    def _hook(self, shape: Shape) -> Decoder:
        return self._made.of(shape, lambda shape: _limited(shape, self._make(shape)))

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
                return _sequence(kind, self._hook(shape.item))
            case Fixed():
                return _fixed([self._hook(item) for item in shape.items])
            case Mapping():
                return self._mapping(shape)
            case Choice():
                return self._choice(shape)
            case Relations():
                rows = self._hook(shape.rows)
                return lambda plain: Tables(**rows(plain))
        raise AssertionError(f"no decoder for {shape}")

    def _record(self, shape: Record) -> Decoder:
        kind = shape.cls
        parts = [(field.name, stored_key(field.name), self._hook(field.shape)) for field in shape.fields]
        keys = {key for _, key, _ in parts}
        known = ", ".join(key for _, key, _ in parts) or "none"

        def decode(plain: Any) -> Any:
            if not isinstance(plain, dict):
                raise _Wrong(f"expected a table of {kind.__name__}, got {plain!r}")
            missing = [key for _, key, _ in parts if key not in plain]
            if missing:
                raise _Wrong(f"{kind.__name__} misses {', '.join(missing)}")
            strange = [key for key in plain if key not in keys]
            if strange:
                raise _Wrong(f"{kind.__name__} has no field {', '.join(map(repr, strange))}; known: {known}")
            values = _all((f".{name}", part, plain[key]) for name, key, part in parts)
            try:
                return kind(**{name: value for (name, _, _), value in zip(parts, values, strict=True)})
            except RecursionError:
                raise
            except Exception as error:  # a class may refuse values in its `__post_init__`
                raise _Wrong(str(error)) from None

        return decode

    def _mapping(self, shape: Mapping) -> Decoder:
        key_of, value_of = self._hook(shape.key), self._hook(shape.value)
        table = keyed_by_text(shape.key)

        def decode(plain: Any) -> Any:
            if table:
                if not isinstance(plain, dict):
                    raise _Wrong(f"expected a table, got {plain!r}")
                keys = _all((f"[{text!r}]", key_of, _key(shape.key, text)) for text in plain)
                values = list(plain.values())
            else:
                pairs = _listed(plain)
                if any(not isinstance(pair, list) or len(pair) != 2 for pair in pairs):
                    raise _Wrong("expected a list of [key, value] pairs")
                keys = _all((f"[key {at}]", key_of, pair[0]) for at, pair in enumerate(pairs))
                values = [pair[1] for pair in pairs]
            items = _all((f"[{shown(key)}]", value_of, value) for key, value in zip(keys, values, strict=True))
            read = dict(zip(keys, items, strict=True))
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


def _sequence(kind: type, item: Decoder) -> Decoder:
    def decode(plain: Any) -> Any:
        read = kind(_all((f"[{at}]", item, part) for at, part in enumerate(_listed(plain))))
        if len(read) != len(plain):
            raise _Wrong("an element stands there twice")
        return read

    return decode


def _listed(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise _Wrong(f"expected a list, got {plain!r}")
    return plain


def _all(parts: Iterable[tuple[str, Decoder, Any]]) -> list[Any]:
    """Decode each `(step of the path, decoder, plain)`; what is wrong with any of them is raised together."""
    out: list[Any] = []
    wrong: _Wrong | None = None
    for step, decode, plain in parts:
        try:
            out.append(decode(plain))
        except _Wrong as error:
            for fault in error.faults:
                fault.at(step)
            if wrong is None:
                wrong = error
            else:
                wrong.faults += error.faults
    if wrong is not None:
        raise wrong
    return out


def _fixed(hooks: list[Decoder]) -> Decoder:
    def decode(plain: Any) -> Any:
        if len(_listed(plain)) != len(hooks):
            raise _Wrong(f"expected {len(hooks)} elements, got {len(plain)}")
        return tuple(_all((f"[{at}]", hook, part) for at, (hook, part) in enumerate(zip(hooks, plain, strict=True))))

    return decode


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
