"""How the types of a machine differ from those a file was written with: type, field, what was, what is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fasm_cli.types.description import FIELDS, IS, MEMBERS, Types

MAX_LISTED = 3  # changes that are named in a message


@dataclass(frozen=True, slots=True)
class TypeChange:
    """`path` is an associated type, a class or a field; `old` or `new` is empty where it was or is not there."""

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
    """What is not the same. The order of fields and members is no change: values are stored by name."""
    before, after = _by_name(old), _by_name(new)
    return [
        change
        for key in [*before, *(key for key in after if key not in before)]
        for change in _compared(key[1], before.get(key), after.get(key))
    ]


def summarize(changes: list[TypeChange]) -> str:
    """The first of them in one line."""
    more = f" and {len(changes) - MAX_LISTED} more" if len(changes) > MAX_LISTED else ""
    return f"{'; '.join(map(str, changes[:MAX_LISTED]))}{more}"


def _by_name(types: Types) -> dict[tuple[bool, str], dict[str, Any]]:
    """By name, associated types apart: a class may be called `State` too."""
    return {(IS in entry, entry["name"]): entry for entry in types}


def _compared(name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[TypeChange]:
    if old is None or new is None or old.keys() != new.keys():
        yield TypeChange(name, _whole(old), _whole(new))
        return
    before, after = _parts(old), _parts(new)
    for part in dict.fromkeys([*before, *after]):
        was, is_now = before.get(part, ""), after.get(part, "")
        if was != is_now:
            yield TypeChange(f"{name}{part}", was, is_now)


def _parts(entry: dict[str, Any]) -> dict[str, str]:
    if IS in entry:
        return {"": entry[IS]}
    if FIELDS in entry:
        return {f".{field}": text for field, text in entry[FIELDS].items()}
    return {f".{member}": "a member" for member in entry[MEMBERS]}


def _whole(entry: dict[str, Any] | None) -> str:
    if entry is None:
        return ""
    if IS in entry:
        return str(entry[IS])
    if FIELDS in entry:
        return f"({', '.join(f'{field}: {text}' for field, text in entry[FIELDS].items())})"
    return " | ".join(entry[MEMBERS]) or "no members"
