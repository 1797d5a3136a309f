"""Defines plain data, the stored form of values: None, bool, int, float, str, lists, and dicts with string keys.

The key `type` always holds a tag. A field or key with the name `type` is therefore stored as `type_`.
"""

import json
from collections.abc import Callable
from hashlib import blake2b
from json import encoder
from typing import Any

from fasm_cli.types.format import format_value
from fasm_cli.types.schema import EnumSchema, ScalarSchema, Schema

TAG = "type"
MAX_REPR = 200  # characters of a value in a message


class DecodeError(Exception):
    """A value does not match its schema. Each level that the exception leaves puts a step in front of the path."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.path: list[str] = []

    def at(self, step: str) -> "DecodeError":
        """Put `step` in front of the path and return the exception itself."""
        self.path.insert(0, step)
        return self

    def __str__(self) -> str:
        return f"{''.join(self.path).lstrip('.')}: {self.why}" if self.path else self.why


def stored_key(name: str) -> str:
    """The key for a name: `type`, or `type` with underscores behind it, gets one more underscore."""
    return f"{name}_" if name.rstrip("_") == TAG else name


def original_key(key: str) -> str:
    """The inverse of `stored_key`."""
    return key[:-1] if key.rstrip("_") == TAG and key != TAG else key


def has_text_keys(key: Schema) -> bool:
    """Whether a dict with such keys is stored as a table; otherwise it is stored as a list of pairs."""
    return isinstance(key, EnumSchema) or (isinstance(key, ScalarSchema) and key.scalar.cls is not float)


class DecodeErrors(Exception):
    """Everything that is wrong with one value. Each level that the exception leaves extends the paths."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.errors = [DecodeError(why)]

    def merge_into(self, earlier: "DecodeErrors | None", step: str) -> "DecodeErrors":
        """Put `step` in front of the paths and append these errors to `earlier` ones; return all of them."""
        for error in self.errors:
            error.at(step)
        if earlier is None:
            return self
        earlier.errors += self.errors
        return earlier

    def __str__(self) -> str:
        return "; ".join(map(str, self.errors))


def json_writer(*, sort_keys: bool) -> Callable[[Any], str]:
    """A function that returns what `json.dumps` does for plain data, with separators `,` and `:`.

    `json.dumps` builds its C encoder anew at every call, which takes half of the time for a small value. This function
    builds it once. Without the C encoder (PyPy, or a later CPython) it falls back to `json.JSONEncoder`.
    """
    documented = json.JSONEncoder(sort_keys=sort_keys, separators=(",", ":"))
    make: Any = getattr(encoder, "c_make_encoder", None)
    if make is None:
        return documented.encode
    try:
        write = make(
            markers=None,  # no search for cycles: plain data does not contain itself
            default=documented.default,
            encoder=encoder.encode_basestring_ascii,
            indent=None,
            key_separator=":",
            item_separator=",",
            sort_keys=sort_keys,
            skipkeys=False,
            allow_nan=True,
        )
    except TypeError:  # another signature
        return documented.encode
    return lambda plain: "".join(write(plain, 0))


canonical_text = json_writer(sort_keys=True)
"""JSON on one line with sorted keys: the same text for equal plain data."""

ordered_text = json_writer(sort_keys=False)
"""JSON on one line with keys in their own order, which a machine may depend on."""


def digest_of(text: str) -> str:
    """16 hexadecimal digits that identify `text`, the same in every process."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def safe_repr(value: Any) -> str:
    """`value` as text for a message. It never raises, although the author's `__repr__` may, and it is short."""
    try:
        text = format_value(value)
    except Exception:  # also a value that contains itself, or an int of more than 4300 digits
        return "…"
    return text if len(text) <= MAX_REPR else f"{text[: MAX_REPR - 1]}…"


def constraint_violation(schema: Schema, value: Any) -> str:
    """Why `value` violates a constraint of `schema`; '' if it violates none."""
    for limit in schema.constraints:
        why = limit.violation_of(value)
        if why:
            return f"{safe_repr(value)} {why}" if why.startswith("has ") else f"{safe_repr(value)} is {why}"
    return ""
