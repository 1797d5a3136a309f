"""What plain data looks like, and what is said of values that do not become it.

Plain data is None, bool, int, float, str, lists and dicts with string keys. A key `type` is always a tag, so a field
or key that is really called `type` is stored as `type_`.
"""

import json
from collections.abc import Callable
from hashlib import blake2b
from json import encoder as of_json
from typing import Any

from fasm_cli.types.format import format_value
from fasm_cli.types.schema import EnumSchema, ScalarSchema, Schema

TAG = "type"


class DecodeError(Exception):
    """A value does not fit its schema; the path grows as the exception leaves each level."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.path: list[str] = []

    def at(self, step: str) -> "DecodeError":
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


def keyed_by_text(schema: Schema) -> bool:
    """Whether a dict with such keys is stored as a table (else as a list of pairs)."""
    return isinstance(schema, EnumSchema) or (isinstance(schema, ScalarSchema) and schema.scalar.cls is not float)


def _writer(*, sort_keys: bool) -> Callable[[Any], str]:
    """What `json.dumps` does, with all that it makes anew for each call made once: half the time, for a small value."""
    usual = json.JSONEncoder(sort_keys=sort_keys, separators=(",", ":"))
    make = getattr(of_json, "c_make_encoder", None)  # in C, where this Python has it
    if make is None:
        return usual.encode
    write = make(
        markers=None,  # plain data does not contain itself
        default=usual.default,
        encoder=of_json.encode_basestring_ascii,
        indent=None,
        key_separator=":",
        item_separator=",",
        sort_keys=sort_keys,
        skipkeys=False,
        allow_nan=True,
    )
    return lambda plain: "".join(write(plain, 0))


_canonical, _ordered = _writer(sort_keys=True), _writer(sort_keys=False)


def canonical_text(plain: Any) -> str:
    """One text for equal plain data, whatever the order of its keys."""
    return _canonical(plain)


def ordered_text(plain: Any) -> str:
    """One line for plain data that keeps the order of its keys: the machine may go by it."""
    return _ordered(plain)


def digest_of(text: str) -> str:
    """16 hexadecimal digits that stand for `text` in every process."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def safe_repr(value: Any) -> str:
    """`value` for a message, whatever it is: a value of the wrong type may be anything, and its repr may fail."""
    try:
        text = format_value(value)
    except Exception:  # an author's __repr__, a value that contains itself, an int of more than 4300 digits
        return "…"
    return text if len(text) <= 200 else f"{text[:199]}…"


def constraint_violation(schema: Schema, value: Any) -> str:
    """What the constraints of `schema` have against `value`, in words; empty where they have nothing."""
    for limit in schema.constraints:
        why = limit.violation_of(value)
        if why:
            return f"{safe_repr(value)} {why}" if why.startswith("has ") else f"{safe_repr(value)} is {why}"
    return ""
