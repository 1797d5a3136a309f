"""Annotations to registry: what the author declared, read once.

A type that has no schema is refused when the machine is loaded, with the path to it and what to write in its place.
"""

import enum
import inspect
import types
from collections.abc import Iterator
from dataclasses import MISSING
from dataclasses import fields as dataclass_fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, ForwardRef, Literal, NewType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from fasm_cli.contract.constraints import Between, Constraint, OneOf, Size, Text
from fasm_cli.contract.database import Database
from fasm_cli.types.scalars import SCALARS
from fasm_cli.types.schema import (
    REQUIRED,
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    Field,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    hashable_in_place_of,
    runtime_type,
    tag_of,
    unhashable,
)


class Unsupported(Exception):
    """The annotation at `path` has no schema; the text says why and what to write."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")


class SchemaRegistry:
    """Reads annotations into registry; one instance for each machine, so that a class has one schema everywhere."""

    def __init__(self) -> None:
        self.records: dict[type, RecordSchema] = {}
        self.classes: dict[str, type] = {}  # every record and enum met, by the name it is written with
        self.databases: list[str] = []  # where a `Database` stands
        self._open = 0

    def of(self, annotation: Any, path: str) -> Schema:
        """The schema of `annotation`. Raises `Unsupported` with `path` in front."""
        annotation, constraints = _unwrapped(annotation)
        self._open += 1
        try:
            if self._open > _DEEPEST:
                raise Unsupported(path, "an alias that contains itself has no end; write it as a @dataclass")
            schema = self._made(annotation, get_origin(annotation), path)
        finally:
            self._open -= 1
        _check_constraints(schema, constraints, path)
        schema.constraints += constraints
        return schema

    def _made(self, annotation: Any, origin: Any, path: str) -> Schema:
        args = get_args(annotation)
        if annotation is None or annotation is type(None):
            schema: Schema = NoneSchema(annotation)
        elif isinstance(annotation, type) and annotation in SCALARS:
            schema = ScalarSchema(annotation, scalar=SCALARS[annotation])
        elif origin in (Union, types.UnionType):
            schema = self._choice(annotation, path)
        elif origin in (list, set, frozenset) and len(args) == 1:
            schema = self._sequence(annotation, origin, path)
        elif origin is tuple and (args or annotation == tuple[()]):
            schema = self._tuple(annotation, path)
        elif origin is dict and len(args) == 2:
            schema = self._mapping(annotation, path)
        elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
            schema = EnumSchema(annotation, cls=annotation)
            self._register(annotation, path)
        elif annotation is Database:
            self.databases.append(path)
            schema = DatabaseSchema(annotation, rows=self.of(dict[str, list[dict[str, _COLUMN]]], path))
        elif isinstance(annotation, type) and _is_record(annotation):
            schema = self._record(annotation, path)
        else:
            raise Unsupported(path, _why_not(annotation))
        return schema

    def _register(self, kind: type, path: str) -> None:
        known = self.classes.setdefault(kind.__name__, kind)
        if known is not kind:
            where = f"{known.__module__}.{known.__qualname__} and {kind.__module__}.{kind.__qualname__}"
            raise Unsupported(path, f"two types are called {kind.__name__} ({where}); rename one of them")
        if kind.__name__ in _RESERVED:
            raise Unsupported(path, f"the name {kind.__name__} is taken by a built-in type; rename the class")

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
        except Exception as error:  # a text may hold any expression, and fail in any way
            raise Unsupported(kind.__name__, f"its annotations cannot be resolved: {error}") from error
        for name, default, init, hashed in _declared_fields(kind):
            path = f"{kind.__name__}.{name}"
            if name.startswith("_"):
                raise Unsupported(path, "a stored field has no leading underscore; rename it")
            if not init:
                raise Unsupported(path, "init=False: the codec could not build the value again; make it a property")
            yield Field(name, self.of(hints[name], path), default, hashed)

    def _sequence(self, annotation: Any, origin: type, path: str) -> CollectionSchema:
        item = self.of(get_args(annotation)[0], f"{path}[]")
        if origin is not list:
            self._need_hashable(item, path, "an element of a set")
        return CollectionSchema(annotation, cls=origin, item=item)

    def _tuple(self, annotation: Any, path: str) -> Schema:
        args = get_args(annotation)
        if len(args) == 2 and args[1] is Ellipsis:
            return CollectionSchema(annotation, cls=tuple, item=self.of(args[0], f"{path}[]"))
        return TupleSchema(annotation, items=tuple(self.of(arg, f"{path}[{at}]") for at, arg in enumerate(args)))

    def _mapping(self, annotation: Any, path: str) -> DictSchema:
        key, value = get_args(annotation)
        schema = DictSchema(annotation, key=self.of(key, f"{path} key"), value=self.of(value, f"{path}[…]"))
        self._need_hashable(schema.key, path, "a key of a dict")
        return schema

    def _choice(self, annotation: Any, path: str) -> UnionSchema:
        members: dict[str, Schema] = {}
        for arg in get_args(annotation):
            schema = self.of(arg, path)
            for member in schema.members.values() if isinstance(schema, UnionSchema) else (schema,):
                tag = tag_of(member)
                if tag in members:
                    raise Unsupported(path, f"two members of the union are a {tag}; give them classes of their own")
                members[tag] = member
        return UnionSchema(annotation, members=members)

    @staticmethod
    def _need_hashable(schema: Schema, path: str, role: str) -> None:
        wrong = unhashable(schema)
        if wrong:
            raise Unsupported(path, f"{wrong} cannot be {role}: it has no hash; write {hashable_in_place_of(wrong)}")


_COLUMN = None | bool | int | float | str | bytes | Decimal | UUID | date | datetime | time | timedelta
_DEEPEST = 100  # annotations inside annotations; classes start anew
_RESERVED = {kind.__name__ for kind in SCALARS} | {"None", "list", "tuple", "set", "frozenset", "dict", "timezone"}
_BARE = {
    list: "list[int]",
    set: "set[str]",
    frozenset: "frozenset[str]",
    tuple: "tuple[int, ...]",
    dict: "dict[str, int]",
}


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Constraint, ...]]:
    constraints: tuple[Constraint, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            inner, *extras = get_args(annotation)
            constraints += tuple(extra for extra in extras if isinstance(extra, Constraint))
            annotation = inner
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = …`, Python 3.12 and later
            annotation = annotation.__value__
        else:
            return annotation, constraints


def _why_not(annotation: Any) -> str:
    if annotation is Any or annotation is object:
        return "Any says nothing about the value; name the type, or a union of the types it may be"
    bare = get_origin(annotation) or annotation
    if isinstance(bare, type) and bare in _BARE and not get_args(annotation):
        return f"a bare {bare.__name__} does not say of what; write {_BARE[bare]}"
    if isinstance(annotation, str | ForwardRef):
        return f"the annotation {annotation!r} was not resolved; put the class at the top of the module"
    if get_origin(annotation) is Literal:
        return "Literal is not supported; use an enum, or Annotated[str, OneOf(...)]"
    if isinstance(annotation, type) and issubclass(annotation, tuple):
        return f"{annotation.__name__} is a NamedTuple; write it as a @dataclass(frozen=True)"
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    known = ", ".join(kind.__name__ for kind in SCALARS)
    return (
        f"the codec does not know {name}; use dataclasses, enums, None, {known}, "
        "and lists, tuples, sets, dicts and unions of them"
    )


def _is_record(kind: type) -> bool:
    return hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__attrs_attrs__")


def _check_constructor(kind: type, names: list[str]) -> None:
    """A value is built again from its fields, by name: an alias, an InitVar or a written `__init__` may prevent it."""
    takes = inspect.signature(kind).parameters.values()
    open_ended = any(each.kind is each.VAR_KEYWORD for each in takes)
    by_name = {each.name for each in takes if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    needed = [each.name for each in takes if each.default is each.empty and each.kind not in _VARIADIC]
    wrong = [name for name in names if name not in by_name and not open_ended]
    if wrong:
        raise Unsupported(f"{kind.__name__}.{wrong[0]}", f"{kind.__name__}() does not take it by its name")
    extra = [name for name in needed if name not in names]
    if extra:
        raise Unsupported(kind.__name__, f"{kind.__name__}() needs {extra[0]}, which is not a field; give it a default")


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _declared_fields(kind: Any) -> Iterator[tuple[str, Any, bool, bool]]:
    if hasattr(kind, "__dataclass_fields__"):
        for item in dataclass_fields(kind):
            default = item.default_factory if item.default_factory is not MISSING else item.default
            constant = item.default_factory is MISSING and item.default is not MISSING
            hashed = item.compare if item.hash is None else item.hash
            yield item.name, (lambda value=item.default: value) if constant else default, item.init, hashed
        return
    for item in kind.__attrs_attrs__:  # read by its documented protocol: core need not import attrs
        made = getattr(item.default, "factory", None)
        hashed = bool(item.eq if item.hash is None else item.hash)
        if repr(item.default) == "NOTHING":
            yield item.name, REQUIRED, item.init, hashed
        else:
            yield item.name, made or (lambda value=item.default: value), item.init, hashed


_BOUNDS: dict[type, tuple[type, ...]] = {
    int: (int,),
    float: (int, float),
    Decimal: (int, Decimal),
    **{kind: (kind,) for kind in (date, datetime, timedelta)},
}


def _check_constraints(schema: Schema, constraints: tuple[Constraint, ...], path: str) -> None:
    for limit in constraints:
        sized = isinstance(schema, CollectionSchema | DictSchema) or (
            isinstance(schema, ScalarSchema) and schema.scalar.cls is bytes
        )
        text = isinstance(schema, ScalarSchema) and schema.scalar.cls is str
        fits = {
            Text: text,
            Size: sized,
            Between: isinstance(schema, ScalarSchema),
            OneOf: isinstance(schema, ScalarSchema | EnumSchema),
        }[type(limit)]
        if fits and isinstance(limit, Between) and isinstance(schema, ScalarSchema):
            bounds = _BOUNDS.get(schema.scalar.cls, ())
            fits = type(limit.low) in bounds and type(limit.high) in bounds
        if fits and isinstance(limit, OneOf):
            kinds = (float, int) if runtime_type(schema) is float else (runtime_type(schema),)
            fits = all(type(value) in kinds for value in limit.values)
        if not fits:
            raise Unsupported(
                path, f"{limit} does not apply to {getattr(schema.annotation, '__name__', schema.annotation)}"
            )
