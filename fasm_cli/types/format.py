"""Formats values as source text that the parser reads back: `parse(format_value(x)) == x`."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from fasm_cli.types.fields import field_names, is_record
from fasm_cli.types.scalars import SCALARS


def format_value(value: Any) -> str:
    """`value` in constructor syntax on one line. Elements of sets are sorted; everything else keeps its order."""
    kind = type(value)
    scalar = SCALARS.get(kind)
    if scalar is not None:
        return scalar.source(value)
    format_collection = _COLLECTIONS.get(kind)
    if format_collection is not None:
        return format_collection(value)
    if isinstance(value, Enum):
        is_named = value.name in kind.__members__  # a combination of flags is not
        return f"{kind.__name__}.{value.name}" if is_named else f"{kind.__name__}({value.value!r})"
    if not is_record(kind):
        return repr(value)
    return f"{kind.__name__}({', '.join(f'{name}={format_value(getattr(value, name))}' for name in field_names(kind))})"


def _join(values: Iterable[Any]) -> str:
    return ", ".join(map(format_value, values))


def _format_set(values: Any) -> str:
    elements = list(values)
    is_ordered = {type(element) for element in elements} in ({int}, {str})
    elements.sort(key=None if is_ordered else format_value)
    inside = f"{{{_join(elements)}}}" if elements else ""
    if isinstance(values, frozenset):
        return f"frozenset({inside})"
    return inside or "set()"


def _format_tuple(values: Any) -> str:
    return f"({_join(values)},)" if len(values) == 1 else f"({_join(values)})"


def _format_dict(values: Any) -> str:
    return f"{{{', '.join(f'{format_value(key)}: {format_value(value)}' for key, value in values.items())}}}"


_COLLECTIONS: dict[type, Callable[[Any], str]] = {
    type(None): repr,
    list: lambda values: f"[{_join(values)}]",
    tuple: _format_tuple,
    set: _format_set,
    frozenset: _format_set,
    dict: _format_dict,
}
