"""Putting wrappers in the place of what `guard_calls` lists, and taking them out again.

A wrapper keeps name, documentation, signature, equality and how it pickles, and asks one flag before it does what it
wraps. Functions written in C do not bind when they are found on a class (`class Clock: now = time.time`), so neither
may what stands for them. Methods of C types are replaced in the type's own dictionary: the type itself stays what it
is, for `isinstance`, pickling, subclasses and names bound long before.
"""

import functools
import gc
import sys
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, ClassMethodDescriptorType, FunctionType, MethodType, ModuleType
from typing import Any

from fasm_cli.engine.purity_latch import LATCH
from fasm_cli.purity.blame import report_breach
from fasm_cli.purity.decimal_context import wrap_getcontext
from fasm_cli.purity.forbidden_calls import CALLS, Row, shown

Check = Callable[[tuple[Any, ...], Mapping[str, Any]], None]


class WrappedCallable:
    """What stands for a function written in C, or for a bound method."""

    _latch = LATCH  # not looked up in the module, which is gone when the interpreter ends

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
    """What has been replaced in this process, and how to undo it."""

    def __init__(self) -> None:
        self._patched: set[str] = set()
        self._undo: list[Callable[[], None]] = []
        self._stands_for: dict[int, tuple[Any, Any]] = {}  # id of the original: the original, and its wrapper
        self._wrappers: set[int] = set()
        self._types: set[type] = set()

    def patch_loaded(self) -> None:
        """Patch every listed module that is in the process and not patched yet."""
        for name in CALLS:
            module = sys.modules.get(name)
            if module is not None and name not in self._patched and not _being_made(module):
                self._patched.add(name)
                self._module(name, module)

    def undo(self) -> None:
        """Put everything back. A wrapper that somebody bound stays where it is; it does nothing any more."""
        while self._undo:
            self._undo.pop()()
        self._patched.clear()
        self._stands_for.clear()
        self._wrappers.clear()
        self._types.clear()

    def rebind(self, module: ModuleType) -> None:
        """Replace what `module` bound before the guard was there: its names, its classes' and its functions' defaults.

        What it hid deeper (a partial, a closure) stays.
        """
        self._names(module, 0)

    def _names(self, owner: Any, depth: int) -> None:
        for name, value in list(vars(owner).items()):
            if (new := self._instead(value)) is not value:
                setattr(owner, name, new)
            elif isinstance(value, FunctionType):
                self._defaults(value)
            elif isinstance(value, type) and value.__module__ == getattr(owner, "__name__", "") and depth == 0:
                self._names(value, 1)

    def _defaults(self, function: FunctionType) -> None:
        if function.__defaults__:
            function.__defaults__ = tuple(map(self._instead, function.__defaults__))
        if function.__kwdefaults__:
            function.__kwdefaults__ = {name: self._instead(value) for name, value in function.__kwdefaults__.items()}

    def _instead(self, value: Any) -> Any:
        """The wrapper that stands for `value`, or `value`."""
        original, wrapper = self._stands_for.get(id(value), (None, None))
        if original is value and wrapper is not None:
            return wrapper
        owner = getattr(value, "__self__", None)
        if isinstance(value, BuiltinFunctionType) and isinstance(owner, type) and self._types & {*owner.__mro__}:
            return getattr(owner, value.__name__, value)  # `now = datetime.now`, taken before
        return value

    def _module(self, name: str, module: ModuleType) -> None:
        if name == "decimal":
            self._replace(module, "getcontext", wrap_getcontext(module))
        for row in CALLS[name]:
            for path in row.names.split():
                first, _, rest = path.partition(".")
                found = vars(module).get(first)
                if found is None or id(found) in self._wrappers:
                    continue  # not in this version, or bound from where it is wrapped already
                call = shown(name, path)
                if rest:
                    self._method(found, rest, row, call)
                elif found.__name__ == "warn":
                    self._replace(module, first, _warn(found))
                else:
                    self._replace(module, first, _wrapper(found, row, call))

    def _replace(self, owner: Any, name: str, wrapper: Any) -> None:
        original = vars(owner)[name]
        setattr(owner, name, wrapper)
        self._stands_for[id(original)] = original, wrapper
        self._wrappers.add(id(wrapper))
        self._undo.append(lambda: setattr(owner, name, original))

    def _method(self, cls: type, name: str, row: Row, call: str) -> None:
        original = vars(cls).get(name)
        if original is None:
            return
        wrapper = _classmethod(original, row, call) if _binds_class(original) else _function(original, row, call)
        try:
            self._replace(cls, name, wrapper)
        except TypeError:  # a type written in C
            if _patch_type_dict(cls, name, wrapper):
                self._types.add(cls)
                self._undo.append(lambda: _restore(cls, name, original))


def _being_made(module: ModuleType) -> bool:
    """Whether `module` is still running its own body, with half of its names."""
    return bool(getattr(module.__spec__, "_initializing", False))


def _binds_class(method: Any) -> bool:
    return isinstance(method, classmethod | ClassMethodDescriptorType)


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
    """Everything it needs is in its closure: it may be called when the interpreter has taken its modules apart."""
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
    """`warnings.warn` counts frames to find its caller; ours must not be among them."""
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


def _patch_type_dict(cls: type, name: str, value: Any) -> bool:
    """Change a method of a type written in C; false where this interpreter does not let us.

    The dictionary behind `cls.__dict__` is what the proxy refers to. The type must then forget what it has cached.
    """
    [names] = gc.get_referents(vars(cls)) or [None]
    if not isinstance(names, dict):
        return False
    try:
        import ctypes

        forget = ctypes.pythonapi.PyType_Modified
    except (ImportError, AttributeError):
        return False
    names[name] = value
    forget(ctypes.py_object(cls))
    return True


def _restore(cls: type, name: str, original: Any) -> None:
    _patch_type_dict(cls, name, original)
