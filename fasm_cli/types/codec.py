"""Typed values ↔ plain data ↔ text, for the types that one machine declares."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from fasm_cli.errors import InputError
from fasm_cli.types.encode import Encoders
from fasm_cli.types.format import format_value
from fasm_cli.types.from_annotations import SchemaRegistry, Unsupported
from fasm_cli.types.parse import Parser
from fasm_cli.types.plain import TAG, DecodeError, canonical_text, digest_of, safe_repr
from fasm_cli.types.schema import RecordSchema, Schema, UnionSchema, tag_of

if TYPE_CHECKING:
    from fasm_cli.types.decode import Decoders

__all__ = ["Codec", "DecodeError", "Schema", "SchemaRegistry", "Unsupported", "format_value"]


class Codec:
    """All conversions for the registry of one machine.

    A message (an input, an action, a result) is always stored with the tag of its class, so that a file stays
    readable and keeps its meaning when a second class joins; a state or an id only where its type is a union.
    """

    def __init__(self, registry: SchemaRegistry) -> None:
        self.registry = registry
        self._plain = Encoders(canonical=False)
        self._canonical = Encoders(canonical=True)

    @cached_property
    def _decoders(self) -> "Decoders":
        from fasm_cli.types.decode import Decoders  # not every verb reads something

        return Decoders()

    def warm_up(self, schema: Schema) -> None:
        """Make now what conversions of this schema need; else each is made when it is first needed."""
        for made in (self._plain, self._canonical, self._decoders):
            made.of(schema)

    @cached_property
    def parser(self) -> Parser:
        return Parser(self.registry, self._plain)

    def encode(self, schema: Schema, value: Any) -> Any:
        """Plain data for `value`. Raises `Mismatch` with the path of what does not fit."""
        try:
            return self._plain.of(schema)(value)
        except RecursionError:
            raise DecodeError("nested too deeply, or it contains itself") from None

    def decode(self, schema: Schema, plain: Any) -> Any:
        """The value that `plain` stands for. Raises `Mismatch` naming every fault."""
        try:
            return self._decoders.of(schema)(plain)
        except RecursionError:
            raise DecodeError("nested too deeply") from None

    def digest(self, schema: Schema, value: Any) -> str:
        """16 hexadecimal digits: equal for equal values, in every process."""
        return digest_of(canonical_text(self._canonical.of(schema)(value)))

    def encode_message(self, schema: Schema, value: Any) -> Any:
        plain = self.encode(schema, value)
        return {TAG: tag_of(schema), **plain} if isinstance(schema, RecordSchema) else plain

    def decode_message(self, schema: Schema, plain: Any) -> Any:
        if not isinstance(schema, RecordSchema):
            return self.decode(schema, plain)
        if not isinstance(plain, dict) or plain.get(TAG) != tag_of(schema):
            got = plain.get(TAG) if isinstance(plain, dict) else plain
            raise DecodeError(f"expected {TAG} = {tag_of(schema)!r}, got {got!r}")
        return self.decode(schema, {key: value for key, value in plain.items() if key != TAG})

    def parse(self, schema: Schema, text: str) -> Any:
        """The value written in `text`, checked against `schema`; raises `InputError`."""
        return self.validate(schema, self.parser.parse(text))

    def validate(self, schema: Schema, value: Any) -> Any:
        """`value` as a file would give it back. Raises `InputError` where it does not fit."""
        try:
            return self.decode(schema, self.encode(schema, value))
        except DecodeError as wrong:
            raise InputError(f"{safe_repr(value)}: {wrong}", f"write one of {describe(schema)}") from None


def describe(schema: Schema) -> str:
    """The names a value of this schema may have, for an error message."""
    return ", ".join(schema.members) if isinstance(schema, UnionSchema) else tag_of(schema)
