"""Values as source text: what is printed can be pasted back (`parse(render(x)) == x`)."""

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from fasm_cli.types.scalars import SCALARS


def format_value(value: Any) -> str:
    """`value` in constructor syntax, on one line; sets in a fixed order, everything else in its own."""
    kind = type(value)
    scalar = SCALARS.get(kind)
    if scalar is not None:
        return scalar.source(value)
    writer = _COLLECTIONS.get(kind)
    if writer is not None:
        return writer(value)
    if isinstance(value, Enum):
        named = value.name in kind.__members__
        return f"{kind.__name__}.{value.name}" if named else f"{kind.__name__}({value.value!r})"
    names = _field_names(value)
    if names is None:
        return repr(value)
    return f"{kind.__name__}({', '.join(f'{name}={format_value(getattr(value, name))}' for name in names)})"


def _field_names(value: Any) -> list[str] | None:
    if is_dataclass(value) and not isinstance(value, type):
        return [field.name for field in fields(value)]
    if hasattr(type(value), "__attrs_attrs__"):
        return [item.name for item in type(value).__attrs_attrs__]
    return None


def _joined(values: Iterable[Any]) -> str:
    return ", ".join(map(format_value, values))


def _set(values: Any) -> str:
    elements = list(values)
    plain = {type(element) for element in elements} in ({int}, {str})
    elements.sort(key=None if plain else format_value)
    inside = f"{{{_joined(elements)}}}" if elements else ""
    if isinstance(values, frozenset):
        return f"frozenset({inside})"
    return inside or "set()"


def _tuple(values: Any) -> str:
    return f"({_joined(values)},)" if len(values) == 1 else f"({_joined(values)})"


_COLLECTIONS: dict[type, Callable[[Any], str]] = {
    type(None): repr,
    list: lambda values: f"[{_joined(values)}]",
    tuple: _tuple,
    set: _set,
    frozenset: _set,
    dict: lambda pairs: (
        f"{{{', '.join(f'{format_value(key)}: {format_value(value)}' for key, value in pairs.items())}}}"
    ),
}
