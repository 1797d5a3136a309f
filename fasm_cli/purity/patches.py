"""Replaces the functions that `forbidden_calls` lists with wrappers, and puts the originals back.

A wrapper keeps the name, documentation, signature, equality and pickling of its original, and tests one flag before it
calls it. Functions written in C do not bind when they are found on a class (`class Clock: now = time.time`), so their
wrappers must not bind either. Methods of C types are replaced in the dictionary of the type: the type keeps its
identity for `isinstance`, pickling, subclasses, and names that were bound earlier.

Two functions at the end use private interfaces of CPython. Their fallbacks lose detection, never correctness: the guard
does not report a method that it cannot wrap, and a replica in another process still compares its result.
"""

import functools
import gc
import sys
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, ClassMethodDescriptorType, FunctionType, MethodType, ModuleType
from typing import Any

from fasm_cli.engine.purity_latch import LATCH, Breach
from fasm_cli.purity.blame import breach_for, report_breach
from fasm_cli.purity.forbidden_calls import CALLS, Row, call_label

Check = Callable[[tuple[Any, ...], Mapping[str, Any]], None]


class WrappedCallable:
    """The wrapper of a function written in C, or of a bound method."""

    _latch = LATCH  # not a module global: those are gone while the interpreter shuts down

    def __init__(self, original: Any, check: Check) -> None:
        functools.update_wrapper(self, original)
        self._original = original
        self._check = check

    def __call__(self, *args: Any, **named: Any) -> Any:
        if self._latch.armed:
            self._check(args, named)
        return self._original(*args, **named)

    def __eq__(self, other: object) -> bool:  # `os.stat in os.supports_dir_fd`
        return bool(self._original == (other._original if isinstance(other, WrappedCallable) else other))

    def __hash__(self) -> int:
        return hash(self._original)

    def __repr__(self) -> str:
        return repr(self._original)

    def __reduce__(self) -> Any:
        return self._original.__reduce__()


class Patches:
    """The replacements made in this process, and how to undo them."""

    def __init__(self) -> None:
        self._patched: set[str] = set()
        self._undo: list[Callable[[], object]] = []
        self._wrapper_by_id: dict[int, tuple[Any, Any]] = {}  # id of the original: the original, its wrapper
        self._wrappers: set[int] = set()
        self._patched_types: set[type] = set()

    def patch_loaded(self) -> None:
        """Patch every listed module that is loaded and not patched yet."""
        for name in CALLS:
            module = sys.modules.get(name)
            if module is not None and name not in self._patched and not is_initializing(module):
                self._patched.add(name)
                self._patch_module(name, module)

    def undo(self) -> None:
        """Restore all originals. A wrapper that other code has bound stays there and only calls its original."""
        while self._undo:
            self._undo.pop()()
        self._patched.clear()
        self._wrapper_by_id.clear()
        self._wrappers.clear()
        self._patched_types.clear()

    def rebind(self, module: ModuleType) -> None:
        """Replace originals that `module` bound before the guard was installed: in its names, classes and defaults.

        Originals in closures and partials stay.
        """
        self._rebind_names(module, 0)

    def _rebind_names(self, owner: Any, depth: int) -> None:
        for name, value in list(vars(owner).items()):
            if (new := self._wrapper_for(value)) is not value:
                setattr(owner, name, new)
            elif isinstance(value, FunctionType):
                self._rebind_defaults(value)
            elif isinstance(value, type) and value.__module__ == getattr(owner, "__name__", "") and depth == 0:
                self._rebind_names(value, 1)

    def _rebind_defaults(self, function: FunctionType) -> None:
        if function.__defaults__:
            function.__defaults__ = tuple(map(self._wrapper_for, function.__defaults__))
        if function.__kwdefaults__:
            function.__kwdefaults__ = {
                name: self._wrapper_for(value) for name, value in function.__kwdefaults__.items()
            }

    def _wrapper_for(self, value: Any) -> Any:
        """The wrapper of `value`; `value` itself if it has none."""
        original, wrapper = self._wrapper_by_id.get(id(value), (None, None))
        if original is value and wrapper is not None:
            return wrapper
        owner = getattr(value, "__self__", None)
        if (
            isinstance(value, BuiltinFunctionType)
            and isinstance(owner, type)
            and self._patched_types & {*owner.__mro__}
        ):
            return getattr(owner, value.__name__, value)  # `now = datetime.now`, bound earlier
        return value

    def _patch_module(self, name: str, module: ModuleType) -> None:
        if name == "decimal":
            self._replace(module, "getcontext", _getcontext(vars(module)["getcontext"]))
        for row in CALLS[name]:
            for path in row.names.split():
                first, _, rest = path.partition(".")
                found = vars(module).get(first)
                if found is None or id(found) in self._wrappers:
                    continue  # not in this version of Python, or an alias that is a wrapper already
                call = call_label(name, path)
                if rest:
                    self._patch_method(found, rest, row, call)
                elif found.__name__ == "warn":
                    self._replace(module, first, _warn(found))
                else:
                    self._replace(module, first, _wrapper(found, row, call))

    def _replace(self, owner: Any, name: str, wrapper: Any) -> None:
        original = vars(owner)[name]
        setattr(owner, name, wrapper)
        self._wrapper_by_id[id(original)] = original, wrapper
        self._wrappers.add(id(wrapper))
        self._undo.append(functools.partial(setattr, owner, name, original))

    def _patch_method(self, cls: type, name: str, row: Row, call: str) -> None:
        original = vars(cls).get(name)
        if original is None:
            return
        is_classmethod = isinstance(original, classmethod | ClassMethodDescriptorType)
        wrapper = (_classmethod if is_classmethod else _function)(original, row, call)
        try:
            self._replace(cls, name, wrapper)
        except TypeError:  # a type written in C
            if set_type_attribute(cls, name, wrapper):
                self._patched_types.add(cls)
                self._undo.append(functools.partial(set_type_attribute, cls, name, original))


