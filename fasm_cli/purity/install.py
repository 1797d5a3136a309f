"""The guard: enforces `effects`, `random`, `clock` and `reads` while an STF or a restore runs.

`install()` before the machine is imported, so that whatever it binds early (`from time import time`, a default, a
partial, a class attribute) is a wrapper already; `rebind(module)` after it, for one that was there before. Outside of
a transition everything does what it always did.

- wrappers for what Python has no audit event for: clocks, randomness, the environment, `print` (`guard_calls`);
- an audit hook for the rest, below any name that a module may have bound: files, sockets, processes, databases;
- the await gate in `drive`, which takes no event loop and lets nothing be awaited but helpers.

Modules are patched when something imports them, by the audit hook, so that the guard imports none for its own sake.
It is a safety net for honest mistakes and no sandbox: `from posix import getpid`, ctypes loaded before, and modules
written in C that do not go through Python are not seen.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from fasm_cli.engine.purity_latch import LATCH
from fasm_cli.purity.blame import report_breach
from fasm_cli.purity.forbidden_calls import CALLS, audited
from fasm_cli.purity.patches import Patches

_PATCHED_ON_IMPORT = frozenset(CALLS)
_patches = Patches()
_hooked = False


def install() -> None:
    """Guard this process from now on; a second call patches what was imported in between and nothing else."""
    global _hooked
    if not _hooked:
        _hooked = True
        sys.addaudithook(_hook())  # for good: there is no way to remove one
    LATCH.installed = True
    _patches.patch_loaded()


def uninstall() -> None:
    """Take the wrappers out again; the audit hook stays and does nothing. For tests."""
    if LATCH.installed:
        LATCH.installed = LATCH.armed = False
        _patches.undo()


def rebind(module: ModuleType) -> None:
    """Have `module`, imported before `install` or by other means than an import statement, use the wrappers."""
    install()
    _patches.rebind(module)


def _hook() -> Any:
    """The audit hook. It lives as long as the interpreter and must not need its modules: all it uses is bound here."""
    latch, interesting, loaded, patches = LATCH, _PATCHED_ON_IMPORT, sys.modules, _patches
    blame, look, load = report_breach, audited, importlib.import_module

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "import":
            name = args[0]
            # Second argument: the file of an extension module that is being loaded at this moment.
            if latch.installed and name in interesting and args[1] is None and name not in loaded:
                try:
                    load(name)
                except ImportError:
                    return  # it will be raised again where it belongs
                patches.patch_loaded()
            return
        if latch.armed:
            if event == "builtins.breakpoint":
                latch.armed = False  # from here on a person is at the keyboard
                return
            broken = look(event, args)
            if broken is not None:
                blame(*broken)

    return hook
