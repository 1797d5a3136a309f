"""Installs and removes the purity guard, which enforces the laws `effects`, `random`, `clock` and `reads`.

The guard consists of wrappers for calls without an audit event (`patches`), an audit hook for the rest, and the await
policy in `engine.coroutines`. `blame` finds the line of the machine that made a call. Call `install()` before the
machine is imported, so that every name that it binds early is a wrapper; call `rebind(module)` for a module imported
before. Outside a transition nothing changes. The hook patches a module when it is first imported; the guard imports
none itself. It is a safety net for honest mistakes and not a sandbox: it does not see `from posix import getpid`,
ctypes loaded earlier, or C extensions that call the system directly.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from fasm_cli.engine.purity_latch import LATCH
from fasm_cli.purity.blame import report_breach
from fasm_cli.purity.forbidden_calls import CALLS, law_of_event
from fasm_cli.purity.patches import Patches

_PATCHED_ON_IMPORT = frozenset(CALLS)
_patches = Patches()
_hooked = False


def install() -> None:
    """Guard this process. A further call only patches modules that were imported since the last one."""
    global _hooked
    if not _hooked:
        _hooked = True
        sys.addaudithook(_make_hook())  # permanent: Python cannot remove an audit hook
    LATCH.installed = True
    _patches.patch_loaded()


def uninstall() -> None:
    """Remove the wrappers. The audit hook stays and does nothing. For tests."""
    if LATCH.installed:
        LATCH.installed = LATCH.armed = False
        _patches.undo()


def rebind(module: ModuleType) -> None:
    """Make `module`, which was imported before `install` or without an import statement, use the wrappers."""
    install()
    _patches.rebind(module)


def _make_hook() -> Any:
    """The audit hook. It outlives the interpreter's modules, so everything it uses is bound here."""
    latch, patched_on_import, loaded, patches = LATCH, _PATCHED_ON_IMPORT, sys.modules, _patches
    report, law_of, load = report_breach, law_of_event, importlib.import_module

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "import":
            name = args[0]
            # args[1] is the file of an extension module that is just being loaded.
            if latch.installed and name in patched_on_import and args[1] is None and name not in loaded:
                try:
                    load(name)
                except ImportError:
                    return  # the import statement itself raises it again
                patches.patch_loaded()
            return
        if latch.armed:
            if event == "builtins.breakpoint":
                latch.armed = False  # a person is debugging from here on
                return
            broken = law_of(event, args)
            if broken is not None:
                report(*broken)

    return hook
