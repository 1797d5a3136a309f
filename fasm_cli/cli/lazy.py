"""Imports that wait until they are needed.

Most commands need few of the modules that their neighbours need, and importing all of them takes longer than the
command. Inside `with deferred_imports():` a module (not a package) is found but not executed; it is executed when one
of its attributes is first used. So write `from fasm_cli.usecases import verify` there, and `verify.verify(...)` later:
`from fasm_cli.usecases.verify import verify` would use an attribute at once. A module that is imported for what it
does (it registers something) must not be imported there.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType


class _DeferringFinder:
    """Finds modules as usual, with a loader that executes them at the first use of an attribute."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None and spec.submodule_search_locations is None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def deferred_imports() -> Iterator[None]:
    """Defer the execution of the modules that are imported in this block."""
    sys.meta_path.insert(0, _DeferringFinder)
    try:
        yield
    finally:
        sys.meta_path.remove(_DeferringFinder)
