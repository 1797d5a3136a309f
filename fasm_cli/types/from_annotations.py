"""Builds schemas from annotations; refuses a type that has none, naming the path to it and what to write instead."""

import enum
import inspect
import types
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NewType,
    Union,
    assert_never,
    get_args,
    get_origin,
    get_type_hints,
)

from fasm_cli.contract.constraints import Between, Constraint, OneOf, Size, Text
from fasm_cli.contract.database import Database
from fasm_cli.types.fields import declared_fields, is_record
from fasm_cli.types.scalars import SCALARS
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    Field,
    Member,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    find_unhashable,
    hashable_alternative,
    variants,
)

MAX_NESTING = 100  # of annotations inside annotations; a class starts anew


class Unsupported(Exception):
    """The annotation at `path` has no schema; `why` gives the reason and what to write instead."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")


class SchemaRegistry:
    """Builds the schemas of one machine. A class has the same schema everywhere in it.

    records: the schema of each dataclass and attrs class.
    classes: each record class and enum by its name in source text.
    databases: the path to each `Database`.
    """

    def __init__(self) -> None:
        self.records: dict[type, RecordSchema] = {}
        self.classes: dict[str, type] = {}
        self.databases: list[str] = []
        self._nesting = 0

    def of(self, annotation: Any, path: str) -> Schema:
        """The schema of an annotation. Raises `Unsupported` with `path` in front."""
        annotation, constraints = _unwrap(annotation)
        self._nesting += 1
        try:
            if self._nesting > MAX_NESTING:
                raise Unsupported(path, "a type alias that contains itself never ends; write it as a @dataclass")
            schema = self._build(annotation, get_origin(annotation), path)
        finally:
            self._nesting -= 1
        _check_constraints(schema, constraints, path)
        schema.constraints += constraints
        return schema

    def _build(self, annotation: Any, origin: Any, path: str) -> Schema:
        args = get_args(annotation)
        if annotation is None or annotation is type(None):
            return NoneSchema(annotation)
        if isinstance(annotation, type) and annotation in SCALARS:
            return ScalarSchema(annotation, scalar=SCALARS[annotation])
        if origin in (Union, types.UnionType):
            return self._union(annotation, path)
        if origin in (list, set, frozenset) and len(args) == 1:
            return self._collection(annotation, origin, path)
        if origin is tuple and (args or annotation == tuple[()]):
            return self._tuple(annotation, path)
        if origin is dict and len(args) == 2:
            return self._dict(annotation, path)
        if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
            self._register(annotation, path)
            return EnumSchema(annotation, cls=annotation)
        if annotation is Database:
            self.databases.append(path)
            return DatabaseSchema(annotation, rows=self.of(dict[str, list[dict[str, _COLUMN]]], path))
        if isinstance(annotation, type) and is_record(annotation):
            return self._record(annotation, path)
        raise Unsupported(path, _why_unsupported(annotation))

    def _register(self, kind: type, path: str) -> None:
        known = self.classes.setdefault(kind.__name__, kind)
        if known is not kind:
            both = f"{known.__module__}.{known.__qualname__} and {kind.__module__}.{kind.__qualname__}"
            raise Unsupported(path, f"two types have the name {kind.__name__} ({both}); rename one of them")
        if kind.__name__ in _RESERVED:
            raise Unsupported(path, f"{kind.__name__} is the name of a built-in type; rename the class")

    def _record(self, kind: type, path: str) -> RecordSchema:
        shared = self.records.get(kind)
        if shared is None:
            self._register(kind, path)
            shared = self.records[kind] = RecordSchema(kind, cls=kind)
            shared.fields = tuple(self._fields(kind))
            _check_constructor(kind, [field.name for field in shared.fields])
        return shared

    def _fields(self, kind: type) -> Iterator[Field]:
        try:
            hints = get_type_hints(kind, include_extras=True)
        except Exception as error:  # an annotation in quotes may be any expression
            raise Unsupported(kind.__name__, f"its annotations cannot be resolved: {error}") from error
        for field in declared_fields(kind):
            path = f"{kind.__name__}.{field.name}"
            if field.name.startswith("_"):
                raise Unsupported(path, "the name of a stored field must not begin with an underscore; rename it")
            if not field.in_init:
                raise Unsupported(
                    path, "init=False: the decoder passes every field to the constructor; write it as a property"
                )
            yield Field(field.name, self.of(hints[field.name], path), field.default, field.hashed)

    def _collection(self, annotation: Any, origin: type, path: str) -> CollectionSchema:
        item = self.of(get_args(annotation)[0], f"{path}[]")
        if origin is not list:
            self._require_hash(item, path, "an element of a set")
        return CollectionSchema(annotation, cls=origin, item=item)

    def _tuple(self, annotation: Any, path: str) -> Schema:
        args = get_args(annotation)
        if len(args) == 2 and args[1] is Ellipsis:
            return CollectionSchema(annotation, cls=tuple, item=self.of(args[0], f"{path}[]"))
        return TupleSchema(annotation, items=tuple(self.of(arg, f"{path}[{at}]") for at, arg in enumerate(args)))

    def _dict(self, annotation: Any, path: str) -> DictSchema:
        key, value = get_args(annotation)
        schema = DictSchema(annotation, key=self.of(key, f"{path} key"), value=self.of(value, f"{path}[…]"))
        self._require_hash(schema.key, path, "a key of a dict")
        return schema

    def _union(self, annotation: Any, path: str) -> UnionSchema:
        members: dict[str, Member] = {}
        for arg in get_args(annotation):
            for tag, member in variants(self.of(arg, path)).items():
                if tag in members:
                    raise Unsupported(path, f"two members of the union are a {tag}; give each a class of its own")
                members[tag] = member
        return UnionSchema(annotation, members=members)

    @staticmethod
    def _require_hash(schema: Schema, path: str, role: str) -> None:
        found = find_unhashable(schema)
        if found is not None:
            instead = hashable_alternative(found)
            raise Unsupported(path, f"{found.tag} cannot be {role}: it has no hash; write {instead}")


_COLUMN: Any = reduce(or_, SCALARS, None)  # None or any scalar
_RESERVED = {kind.__name__ for kind in SCALARS} | {"None", "list", "tuple", "set", "frozenset", "dict", "timezone"}
_BARE = {
    list: "list[int]",
    set: "set[str]",
    frozenset: "frozenset[str]",
    tuple: "tuple[int, ...]",
    dict: "dict[str, int]",
}


def _unwrap(annotation: Any) -> tuple[Any, tuple[Constraint, ...]]:
    constraints: tuple[Constraint, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            inner, *extras = get_args(annotation)
            constraints += tuple(extra for extra in extras if isinstance(extra, Constraint))
            annotation = inner
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = …` in Python 3.12 and later
            annotation = annotation.__value__
        else:
            return annotation, constraints


def _why_unsupported(annotation: Any) -> str:
    if annotation is Any or annotation is object:
        return "Any does not say what the value is; name the type, or a union of types"
    bare = get_origin(annotation) or annotation
    if isinstance(bare, type) and bare in _BARE and not get_args(annotation):
        return f"{bare.__name__} does not name the type of its elements; write for example {_BARE[bare]}"
    if isinstance(annotation, str | ForwardRef):
        return f"the annotation {annotation!r} cannot be resolved; move the class to the top level of the module"
    if get_origin(annotation) is Literal:
        return "Literal is not supported; use an enum, or Annotated[str, OneOf(...)]"
    if isinstance(annotation, type) and issubclass(annotation, tuple):
        return f"{annotation.__name__} is a NamedTuple; write it as a @dataclass(frozen=True)"
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    known = ", ".join(kind.__name__ for kind in SCALARS)
    return (
        f"{name} cannot be stored; use dataclasses, enums, None, {known}, "
        "and lists, tuples, sets, dicts and unions of them"
    )


def _check_constructor(kind: type, names: list[str]) -> None:
    """Check that the constructor takes every field by name; an alias, an `InitVar` or an own `__init__` prevents it."""
    parameters = inspect.signature(kind).parameters.values()
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters)
    by_name = {each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [each.name for each in parameters if each.default is each.empty and each.kind not in variadic]
    refused = [name for name in names if name not in by_name and not open_ended]
    if refused:
        raise Unsupported(f"{kind.__name__}.{refused[0]}", f"{kind.__name__}() has no parameter of this name")
    extra = [name for name in needed if name not in names]
    if extra:
        raise Unsupported(
            kind.__name__, f"{kind.__name__}() requires {extra[0]}, which is not a field; give it a default"
        )


def _check_constraints(schema: Schema, constraints: tuple[Constraint, ...], path: str) -> None:
    for limit in constraints:
        if not _is_applicable(limit, schema):
            name = getattr(schema.annotation, "__name__", schema.annotation)
            raise Unsupported(path, f"{limit} does not apply to {name}")


def _is_applicable(limit: Constraint, schema: Schema) -> bool:
    match limit:
        case Text():
            return isinstance(schema, ScalarSchema) and schema.cls is str
        case Size():
            is_bytes = isinstance(schema, ScalarSchema) and schema.cls is bytes
            return is_bytes or isinstance(schema, CollectionSchema | DictSchema)
        case Between(low=low, high=high):
            bounds = schema.scalar.bounds if isinstance(schema, ScalarSchema) else ()
            return type(low) in bounds and type(high) in bounds
        case OneOf(values=values):
            if not isinstance(schema, ScalarSchema | EnumSchema):
                return False
            kinds = (float, int) if schema.cls is float else (schema.cls,)
            return all(type(value) in kinds for value in values)
    assert_never(limit)
