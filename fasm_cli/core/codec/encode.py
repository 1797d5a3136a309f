"""Typed values to plain data, strictly: a value that is not what its annotation says is refused, with its path.

Plain data is None, bool, int, float, str, lists and dicts with string keys. A key `type` is always a tag, so a field
or key that is really called `type` is stored as `type_`. Encoders are closures, made once for a shape: this is the
one part of the codec that simulations run often.
"""

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from fasm_cli.core.codec.render import render
from fasm_cli.core.codec.scalars import LARGEST, Scalar
from fasm_cli.core.codec.shape import (
    NATIVE,
    Choice,
    Fixed,
    Mapping,
    Member,
    Nothing,
    Plain,
    Record,
    Sequence,
    Shape,
    runtime_type,
)

TAG = "type"
Encoder = Callable[[Any], Any]


class Mismatch(Exception):
    """A value does not fit its shape; the path grows as the exception leaves each level."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.path: list[str] = []

    def at(self, step: str) -> "Mismatch":
        self.path.insert(0, step)
        return self

    def __str__(self) -> str:
        return f"{''.join(self.path).lstrip('.')}: {self.why}" if self.path else self.why


def stored_key(name: str) -> str:
    """`type` is the tag: a name that is `type` with any number of underscores gets one more."""
    return f"{name}_" if name.rstrip("_") == TAG else name


def original_key(key: str) -> str:
    """What `stored_key` was given."""
    return key[:-1] if key.rstrip("_") == TAG and key != TAG else key


def keyed_by_text(shape: Shape) -> bool:
    """Whether a dict with such keys is stored as a table (else as a list of pairs)."""
    return isinstance(shape, Member) or (isinstance(shape, Plain) and shape.scalar.cls is not float)


def canonical_text(plain: Any) -> str:
    """One text for equal plain data, whatever the order of its keys."""
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of(text: str) -> str:
    """16 hexadecimal digits that stand for `text` in every process."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Encoders:
    """Encoders for the shapes of one machine; `canonical` ones map equal values to equal plain data."""

    def __init__(self, *, canonical: bool) -> None:
        self._canonical = canonical
        self._made: dict[int, Encoder] = {}

    def of(self, shape: Shape) -> Encoder:
        key = id(shape)
        if key not in self._made:
            self._made[key] = lambda value: self._made[key](value)  # for a type that contains itself
            self._made[key] = _limited(shape, self._make(shape))
        return self._made[key]

    def _make(self, shape: Shape) -> Encoder:
        match shape:
            case Nothing():
                return _nothing
            case Plain(scalar=scalar):
                return _scalar(scalar, scalar.canonical if self._canonical else scalar.encode)
            case Member(cls=kind):
                return _member(kind)
            case Record():
                return self._record(shape)
            case Sequence():
                return _sequence(shape.cls, self.of(shape.item))
            case Fixed():
                return _fixed([self.of(item) for item in shape.items])
            case Mapping():
                return self._mapping(shape)
            case Choice():
                return self._choice(shape)
        raise AssertionError(f"no encoder for {shape}")

    def _record(self, shape: Record) -> Encoder:
        kind = shape.cls
        parts = [(field.name, stored_key(field.name), self.of(field.shape)) for field in shape.fields]

        def encode(value: Any) -> dict[str, Any]:
            if type(value) is not kind:
                raise _expected(kind, value)
            try:
                return {key: part(getattr(value, name)) for name, key, part in parts}
            except Mismatch:
                return _find(value, parts)

        return encode

    def _mapping(self, shape: Mapping) -> Encoder:
        key_of, value_of = self.of(shape.key), self.of(shape.value)
        table, canonical = keyed_by_text(shape.key), self._canonical

        def encode(value: Any) -> Any:
            if type(value) is not dict:
                raise _expected(dict, value)
            pairs: list[tuple[Any, Any]] = []
            for key, item in value.items():
                try:
                    plain_key = key_of(key)
                    pairs.append((plain_key, value_of(item)))
                except Mismatch as wrong:
                    raise wrong.at(f"[{shown(key)}]") from None
            if table:
                stored = {_key_text(key): item for key, item in pairs}
                if len(stored) != len(pairs):  # NaN twice, which Python holds for two keys
                    raise Mismatch("two keys are stored as one and the same")
                return stored
            if canonical:
                pairs.sort(key=lambda pair: canonical_text(pair[0]))
            return [[key, item] for key, item in pairs]

        return encode

    def _choice(self, shape: Choice) -> Encoder:
        members = {runtime_type(member): (tag, member, self.of(member)) for tag, member in shape.members.items()}
        if float in members:  # an int may stand for a float, unless the union has an int of its own
            members.setdefault(int, members[float])
        legal = ", ".join(shape.members)

        def encode(value: Any) -> Any:
            found = members.get(type(value))
            if found is None:
                raise Mismatch(f"expected one of {legal}, got {type(value).__name__} {shown(value)}")
            tag, member, encoder = found
            return tagged(tag, member, encoder(value))

        return encode


