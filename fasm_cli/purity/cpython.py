"""The private interfaces of CPython that the wrappers need, each with a fallback for an interpreter without it.

Tested on every supported version (tests/purity/test_cpython.py). The fallbacks lose detection, never correctness: a
method that cannot be wrapped is not reported by the guard, and a replica in another process still compares its result.
"""

import gc
from types import ModuleType
from typing import Any


def is_initializing(module: ModuleType) -> bool:
    """Whether `module` is still executing its own body, so that some of its names are missing.

    Reads `__spec__._initializing`, which importlib sets. Fallback: False, the module counts as complete.
    """
    return bool(getattr(module.__spec__, "_initializing", False))


def set_type_attribute(cls: type, name: str, value: Any) -> bool:
    """Set a method of a type written in C, which `setattr` refuses; return whether this interpreter allows it.

    Writes into the dictionary behind the proxy `cls.__dict__`, then calls `PyType_Modified`, so that the type drops its
    method cache.
    """
    referents = gc.get_referents(vars(cls))
    if len(referents) != 1 or not isinstance(referents[0], dict):
        return False
    try:
        import ctypes  # slow to import, and not built everywhere

        invalidate_cache = ctypes.pythonapi.PyType_Modified
    except (ImportError, AttributeError):
        return False
    referents[0][name] = value
    invalidate_cache(ctypes.py_object(cls))
    return True
