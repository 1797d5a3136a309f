"""Copies values by their declared type, faster than `copy.deepcopy`.

A copy shares with the original whatever cannot change: scalars, enums, and frozen records of such. It is cheap to keep
a committed copy of a state that consists of frozen values in plain containers.
"""

from collections.abc import Callable
from typing import Any, assert_never

from fasm_cli.types.codegen import FunctionSource, PerSchema
from fasm_cli.types.fields import is_frozen
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    is_immutable,
)

Copier = Callable[[Any], Any]


class CopierCache:
    """Copiers for the schemas of one machine. A value that does not match its schema is returned or copied in part."""

    def __init__(self) -> None:
        self.of = PerSchema[Copier](self._make).of

    def _make(self, schema: Schema) -> Copier:
        if is_immutable(schema):
            return _share
        match schema:
            case RecordSchema():
                return self._record(schema)
            case CollectionSchema(cls=kind, item=item) if is_immutable(item):
                return kind
            case CollectionSchema(cls=kind, item=item):
                copy = self.of(item)
                return lambda values: kind([copy(value) for value in values])
            case DictSchema(value=value) if is_immutable(value):
                return dict
            case DictSchema(value=value):
                copy = self.of(value)
                return lambda pairs: {key: copy(item) for key, item in pairs.items()}
            case TupleSchema(items=items):
                copiers = [self.of(item) for item in items]
                return lambda values: tuple([copy(value) for copy, value in zip(copiers, values, strict=True)])
            case UnionSchema(members=members):
                by_class: dict[type, Copier] = {member.cls: self.of(member) for member in members.values()}
                return lambda value: by_class.get(type(value), _share)(value)
            case NoneSchema() | ScalarSchema() | EnumSchema() | DatabaseSchema():
                return _share
        assert_never(schema)

    def _record(self, schema: RecordSchema) -> Copier:
        source = FunctionSource(kind=schema.cls, new=object.__new__, assign=object.__setattr__)
        frozen = is_frozen(schema.cls)
        body = ["if type(value) is not kind: return value", "copied = new(kind)"]
        for field in schema.fields:
            part = f"value.{field.name}"
            if not is_immutable(field.schema):
                part = f"{source.name(self.of(field.schema))}({part})"
            body.append(f"assign(copied, {field.name!r}, {part})" if frozen else f"copied.{field.name} = {part}")
        return source.compile("value", [*body, "return copied"])


def _share(value: Any) -> Any:
    return value
