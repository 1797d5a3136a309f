"""Compares two values path by path: `pending[7].status: Awaiting -> Taken`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fasm_cli.contract.database import Tables
from fasm_cli.types.fields import field_names, is_record
from fasm_cli.types.format import format_value
from fasm_cli.types.scalars import SCALARS

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "ABSENT"})()


@dataclass(frozen=True, slots=True)
class Change:
    """A path at which two values differ. `before` or `after` is `ABSENT` if the path does not exist there."""

    path: str
    before: Any
    after: Any

    @property
    def sign(self) -> str:
        """`+` for an added path, `-` for a removed one, `~` for a changed one."""
        return "+" if self.before is ABSENT else "-" if self.after is ABSENT else "~"

    @property
    def before_after(self) -> tuple[str, str]:
        """Both values in constructor syntax; '' for an absent one."""
        before, after = ("" if side is ABSENT else format_value(side) for side in (self.before, self.after))
        return before, after

    def __str__(self) -> str:
        before, after = self.before_after
        return f"{self.path}: {f'{before} -> {after}' if self.sign == '~' else f'{self.sign} {before or after}'}"


def diff_values(before: Any, after: Any) -> list[Change]:
    """Every path at which two values differ, in the order of the fields and keys."""
    return list(_diff("", before, after))


def _diff(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before is after:
        return
    kind = type(before)
    if kind is not type(after) or kind in SCALARS or before is None:
        if format_value(before) != format_value(after):
            yield Change(path, before, after)
    elif isinstance(before, Tables):
        yield from _diff_tables(path, before, after)
    elif is_record(kind):
        for name in field_names(kind):
            yield from _diff(f"{path}.{name}" if path else name, getattr(before, name), getattr(after, name))
    elif isinstance(before, dict):
        yield from _diff_dicts(path, before, after)
    elif isinstance(before, list | tuple):
        yield from _diff_dicts(path, dict(enumerate(before)), dict(enumerate(after)))
    elif isinstance(before, set | frozenset):
        for element in sorted(before - after, key=format_value):
            yield Change(f"{path}{{}}", element, ABSENT)
        for element in sorted(after - before, key=format_value):
            yield Change(f"{path}{{}}", ABSENT, element)
    elif format_value(before) != format_value(after):
        yield Change(path, before, after)


def _diff_tables(path: str, before: Tables, after: Tables) -> Iterator[Change]:
    """Compare rows by primary key; if no store has named the key yet, by position."""
    for name in dict.fromkeys([*before.by_name, *after.by_name]):
        old, new = (tables.table(name) if name in tables.by_name else {} for tables in (before, after))
        for key in dict.fromkeys([*old, *new]):
            row = f"{path}.{name}[{format_value(key)}]"
            if key not in old or key not in new:
                yield Change(row, old.get(key, ABSENT), new.get(key, ABSENT))
            else:
                for column, value in old[key].items():
                    yield from _diff(f"{row}.{column}", value, new[key].get(column, ABSENT))


def _diff_dicts(path: str, before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        step = f"{path}[{format_value(key)}]"
        if key not in before or key not in after:
            yield Change(step, before.get(key, ABSENT), after.get(key, ABSENT))
        else:
            yield from _diff(step, before[key], after[key])
