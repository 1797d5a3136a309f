"""Copies of values by their declared type, without the cost of `deepcopy`.

What cannot change is shared and not copied: scalars, enums, frozen records of such. A state built from frozen values
in plain containers is therefore cheap to keep a committed copy of.
"""

from collections.abc import Callable
from typing import Any

from fasm_cli.types.per_schema import PerSchema
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
    runtime_type,
)

Copier = Callable[[Any], Any]


def is_immutable(schema: Schema, _inside: tuple[Schema, ...] = ()) -> bool:
    """Whether values of this schema can never change."""
    if schema in _inside:
        return True  # a type that contains itself is as immutable as the rest of it
    inside = (*_inside, schema)
    match schema:
        case NoneSchema() | ScalarSchema() | EnumSchema() | DatabaseSchema():
            return True
        case RecordSchema(fields=fields):
            return is_frozen(schema.cls) and all(is_immutable(field.schema, inside) for field in fields)
        case CollectionSchema(item=item):
            return schema.cls in (tuple, frozenset) and is_immutable(item, inside)
        case TupleSchema(items=items):
            return all(is_immutable(item, inside) for item in items)
        case UnionSchema(members=members):
            return all(is_immutable(member, inside) for member in members.values())
    return False


def is_frozen(kind: type) -> bool:
    """Whether a dataclass or attrs class refuses assignment to its fields."""
    params = getattr(kind, "__dataclass_params__", None)
    if params is not None:
        return bool(params.frozen)
    return "frozen" in kind.__setattr__.__name__  # attrs sets `_frozen_setattrs`


class CopierCache:
    """Copiers for the registry of one machine."""

    def __init__(self) -> None:
        self.of = PerSchema[Copier](self._make).of  # a copy shares nothing that can change with the original

    def _make(self, schema: Schema) -> Copier:
        if is_immutable(schema):
            return _same
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
                copies = [self.of(item) for item in items]
                return lambda values: tuple([copy(value) for copy, value in zip(copies, values, strict=True)])
            case UnionSchema(members=members):
                by_type = {runtime_type(member): self.of(member) for member in members.values()}
                return lambda value: by_type.get(type(value), _same)(value)
        raise AssertionError(f"no copier for {schema}")

    def _record(self, schema: RecordSchema) -> Copier:
        """Compiled, like the methods that dataclasses make: an assignment a field, no call where it can be spared."""
        names: dict[str, Any] = {"kind": schema.cls, "new": object.__new__, "put": object.__setattr__}
        frozen = is_frozen(schema.cls)
        lines = ["def copy(value):", "    if type(value) is not kind: return value", "    made = new(kind)"]
        for at, field in enumerate(schema.fields):
            names[f"copy_{at}"] = self.of(field.schema)
            read = f"value.{field.name}"
            copied = read if is_immutable(field.schema) else f"copy_{at}({read})"
            lines.append(f"    put(made, {field.name!r}, {copied})" if frozen else f"    made.{field.name} = {copied}")
        lines.append("    return made")
        exec("\n".join(lines), names)  # our own text: field names are identifiers
        made: Copier = names["copy"]
        return made


def _same(value: Any) -> Any:
    return value
