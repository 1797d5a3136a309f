"""Typed values to plain data, strictly: a value that is not what its annotation says is refused, with its path.

Encoders are closures, made once for a shape: this is the one part of the codec that simulations run often.
"""

from collections.abc import Callable
from typing import Any

from fasm_cli.core.codec.by_shape import ByShape
from fasm_cli.core.codec.plain import Mismatch, canonical_text, keyed_by_text, objection, shown, stored_key, tagged
from fasm_cli.core.codec.scalars import LARGEST, Scalar
from fasm_cli.core.codec.shape import (
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
    runtime_type,
)
from fasm_cli.core.database import Database

Encoder = Callable[[Any], Any]


class Encoders:
    """Encoders for the shapes of one machine; `canonical` ones map equal values to equal plain data."""

    def __init__(self, *, canonical: bool) -> None:
        self._canonical = canonical
        self._made = ByShape[Encoder]()

    def of(self, shape: Shape) -> Encoder:
        return self._made.of(shape, lambda shape: _limited(shape, self._make(shape)))

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
            case Relations():
                return _relations(self.of(shape.rows))
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


def _find(value: Any, parts: list[tuple[str, str, Encoder]]) -> dict[str, Any]:
    for name, _, part in parts:
        try:
            part(getattr(value, name))
        except Mismatch as wrong:
            raise wrong.at(f".{name}") from None
    raise AssertionError("a value that was refused is accepted the second time")


def _expected(kind: type, value: Any) -> Mismatch:
    return Mismatch(f"expected {kind.__name__}, got {type(value).__name__} {shown(value)}")


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


def _relations(rows: Encoder) -> Encoder:
    def encode(value: Any) -> Any:
        if not isinstance(value, Database):
            raise _expected(Database, value)
        return rows(value.now().contents())

    return encode


def _key_text(key: Any) -> str:
    if type(key) is str:
        return stored_key(key)
    return "true" if key is True else "false" if key is False else str(key)


def _limited(shape: Shape, encode: Encoder) -> Encoder:
    if not shape.constraints:
        return encode

    def checked(value: Any) -> Any:
        plain = encode(value)
        why = objection(shape, value)
        if why:
            raise Mismatch(why)
        return plain

    return checked
