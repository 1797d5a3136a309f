"""Converts typed values to plain data and text, and back, for the types of one machine."""

from functools import cached_property
from typing import Any

from fasm_cli.errors import InputError
from fasm_cli.types.convert import Decoders, Encoders
from fasm_cli.types.format import format_value
from fasm_cli.types.from_annotations import SchemaRegistry, Unsupported
from fasm_cli.types.parse import Parser
from fasm_cli.types.plain import TAG, DecodeError, DecodeErrors, canonical_text, digest_of, safe_repr
from fasm_cli.types.schema import RecordSchema, Schema, variants

__all__ = ["Codec", "DecodeError", "Schema", "SchemaRegistry", "Unsupported", "format_value"]


class Codec:
    """The conversions for the types that one machine declares.

    A message (an input, an action, a result) is always stored with the tag of its class, so that a file stays readable
    and keeps its meaning when the machine gets a second class. A state or an id has a tag only if its type is a union.
    """

    def __init__(self, registry: SchemaRegistry) -> None:
        self.registry = registry
        self._encoders = Encoders(canonical=False)
        self._canonical = Encoders(canonical=True)
        self._decoders = Decoders()

    @cached_property
    def parser(self) -> Parser:
        return Parser(self.registry, self._encoders)

    def warm_up(self, schema: Schema) -> None:
        """Make the conversions of a schema now. Otherwise each is made when it is first needed."""
        for functions in (self._encoders, self._canonical, self._decoders):
            functions.of(schema)

    def encode(self, schema: Schema, value: Any) -> Any:
        """The plain data of `value`. Raises `DecodeError` with the path to a part that does not match the schema."""
        try:
            return self._encoders.of(schema)(value)
        except RecursionError:
            raise DecodeError("nested too deeply, or it contains itself") from None

    def decode(self, schema: Schema, plain: Any) -> Any:
        """The value that plain data stands for. Raises `DecodeError` that lists every error with its path."""
        try:
            return self._decoders.of(schema)(plain)
        except DecodeErrors as errors:
            raise DecodeError(str(errors)) from None
        except RecursionError:
            raise DecodeError("nested too deeply") from None

    def digest(self, schema: Schema, value: Any) -> str:
        """16 hexadecimal digits, equal for equal values in every process."""
        return digest_of(canonical_text(self._canonical.of(schema)(value)))

    def encode_message(self, schema: Schema, value: Any) -> Any:
        """The plain data of a message, with the tag of its class."""
        plain = self.encode(schema, value)
        return {TAG: schema.tag, **plain} if isinstance(schema, RecordSchema) else plain

    def decode_message(self, schema: Schema, plain: Any) -> Any:
        """The message that plain data with a tag stands for. Raises `DecodeError`."""
        if not isinstance(schema, RecordSchema):
            return self.decode(schema, plain)
        if not isinstance(plain, dict) or plain.get(TAG) != schema.tag:
            got = plain.get(TAG) if isinstance(plain, dict) else plain
            raise DecodeError(f"expected {TAG} = {schema.tag!r}, got {got!r}")
        return self.decode(schema, {key: value for key, value in plain.items() if key != TAG})

    def parse(self, schema: Schema, text: str) -> Any:
        """The value written in `text`, validated against `schema`. Raises `InputError`."""
        return self.validate(schema, self.parser.parse(text))

    def validate(self, schema: Schema, value: Any) -> Any:
        """`value` after encoding and decoding. Raises `InputError` if it does not match the schema."""
        try:
            return self.decode(schema, self.encode(schema, value))
        except DecodeError as error:
            raise InputError(f"{safe_repr(value)}: {error}", f"write one of {', '.join(variants(schema))}") from None
