"""What a machine's stored values depend on, as plain data that a file can hold; its fingerprint.

The description is a list of tables: `{ name = "State", is = "Shop" }` for each associated type, then, by name, each
class they reach: `{ name = "Shop", fields = { points = "int" } }`, or `members` for an enum. How two descriptions
differ is in `type_changes`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fasm_cli.types.plain import digest_of
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    EnumSchema,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
)
from fasm_cli.types.schema import DictSchema as DictShape

Types = list[dict[str, Any]]
IS, FIELDS, MEMBERS = "is", "fields", "members"


def describe_types(types: Mapping[str, Schema | None]) -> Types:
    """The description of a machine's associated types, given by name."""
    classes: dict[str, dict[str, Any]] = {}
    roles = [
        {"name": name, IS: type_text(schema, classes) if schema is not None else "None"}
        for name, schema in types.items()
    ]
    return [*roles, *(classes[name] for name in sorted(classes))]


def fingerprint(types: Types) -> str:
    """16 hexadecimal digits that change when a description does."""
    return digest_of("\n".join(map(_line, types)))


def is_description(plain: Any) -> bool:
    """Whether plain data, from a file, is a description: each table has a name and one thing to say."""
    return isinstance(plain, list) and all(map(_is_entry, plain))


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or type(entry.get("name")) is not str or len(entry) != 2:
        return False
    match entry:
        case {"is": str()}:
            return True
        case {"fields": dict() as fields}:
            return all(type(text) is str for text in fields.values())
        case {"members": list() as members}:
            return all(type(member) is str for member in members)
    return False


def _line(entry: dict[str, Any]) -> str:
    match entry:
        case {"name": name, "is": text}:
            return f"{name} = {text}"
        case {"name": name, "fields": fields}:
            return f"{name}: {', '.join(f'{field}: {text}' for field, text in fields.items())}"
        case {"name": name, "members": members}:
            return f"{name}: {' | '.join(members)}"
    raise AssertionError(f"no description: {entry}")


def type_text(schema: Schema, classes: dict[str, dict[str, Any]] | None = None) -> str:
    """The type as its author would write it; classes it reaches are described into `classes`."""
    text = _text(schema, {} if classes is None else classes)
    return f"{text}{''.join(f' {limit}' for limit in schema.constraints)}"


def _text(schema: Schema, classes: dict[str, dict[str, Any]]) -> str:
    match schema:
        case NoneSchema():
            return "None"
        case ScalarSchema(scalar=scalar):
            return scalar.cls.__name__
        case EnumSchema(cls=kind):
            classes.setdefault(kind.__name__, {"name": kind.__name__, MEMBERS: list(kind.__members__)})
            return kind.__name__
        case RecordSchema(cls=kind):
            if kind.__name__ not in classes:
                entry = classes[kind.__name__] = {"name": kind.__name__}  # first: it may contain itself
                entry[FIELDS] = dict(_fields(schema, classes))
            return kind.__name__
        case CollectionSchema(cls=kind, item=item):
            return f"{kind.__name__}[{type_text(item, classes)}{', ...' if kind is tuple else ''}]"
        case TupleSchema(items=items):
            return f"tuple[{', '.join(type_text(item, classes) for item in items)}]"
        case DictShape(key=key, value=value):
            return f"dict[{type_text(key, classes)}, {type_text(value, classes)}]"
        case DatabaseSchema():
            return "Database"
        case UnionSchema(members=members):
            return " | ".join(type_text(member, classes) for member in members.values())
    raise AssertionError(f"no text for {schema}")


def _fields(schema: RecordSchema, classes: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for field in schema.fields:
        yield field.name, type_text(field.schema, classes)
