"""Detects changes of what a machine can reach outside of its state: globals, functions, classes and its instance.

A snapshot keeps immutable values by identity, so that binding a name to another value is noticed, and others as text.
Dicts are treated as caches, which are allowed as long as they change no result (replicas check that).
"""

import sys
from array import array
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from enum import Enum
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

from fasm_cli.engine.laws import Violation
from fasm_cli.engine.machine import Machine
from fasm_cli.types.fields import is_frozen
from fasm_cli.types.format import format_value
from fasm_cli.types.scalars import SCALARS

Snapshot = dict[str, Any]  # name -> the value itself if it is immutable, else its text


def snapshot(machine: Machine) -> Snapshot:
    """Return everything that the machine's code can reach outside of its state, by name."""
    return {name: value if _immutable(value) else _text(value) for name, value in _reachable(machine)}


def first_difference(before: Snapshot, after: Snapshot) -> str:
    """Return the first name whose value differs, or an empty string."""
    for name, value in after.items():
        was = before.get(name, _MISSING)
        if was is not value and (type(value) is not str or was != value):
            return name
    return ""


def plain_globals(machine: Machine) -> dict[str, str]:
    """Return the module's globals that are plain values, as text. They may differ between processes."""
    module = sys.modules.get(machine.cls.__module__)
    named = {} if module is None else vars(module)
    return {
        name: format_value(value)
        for name, value in named.items()
        if type(value) in SCALARS and not name.startswith("__")
    }


def hidden_violation(name: str) -> Violation:
    """Return the violation that says that `name` was changed."""
    return Violation("hidden", f"{name} was changed, and it is not part of the state")


MAX_ELEMENTS = 50  # of a list, compared at either end
_MISSING = object()


def _reachable(machine: Machine) -> Iterator[tuple[str, Any]]:
    cls = machine.cls
    module = sys.modules.get(cls.__module__)
    for name, value in () if module is None else vars(module).items():
        if not name.startswith("__"):
            yield name, value
            if getattr(value, "__module__", "") == cls.__module__:
                if isinstance(value, FunctionType):
                    yield from _closure_cells(f"{name}()", value)
                elif isinstance(value, type) and value not in cls.__mro__:
                    yield from _attributes(name, value)
    for owner in cls.__mro__:
        if owner.__module__ == cls.__module__:
            yield from _attributes(owner.__name__, owner)
    for name, value in vars(machine.instance).items():
        if not _is_cached_property(cls, name):
            yield f"self.{name}", value


def _attributes(owner: str, cls: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(cls).items():
        if not name.startswith("__"):
            yield f"{owner}.{name}", value
        if isinstance(value, FunctionType):
            yield from _closure_cells(f"{owner}.{name}()", value)


def _closure_cells(name: str, function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what outlives the calls of a function: its defaults, its attributes, and the variables it closes over."""
    if function.__defaults__:
        yield name, function.__defaults__
    for parameter, value in (function.__kwdefaults__ or {}).items():
        yield f"{parameter} of {name}", value
    for attribute, value in vars(function).items():
        if not attribute.startswith("__"):
            yield f"{name.removesuffix('()')}.{attribute}", value
    for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # the variable is not bound yet
            yield f"{variable} of {name}", cell.cell_contents


def _immutable(value: Any) -> bool:
    kind = type(value)
    if kind in _IMMUTABLE_TYPES or isinstance(value, type):
        return True
    if kind is tuple:
        return all(map(_immutable, value))
    if isinstance(value, _MUTABLE_TYPES):
        return False
    return (
        isinstance(value, Enum)
        or kind.__module__ in ("typing", "types")
        or is_frozen(kind)
        or not (hasattr(value, "__dict__") or _slots(value))
    )


_IMMUTABLE_TYPES = {
    int,
    str,
    float,
    bool,
    bytes,
    frozenset,
    type(None),
    FunctionType,
    ModuleType,
    property,
    classmethod,
}


def _is_cached_property(kind: type, name: str) -> bool:
    """Whether an attribute is a cache, which is allowed like a dict."""
    return isinstance(getattr(kind, name, None), cached_property)


_MUTABLE_TYPES = (list, dict, set, bytearray, array, deque, ContextVar)


def _slots(value: Any) -> list[str]:
    names: list[str] = []
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        names += [slots] if isinstance(slots, str) else slots
    return [name for name in names if not name.startswith("__")]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "a dict"  # a cache
    if isinstance(value, ContextVar):
        return repr(value.get(None))
    if isinstance(value, list) and len(value) > MAX_ELEMENTS:
        return f"{len(value)} elements, {value[:MAX_ELEMENTS]!r} … {value[-MAX_ELEMENTS:]!r}"
    try:
        if hasattr(value, "__dict__"):
            attributes = (
                (name, part) for name, part in vars(value).items() if not _is_cached_property(type(value), name)
            )
            return repr(sorted(attributes))
        return repr([(name, getattr(value, name)) for name in _slots(value) if hasattr(value, name)] or value)
    except Exception:
        return "?"
