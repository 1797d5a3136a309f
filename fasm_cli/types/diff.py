"""What changed between two states, by path: `pending[7].status: Awaiting -> Taken`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fasm_cli.contract.database import Tables
from fasm_cli.types.format import format_value
from fasm_cli.types.scalars import SCALARS

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "ABSENT"})()


@dataclass(frozen=True, slots=True)
class Change:
    """One path at which two values differ; `before` or `after` is ABSENT where there was or is nothing."""

    path: str
    before: Any
    after: Any

    @property
    def sign(self) -> str:
        """`+` for what was not there before, `-` for what is not there after, `~` for what is another."""
        return "+" if self.before is ABSENT else "-" if self.after is ABSENT else "~"

    @property
    def before_after(self) -> tuple[str, str]:
        """Both values in constructor syntax, empty where there is none."""
        before, after = ("" if side is ABSENT else format_value(side) for side in (self.before, self.after))
        return before, after

    def __str__(self) -> str:
        before, after = self.before_after
        return f"{self.path}: {f'{before} -> {after}' if self.sign == '~' else f'{self.sign} {before or after}'}"


def diff_values(before: Any, after: Any) -> list[Change]:
    """Every changed path, in the order of the fields and keys."""
    return list(_walk("", before, after))


def _walk(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before is after:
        return
    if type(before) is not type(after) or type(before) in SCALARS or before is None:
        if format_value(before) != format_value(after):
            yield Change(path, before, after)
        return
    if isinstance(before, Tables):
        yield from _tables(path, before, after)
        return
    names = _fields(before)
    if names is not None:
        for name in names:
            yield from _walk(f"{path}.{name}" if path else name, getattr(before, name), getattr(after, name))
    elif isinstance(before, dict):
        yield from _keyed(path, before, after)
    elif isinstance(before, list | tuple):
        pairs = [dict(enumerate(side)) for side in (before, after)]
        yield from _keyed(path, *pairs)
    elif isinstance(before, set | frozenset):
        for element in sorted(before - after, key=format_value):
            yield Change(f"{path}{{}}", element, ABSENT)
        for element in sorted(after - before, key=format_value):
            yield Change(f"{path}{{}}", ABSENT, element)
    elif format_value(before) != format_value(after):
        yield Change(path, before, after)


def _tables(path: str, before: Tables, after: Tables) -> Iterator[Change]:
    """By the primary key of a row; rows of which no store has said their key are told apart by their place."""
    for name in [*before.by_name, *(name for name in after.by_name if name not in before.by_name)]:
        sides = [tables.table(name) if name in tables.by_name else {} for tables in (before, after)]
        for key in [*sides[0], *(key for key in sides[1] if key not in sides[0])]:
            one, other = (side.get(key, ABSENT) for side in sides)
            row = f"{path}.{name}[{format_value(key)}]"
            if one is ABSENT or other is ABSENT:
                yield Change(row, one, other)
            else:
                for column, value in one.items():
                    yield from _walk(f"{row}.{column}", value, other.get(column, ABSENT))


def _keyed(path: str, before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[Change]:
    for key in [*before, *(key for key in after if key not in before)]:
        step = f"{path}[{format_value(key)}]"
        if key not in before:
            yield Change(step, ABSENT, after[key])
        elif key not in after:
            yield Change(step, before[key], ABSENT)
        else:
            yield from _walk(step, before[key], after[key])


def _fields(value: Any) -> list[str] | None:
    declared = getattr(type(value), "__dataclass_fields__", None)
    if declared is not None:
        return list(declared)
    attrs = getattr(type(value), "__attrs_attrs__", None)
    return None if attrs is None else [item.name for item in attrs]
