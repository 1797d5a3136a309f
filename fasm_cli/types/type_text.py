"""Types and defaults in a few words, for a person: `points: int 1..1000 = 5`. A file keeps them as `core/fingerprint`
has it."""

from typing import Any

from fasm_cli.contract.constraints import Between, Constraint, OneOf, Size, Text
from fasm_cli.types.description import type_text
from fasm_cli.types.format import format_value
from fasm_cli.types.schema import REQUIRED, Schema, UnionSchema

LISTED = 3  # values of a OneOf that are told; the others are completed all the same


def schema_label(schema: Schema) -> str:
    """A type with its limits, as short as it can be said: `int 1..1000`, `str 1..8 characters`."""
    bare = " | ".join(map(schema_label, schema.members.values())) if isinstance(schema, UnionSchema) else _bare(schema)
    return " ".join([bare, *map(_limit, schema.constraints)])


def _bare(schema: Schema) -> str:
    """`type_text` without the limits, which stand behind it."""
    return type_text(schema).removesuffix("".join(f" {limit}" for limit in schema.constraints))


def _limit(limit: Constraint) -> str:
    match limit:
        case Between(low=low, high=high):
            return f"{format_value(low)}..{format_value(high)}"
        case OneOf(values=values):
            return f"of {', '.join(map(format_value, values[:LISTED]))}{', …' if len(values) > LISTED else ''}"
        case Text(min=low, max=high):
            return f"{low}..{high} characters"
        case Size(min=low, max=high):
            return f"{low}..{high} long"


def default_text(default: Any) -> str:
    """The default of a field as source text: empty where it must be given."""
    if default is REQUIRED:
        return ""
    try:
        return format_value(default())
    except Exception:  # an author's default_factory may do anything
        return "…"
