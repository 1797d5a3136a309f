"""What a machine may keep outside of its state: module globals, class attributes, defaults, its own instance.

Names that hold something unchangeable are watched for being bound anew, the others as text, before and after. Dicts
that only grew are taken for caches, which are innocent as long as they change no result (the replicas see to that).
"""

import sys
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

from fasm_cli.core.codec.render import render
from fasm_cli.core.codec.scalars import SCALARS
from fasm_cli.core.copying import is_frozen
from fasm_cli.core.laws import Violation
from fasm_cli.core.machine import Machine

Watched = dict[str, Any]  # name -> the value itself where it cannot change, else its text


def outside(machine: Machine) -> Watched:
    """Everything that the machine's code can reach without its state, by name."""
    return {name: value if _fixed(value) else _text(value) for name, value in _reachable(machine)}


def changed(before: Watched, after: Watched) -> str:
    """The first name that is not as it was, or an empty string."""
    for name, value in after.items():
        was = before.get(name, _NOWHERE)
        if was is not value and (type(value) is not str or was != value):
            return name
    return ""


def plain_globals(machine: Machine) -> dict[str, str]:
    """The module's globals that are plain values, as text: what a process might have of its own."""
    module = sys.modules.get(machine.cls.__module__)
    named = {} if module is None else vars(module)
    return {
        name: render(value) for name, value in named.items() if type(value) in SCALARS and not name.startswith("__")
    }


def kept_outside(name: str) -> Violation:
    """`name` was changed."""
    return Violation("hidden", f"{name} was changed, and it is not part of the state")


LONG = 50  # elements of a list that are looked at from either end


_NOWHERE = object()


def _reachable(machine: Machine) -> Iterator[tuple[str, Any]]:
    module = sys.modules.get(machine.cls.__module__)
    if module is not None:
        for name, value in vars(module).items():
            if not name.startswith("__"):
                yield name, value
                if isinstance(value, FunctionType) and value.__module__ == module.__name__:
                    yield f"{name}()", value.__defaults__
    for owner in machine.cls.__mro__:
        if owner.__module__ == machine.cls.__module__:
            for name, value in vars(owner).items():
                yield f"{owner.__name__}.{name}", value
                if isinstance(value, FunctionType) and value.__defaults__:
                    yield f"{owner.__name__}.{name}()", value.__defaults__
    for name, value in vars(machine.instance).items():
        if not isinstance(getattr(machine.cls, name, None), cached_property):  # a cache, like a dict
            yield f"self.{name}", value


def _fixed(value: Any) -> bool:
    kind = type(value)
    if kind in _FIXED or isinstance(value, type):
        return True
    if kind is tuple:
        return all(map(_fixed, value))
    if isinstance(value, list | dict | set):
        return False
    return (
        isinstance(value, Enum)
        or kind.__module__ in ("typing", "types")
        or is_frozen(kind)
        or not hasattr(value, "__dict__")
    )


_FIXED = {int, str, float, bool, bytes, frozenset, type(None), FunctionType, ModuleType, property, classmethod}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "a dict"  # a cache
    if isinstance(value, list) and len(value) > LONG:
        return f"{len(value)} elements, {value[:LONG]!r} … {value[-LONG:]!r}"
    try:
        return repr(sorted(vars(value).items())) if hasattr(value, "__dict__") else repr(value)
    except Exception:
        return "?"
