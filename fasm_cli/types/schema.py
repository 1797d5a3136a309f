"""The schema of a declared type: what a value may look like. How it is read from annotations is in `annotations`.

Everything that treats values by type starts here: the codec, the generator, the REPL's completion, `describe`.
"""

import enum
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field
from typing import Any

from fasm_cli.contract.constraints import Constraint
from fasm_cli.types.scalars import Scalar

REQUIRED: Any = MISSING


@dataclass(eq=False, slots=True)
class Schema:
    """Base; `annotation` is what the author wrote, `constraints` what stood beside it in `Annotated`."""

    annotation: Any
    constraints: tuple[Constraint, ...] = ()


@dataclass(eq=False, slots=True)
class NoneSchema(Schema):
    """None."""


@dataclass(eq=False, slots=True)
class ScalarSchema(Schema):
    """A scalar: one row of `scalars`."""

    scalar: Scalar = field(kw_only=True)


@dataclass(eq=False, slots=True)
class EnumSchema(Schema):
    """An enum; stored by the name of the member."""

    cls: type[enum.Enum] = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Field:
    name: str
    schema: Schema
    default: Any  # REQUIRED, or a function without arguments that makes it
    hashed: bool = True  # the hash of the class, where it is a generated one, reads it


@dataclass(eq=False, slots=True)
class RecordSchema(Schema):
    """A dataclass or attrs class; its fields are filled in once known, so that a type may contain itself."""

    cls: type = field(kw_only=True)
    fields: tuple[Field, ...] = ()


@dataclass(eq=False, slots=True)
class CollectionSchema(Schema):
    """`list[item]`, `tuple[item, ...]`, `set[item]` or `frozenset[item]`: all of one kind of element."""

    cls: type = field(kw_only=True)
    item: Schema = field(kw_only=True)


@dataclass(eq=False, slots=True)
class TupleSchema(Schema):
    """`tuple[A, B]`: one schema for each place."""

    items: tuple[Schema, ...] = field(kw_only=True)


@dataclass(eq=False, slots=True)
class DictSchema(Schema):
    """`dict[key, value]`."""

    key: Schema = field(kw_only=True)
    value: Schema = field(kw_only=True)


@dataclass(eq=False, slots=True)
class UnionSchema(Schema):
    """A union; each member has a tag of its own."""

    members: dict[str, Schema] = field(kw_only=True)


@dataclass(eq=False, slots=True)
class DatabaseSchema(Schema):
    """A `Database`: the rows of its tables. Only a field of the state has this schema."""

    rows: Schema = field(kw_only=True)  # what it is stored as: a list of rows for each table, each a dict of columns


NATIVE = (bool, int, float, str)  # plain data tells these apart by itself: no tag in a union


def tag_of(schema: Schema) -> str:
    """The name under which a member of a union is stored and reported."""
    match schema:
        case NoneSchema():
            return "None"
        case ScalarSchema(scalar=scalar):
            return scalar.cls.__name__
        case EnumSchema(cls=kind) | RecordSchema(cls=kind) | CollectionSchema(cls=kind):
            return kind.__name__
        case TupleSchema():
            return "tuple"
        case DictSchema():
            return "dict"
        case DatabaseSchema():
            return "Database"
    raise AssertionError(f"a {type(schema).__name__} inside a union is flattened before it is tagged")


def runtime_type(schema: Schema) -> type:
    """The class that values of this schema are instances of (never asked of a union)."""
    match schema:
        case NoneSchema():
            return type(None)
        case ScalarSchema(scalar=scalar):
            return scalar.cls
        case EnumSchema(cls=kind) | RecordSchema(cls=kind) | CollectionSchema(cls=kind):
            return kind
        case TupleSchema():
            return tuple
        case DictSchema():
            return dict
    raise AssertionError(f"a {type(schema).__name__} has no single class")


def unhashable(schema: Schema, _inside: tuple[Schema, ...] = ()) -> str:
    """The name of the first type in `schema` that has no hash, or an empty string."""
    if schema in _inside:
        return ""
    inside = (*_inside, schema)
    parts: Iterable[Schema] = ()
    match schema:
        case RecordSchema(cls=kind, fields=fields):
            hashes: Any = kind.__hash__  # None where there is none, whatever typeshed says
            if hashes is None:
                return kind.__name__
            made = getattr(hashes, "__code__", None)
            if made is not None and made.co_filename.startswith("<"):  # generated: it hashes every field
                parts = [field.schema for field in fields if field.hashed]
        case CollectionSchema(cls=kind) if kind in (list, set):
            return kind.__name__
        case DictSchema():
            return "dict"
        case CollectionSchema(item=item):
            parts = (item,)
        case TupleSchema(items=items):
            parts = items
        case UnionSchema(members=members):
            parts = members.values()
    return next((wrong for part in parts if (wrong := unhashable(part, inside))), "")


def hashable_in_place_of(name: str) -> str:
    """What to write instead of the type that `unhashable` named."""
    return _HASHABLE.get(name, "@dataclass(frozen=True)")


_HASHABLE = {"list": "tuple[…, ...]", "set": "frozenset[…]", "dict": "a tuple of pairs"}
