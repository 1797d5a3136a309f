"""Defines schemas: one class for each kind of type that a value can be declared with.

`from_annotations` builds them. The codec, the generators, the shrinker, completion and `describe` read them. To add a
kind of type, write a class here and add it to `Member`, then build it in `from_annotations`. mypy reports the abstract
properties that the class lacks and every function that has to handle it: each ends in `assert_never`.
"""

import enum
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from fasm_cli.contract.constraints import Constraint
from fasm_cli.contract.database import Database
from fasm_cli.types.fields import is_frozen, is_generated
from fasm_cli.types.scalars import Scalar

UNTAGGED = (type(None), bool, int, float, str)  # types that plain data tells apart without a tag


@dataclass(eq=False)
class _Node(ABC):
    """The base of all schemas. Two schemas are equal only if they are the same object.

    annotation: what the author wrote.
    constraints: the limits that stand beside it in `Annotated`.
    """

    annotation: Any
    constraints: tuple[Constraint, ...] = ()

    @property
    @abstractmethod
    def parts(self) -> "tuple[Schema, ...]":
        """The schemas of the values that a value consists of."""

    @property
    @abstractmethod
    def is_mutable(self) -> bool:
        """Whether a value itself can change, whatever its parts are."""

    @property
    def is_hashable(self) -> bool:
        """Whether the class has a hash; the parts in `hashed_parts` must have one too."""
        return not self.is_mutable

    @property
    def hashed_parts(self) -> "tuple[Schema, ...]":
        """The parts that the hash of a value reads."""
        return self.parts


class _Leaf(_Node):
    """The base of the schemas whose values have no parts and never change."""

    @property
    def parts(self) -> "tuple[Schema, ...]":
        return ()

    @property
    def is_mutable(self) -> bool:
        return False


class NoneSchema(_Leaf):
    """None."""

    cls, tag = type(None), "None"


@dataclass(eq=False)
class ScalarSchema(_Leaf):
    """A scalar: one row of `scalars.SCALARS`."""

    scalar: Scalar = field(kw_only=True)

    @property
    def cls(self) -> type:
        return self.scalar.cls

    @property
    def tag(self) -> str:
        return self.scalar.cls.__name__


@dataclass(eq=False)
class EnumSchema(_Leaf):
    """An enum; values are stored by the name of the member."""

    cls: type[enum.Enum] = field(kw_only=True)

    @property
    def tag(self) -> str:
        return self.cls.__name__


@dataclass(eq=False)
class DatabaseSchema(_Leaf):
    """A `Database`. Only a field of the state has this schema.

    rows: the schema of the stored form, a list of rows for each table, where a row is a dict of columns.
    """

    rows: "Schema" = field(kw_only=True)
    cls, tag = Database, "Database"


@dataclass(eq=False)
class Field:
    """A field of a record.

    default: a function without arguments that returns the default, or `fields.REQUIRED`.
    hashed: a generated `__hash__` reads the field.
    """

    name: str
    schema: "Schema"
    default: Any
    hashed: bool = True


@dataclass(eq=False)
class RecordSchema(_Node):
    """A dataclass or an attrs class. `fields` is assigned after construction, because a type may contain itself."""

    cls: type = field(kw_only=True)
    fields: tuple[Field, ...] = ()

    @cached_property
    def tag(self) -> str:
        return self.cls.__name__

    @property
    def parts(self) -> "tuple[Schema, ...]":
        return tuple(field.schema for field in self.fields)

    @property
    def is_mutable(self) -> bool:
        return not is_frozen(self.cls)

    @property
    def is_hashable(self) -> bool:
        hash_method: Any = self.cls.__hash__  # typeshed does not say that it may be None
        return hash_method is not None

    @property
    def hashed_parts(self) -> "tuple[Schema, ...]":
        if not is_generated(self.cls.__hash__):  # the author answers for a hash that he wrote
            return ()
        return tuple(field.schema for field in self.fields if field.hashed)


@dataclass(eq=False)
class CollectionSchema(_Node):
    """`list[item]`, `tuple[item, ...]`, `set[item]` or `frozenset[item]`."""

    cls: type = field(kw_only=True)
    item: "Schema" = field(kw_only=True)

    @property
    def tag(self) -> str:
        return self.cls.__name__

    @property
    def parts(self) -> "tuple[Schema, ...]":
        return (self.item,)

    @property
    def is_mutable(self) -> bool:
        return self.cls in (list, set)


@dataclass(eq=False)
class TupleSchema(_Node):
    """`tuple[A, B]`: one schema for each position."""

    items: "tuple[Schema, ...]" = field(kw_only=True)
    cls, tag = tuple, "tuple"

    @property
    def parts(self) -> "tuple[Schema, ...]":
        return self.items

    @property
    def is_mutable(self) -> bool:
        return False


@dataclass(eq=False)
class DictSchema(_Node):
    """`dict[key, value]`."""

    key: "Schema" = field(kw_only=True)
    value: "Schema" = field(kw_only=True)
    cls, tag = dict, "dict"

    @property
    def parts(self) -> "tuple[Schema, ...]":
        return (self.key, self.value)

    @property
    def is_mutable(self) -> bool:
        return True


@dataclass(eq=False)
class UnionSchema(_Node):
    """A union. `members` maps tags to members; a union inside a union is flattened."""

    members: "dict[str, Member]" = field(kw_only=True)

    @property
    def parts(self) -> "tuple[Schema, ...]":
        return tuple(self.members.values())

    @property
    def is_mutable(self) -> bool:
        return False


# Every member has `cls`, the class of its values, and `tag`, the name under which a member of a union is stored.
Member = (
    NoneSchema | ScalarSchema | EnumSchema | RecordSchema | CollectionSchema | TupleSchema | DictSchema | DatabaseSchema
)
Schema = Member | UnionSchema


def variants(schema: Schema) -> dict[str, Member]:
    """The members of a union by tag; any other schema is its own only member."""
    return schema.members if isinstance(schema, UnionSchema) else {schema.tag: schema}


def is_immutable(schema: Schema, _outer: tuple[Schema, ...] = ()) -> bool:
    """Whether values of a schema and all their parts never change.

    A type that contains itself is immutable if the rest of it is.
    """
    if schema in _outer:
        return True
    return not schema.is_mutable and all(is_immutable(part, (*_outer, schema)) for part in schema.parts)


def find_unhashable(schema: Schema, _outer: tuple[Schema, ...] = ()) -> Member | None:
    """The first schema without a hash among `schema` and the parts that its hash reads."""
    if schema in _outer:
        return None
    if not isinstance(schema, UnionSchema) and not schema.is_hashable:
        return schema
    found = (find_unhashable(part, (*_outer, schema)) for part in schema.hashed_parts)
    return next((part for part in found if part is not None), None)


def hashable_alternative(schema: Member) -> str:
    """What to write in place of a type that has no hash."""
    alternatives = {"list": "tuple[…, ...]", "set": "frozenset[…]", "dict": "a tuple of pairs"}
    return alternatives.get(schema.tag, "@dataclass(frozen=True)")


C = TypeVar("C", bound=Constraint)


def constraint_of(schema: Schema, kind: type[C]) -> C | None:
    """The first constraint of class `kind` that stands beside a type."""
    return next((limit for limit in schema.constraints if isinstance(limit, kind)), None)