def _wrapper(original: Any, row: Row, call: str) -> Any:
    if isinstance(original, BuiltinFunctionType | MethodType):
        return WrappedCallable(original, _check(row, call))
    return _function(original, row, call)


def _check(row: Row, call: str) -> Check:
    when = row.when

    def check(args: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        if when is None or when(args, named):
            report_breach(row.law, call, direct=row.direct)

    return check


def _function(original: Callable[..., Any], row: Row, call: str) -> Callable[..., Any]:
    """The wrapper holds all it needs in its closure: it may be called while the interpreter clears its modules."""
    latch, check = LATCH, _check(row, call)

    @functools.wraps(original)
    def guarded(*args: Any, **named: Any) -> Any:
        if latch.armed:
            check(args, named)
        return original(*args, **named)

    return guarded


def _classmethod(original: Any, row: Row, call: str) -> Any:
    latch, method = LATCH, call.partition(".")[2]
    bind = original.__get__

    @functools.wraps(original)
    def guarded(cls: type, *args: Any, **named: Any) -> Any:
        if latch.armed:
            report_breach(row.law, f"{cls.__name__}.{method}")
        return bind(None, cls)(*args, **named)

    return classmethod(guarded)


def _warn(original: Callable[..., None]) -> Callable[..., None]:
    """The wrapper of `warnings.warn`, which counts frames to find its caller and must not count this one."""
    latch = LATCH

    @functools.wraps(original)
    def warn(message: Any, category: Any = None, stacklevel: int = 1, source: Any = None, **named: Any) -> None:
        if latch.armed:
            report_breach("effects", "warnings.warn()", direct=True)
        if named.get("skip_file_prefixes"):
            named["skip_file_prefixes"] = (*named["skip_file_prefixes"], __file__)
        else:
            stacklevel = max(stacklevel, 1) + 1
        original(message, category, stacklevel, source, **named)

    return warn


_CONTEXT_SETTINGS = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


class _ContextSuspicion:
    """A transition asked for the decimal context; it is a breach if the context has changed afterwards."""

    def __init__(self, breach: Breach, context: Any) -> None:
        self._breach = breach
        self._context = context
        self._before = _context_settings(context)

    def settle(self) -> Breach | None:
        """The breach, after restoring the context; None if nothing changed."""
        if _context_settings(self._context) == self._before:
            return None
        for name in _CONTEXT_SETTINGS:
            setattr(self._context, name, self._before[name])
        self._context.traps = dict(self._before["traps"])
        return self._breach


def _context_settings(context: Any) -> dict[str, Any]:
    return {name: getattr(context, name) for name in _CONTEXT_SETTINGS} | {"traps": dict(context.traps)}


def _getcontext(original: Callable[[], Any]) -> Callable[[], Any]:
    """The wrapper of `decimal.getcontext`: the context is shared by the whole thread.

    `getcontext().prec = 5` in an STF changes what later transitions compute; reading the context or working in a
    `localcontext()` does not. So the call is not a breach but a suspicion, settled after the transition. (A context of
    its own for every STF would cost 100 ns a step.)
    """

    @functools.wraps(original)
    def getcontext() -> Any:
        context = original()
        if LATCH.armed:
            breach = breach_for("effects", "decimal.getcontext()")
            if breach is not None:
                LATCH.suspect(_ContextSuspicion(breach, context))
        return context

    return getcontext


# --- private interfaces of CPython ---


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
