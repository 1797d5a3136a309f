"""Describes the types that the stored values of a machine depend on, and compares two descriptions.

A description is plain data that a file can hold, a list of tables: `{ name = "State", is = "Shop" }` for each
associated type; then, by name, each class that they reach: `{ name = "Shop", fields = { points = "int" } }`, or
`members` for an enum. The fingerprint is a digest of it. `schema_label` is the shorter form for people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from fasm_cli.contract.constraints import Between, Constraint, OneOf, Size, Text
from fasm_cli.types.fields import REQUIRED
from fasm_cli.types.format import format_value
from fasm_cli.types.plain import digest_of
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
)

Types = list[dict[str, Any]]
IS, FIELDS, MEMBERS = "is", "fields", "members"
MAX_LISTED_CHANGES = 3  # changes that `summarize` names
MAX_LISTED_VALUES = 3  # values of a `OneOf` in a label


def describe_types(types: Mapping[str, Schema | None]) -> Types:
    """The description of the associated types of a machine, given by name."""
    classes: dict[str, dict[str, Any]] = {}
    roles = [
        {"name": name, IS: "None" if schema is None else type_text(schema, classes)} for name, schema in types.items()
    ]
    return [*roles, *(classes[name] for name in sorted(classes))]


def fingerprint(types: Types) -> str:
    """16 hexadecimal digits that change when the description changes."""
    return digest_of("\n".join(map(_entry_line, types)))


def is_description(plain: Any) -> bool:
    """Whether plain data from a file is a well-formed description."""
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


def _entry_line(entry: dict[str, Any]) -> str:
    match entry:
        case {"name": name, "is": text}:
            return f"{name} = {text}"
        case {"name": name, "fields": fields}:
            return f"{name}: {_join_fields(fields)}"
        case {"name": name, "members": members}:
            return f"{name}: {' | '.join(members)}"
    raise AssertionError(f"not an entry of a description: {entry}")


def _join_fields(fields: dict[str, str]) -> str:
    return ", ".join(f"{field}: {text}" for field, text in fields.items())


# --- a type as text ---


def type_text(schema: Schema, classes: dict[str, dict[str, Any]] | None = None) -> str:
    """The type as its author writes it, with its constraints. Adds the classes that it reaches to `classes`."""
    text = _bare_text(schema, {} if classes is None else classes)
    return f"{text}{''.join(f' {limit}' for limit in schema.constraints)}"


def _bare_text(schema: Schema, classes: dict[str, dict[str, Any]]) -> str:
    match schema:
        case NoneSchema() | ScalarSchema() | DatabaseSchema():
            return schema.tag
        case EnumSchema(cls=kind):
            classes.setdefault(kind.__name__, {"name": kind.__name__, MEMBERS: list(kind.__members__)})
            return kind.__name__
        case RecordSchema(cls=kind):
            if kind.__name__ not in classes:
                entry = classes[kind.__name__] = {"name": kind.__name__}  # before its fields: it may contain itself
                entry[FIELDS] = {field.name: type_text(field.schema, classes) for field in schema.fields}
            return kind.__name__
        case CollectionSchema(cls=kind, item=item):
            return f"{kind.__name__}[{type_text(item, classes)}{', ...' if kind is tuple else ''}]"
        case TupleSchema(items=items):
            return f"tuple[{', '.join(type_text(item, classes) for item in items)}]"
        case DictSchema(key=key, value=value):
            return f"dict[{type_text(key, classes)}, {type_text(value, classes)}]"
        case UnionSchema(members=members):
            return " | ".join(type_text(member, classes) for member in members.values())
    assert_never(schema)


def schema_label(schema: Schema) -> str:
    """A type with its constraints in a few words, for people: `int 1..1000`, `str 1..8 characters`."""
    if isinstance(schema, UnionSchema):
        bare = " | ".join(map(schema_label, schema.members.values()))
    else:
        bare = _bare_text(schema, {})
    return " ".join([bare, *map(_constraint_label, schema.constraints)])


def _constraint_label(limit: Constraint) -> str:
    match limit:
        case Between(low=low, high=high):
            return f"{format_value(low)}..{format_value(high)}"
        case OneOf(values=values):
            more = ", …" if len(values) > MAX_LISTED_VALUES else ""
            return f"of {', '.join(map(format_value, values[:MAX_LISTED_VALUES]))}{more}"
        case Text(min=low, max=high):
            return f"{low}..{high} characters"
        case Size(min=low, max=high):
            return f"{low}..{high} elements"
    assert_never(limit)


def default_text(default: Any) -> str:
    """The default of a field as source text; '' for a required field, `…` if the default raises."""
    if default is REQUIRED:
        return ""
    try:
        return format_value(default())
    except Exception:  # a default_factory is the author's code
        return "…"


# --- two descriptions ---


@dataclass(frozen=True, slots=True)
class TypeChange:
    """A difference. `path` is an associated type, a class or a field; `old` or `new` is '' if it does not exist."""

    path: str
    old: str
    new: str

    def __str__(self) -> str:
        if not self.old:
            return f"{self.path}: + {self.new}"
        if not self.new:
            return f"{self.path}: - {self.old}"
        return f"{self.path}: {self.old} -> {self.new}"


def type_changes(old: Types, new: Types) -> list[TypeChange]:
    """The differences between two descriptions.

    The order of fields and members does not count, because values are stored by name.
    """
    before, after = _by_name(old), _by_name(new)
    return [
        change
        for key in dict.fromkeys([*before, *after])
        for change in _compare_entries(key[1], before.get(key), after.get(key))
    ]


def summarize(changes: list[TypeChange]) -> str:
    """The first changes on one line, and how many more there are."""
    hidden = len(changes) - MAX_LISTED_CHANGES
    more = f" and {hidden} more" if hidden > 0 else ""
    return f"{'; '.join(map(str, changes[:MAX_LISTED_CHANGES]))}{more}"


def _by_name(types: Types) -> dict[tuple[bool, str], dict[str, Any]]:
    """Entries by name; associated types have keys of their own, because a class may be called `State` too."""
    return {(IS in entry, entry["name"]): entry for entry in types}


def _compare_entries(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[TypeChange]:
    if old is None or new is None or old.keys() != new.keys():
        yield TypeChange(name, _entry_text(old), _entry_text(new))
        return
    before, after = _entry_parts(old), _entry_parts(new)
    for part in dict.fromkeys([*before, *after]):
        if before.get(part, "") != after.get(part, ""):
            yield TypeChange(f"{name}{part}", before.get(part, ""), after.get(part, ""))


def _entry_parts(entry: dict[str, Any]) -> dict[str, str]:
    if IS in entry:
        return {"": entry[IS]}
    if FIELDS in entry:
        return {f".{field}": text for field, text in entry[FIELDS].items()}
    return {f".{member}": "a member" for member in entry[MEMBERS]}


def _entry_text(entry: dict[str, Any] | None) -> str:
    if entry is None:
        return ""
    if IS in entry:
        return str(entry[IS])
    if FIELDS in entry:
        return f"({_join_fields(entry[FIELDS])})"
    return " | ".join(entry[MEMBERS]) or "no members"