def tagged(tag: str, member: Shape, plain: Any) -> Any:
    """What a member of a union is stored as."""
    match member:
        case Nothing():
            return None
        case Plain(scalar=scalar) if scalar.cls in NATIVE:
            return plain
        case Record():
            return {TAG: tag, **plain}
    return {TAG: tag, "value": plain}


def _find(value: Any, parts: list[tuple[str, str, Encoder]]) -> dict[str, Any]:
    for name, _, part in parts:
        try:
            part(getattr(value, name))
        except Mismatch as wrong:
            raise wrong.at(f".{name}") from None
    raise AssertionError("a value that was refused is accepted the second time")


def _expected(kind: type, value: Any) -> Mismatch:
    return Mismatch(f"expected {kind.__name__}, got {type(value).__name__} {shown(value)}")


def shown(value: Any) -> str:
    """`value` for a message, whatever it is: a value of the wrong type may be anything, and its repr may fail."""
    try:
        text = render(value)
    except Exception:  # an author's __repr__, a value that contains itself, an int of more than 4300 digits
        return "…"
    return text if len(text) <= 200 else f"{text[:199]}…"


def _nothing(value: Any) -> None:
    if value is not None:
        raise Mismatch(f"expected None, got {shown(value)}")


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
            raise Mismatch(str(error)) from None

    return strict


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise _expected(int, value)
    if not -LARGEST <= value <= LARGEST:
        raise Mismatch("an int of more than 4300 digits cannot be stored")
    return value


def _as_float(value: Any) -> float:
    """A float, or an int that is one (typing lets `0` stand where a float is declared)."""
    if type(value) is float:
        return value
    if type(value) is int and abs(value) <= 1 << 53:
        return float(value)
    raise _expected(float, value)


def _member(kind: type) -> Encoder:
    def encode(value: Any) -> Any:
        if type(value) is not kind:
            raise _expected(kind, value)
        return value.name if value.name in kind.__members__ else value.value  # type: ignore[attr-defined]

    return encode


def _sequence(kind: Any, item_of: Encoder) -> Encoder:
    unordered = kind in (set, frozenset)

    def encode(value: Any) -> list[Any]:
        if type(value) is not kind:
            raise _expected(kind, value)
        out: list[Any] = []
        for at, item in enumerate(value):
            try:
                out.append(item_of(item))
            except Mismatch as wrong:
                raise wrong.at("{}" if unordered else f"[{at}]") from None
        return _in_order(out) if unordered else out

    return encode


def _in_order(elements: list[Any]) -> list[Any]:
    kinds = {type(element) for element in elements}
    if kinds == {float}:
        return sorted(elements, key=lambda number: (number != number, number))  # NaN is in no order with the others
    if len(kinds) == 1 and kinds <= {int, str}:
        return sorted(elements)
    return sorted(elements, key=canonical_text)


def _fixed(items: list[Encoder]) -> Encoder:
    def encode(value: Any) -> list[Any]:
        if type(value) is not tuple:
            raise _expected(tuple, value)
        if len(value) != len(items):
            raise Mismatch(f"expected {len(items)} elements, got {len(value)}")
        out: list[Any] = []
        for at, (encoder, item) in enumerate(zip(items, value, strict=True)):
            try:
                out.append(encoder(item))
            except Mismatch as wrong:
                raise wrong.at(f"[{at}]") from None
        return out

    return encode


def _key_text(key: Any) -> str:
    if type(key) is str:
        return stored_key(key)
    return "true" if key is True else "false" if key is False else str(key)


def refusal(value: Any, why: str) -> str:
    """What a constraint has against `value`, in words."""
    return f"{shown(value)} {why}" if why.startswith("has ") else f"{shown(value)} is {why}"


def _limited(shape: Shape, encode: Encoder) -> Encoder:
    limits = shape.constraints
    if not limits:
        return encode

    def checked(value: Any) -> Any:
        plain = encode(value)
        for limit in limits:
            why = limit.refuses(value)
            if why:
                raise Mismatch(refusal(value, why))
        return plain

    return checked
