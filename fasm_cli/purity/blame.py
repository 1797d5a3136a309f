"""Decides from the stack whether the machine is to blame for a forbidden call, and which of its lines made it.

Most forbidden calls during a transition are not the machine's: the import system reads a module, a debugger prints,
fasm itself works. The stack is inspected only after such a call.
"""

import gc
import os
import sys
from pathlib import PurePath
from types import FrameType
from typing import Any

from fasm_cli.engine.coroutines import RUNNER_CODE
from fasm_cli.engine.purity_latch import LATCH, Breach, CodeOwner, owner_of, public_name

_collect = gc.collect  # the original; a machine sees a wrapper
_PURITY = str(PurePath(__file__).parent) + os.sep  # the wrappers' own frames

# Debuggers and coverage run inside the machine's frames, on behalf of the person debugging.
_DEBUGGERS = frozenset({"bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy", "coverage"})

# Here the library reads files that belong to the program, as modules do: the time zone database, and the source lines
# of a traceback. `copy` creates an unseeded generator only to overwrite its state with that of another.
_ALLOWED_CALLERS = frozenset({"zoneinfo", "linecache", "inspect", "copy", "copyreg"})

_EVENT_LOOP_CALLS = ("asyncio.get_running_loop()", "asyncio.get_event_loop()")  # an awaitable state may call these


def report_breach(law: str, call: str, *, direct: bool = False) -> None:
    """Raise a `Breach` and latch it if the machine is to blame for `call`; else do nothing.

    With `direct`, a call that the standard library makes for its own purposes is allowed.
    """
    breach = breach_for(law, call, direct=direct)
    if breach is not None:
        LATCH.breach(breach)


def breach_for(law: str, call: str, *, direct: bool = False) -> Breach | None:
    """The breach that `call` is, without raising it; None if the machine is not to blame."""
    chain = _chain()
    index = _machine_frame(chain)
    if index is None or _in_gc():
        return None
    inner = chain[:index]
    if any(owner is CodeOwner.OURS or _package(frame) in _ALLOWED_CALLERS for frame, owner in inner):
        return None
    if call in _EVENT_LOOP_CALLS and LATCH.exempt is not None and any(LATCH.exempt(frame) for frame, _ in chain):
        return None
    if direct and inner and inner[0][1] is CodeOwner.LIBRARY:
        return None
    name = (public_name(inner[-1][0]) if inner else "") or call
    verb = "calls" if name.endswith(")") else "reads" if law == "reads" else "uses"
    frame = chain[index][0]
    return Breach(law, name, frame.f_code.co_filename, frame.f_lineno, verb)


def _chain() -> list[tuple[FrameType, CodeOwner]]:
    """The frames of the running transition with their owners, innermost first.

    Empty if no transition runs on this thread, or if the import system or a debugger runs inside it.
    """
    chain: list[tuple[FrameType, CodeOwner]] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code in RUNNER_CODE:
            return chain
        file = frame.f_code.co_filename
        owner = owner_of(file)
        if owner is CodeOwner.IMPORT or _package(frame) in _DEBUGGERS:
            return []
        if owner is not CodeOwner.GENERATED and not (owner is CodeOwner.OURS and file.startswith(_PURITY)):
            chain.append((frame, owner))
        frame = frame.f_back
    return []


def _machine_frame(chain: list[tuple[FrameType, CodeOwner]]) -> int | None:
    """The index in `chain` of the innermost frame of the machine: project code, or else its installed package."""
    owners = [owner for _, owner in chain]
    if CodeOwner.MACHINE in owners:
        return owners.index(CodeOwner.MACHINE)
    files = [frame.f_code.co_filename for frame, _ in chain]
    installed = [file for file, owner in zip(files, owners, strict=True) if owner is CodeOwner.INSTALLED]
    return files.index(installed[-1]) if installed else None


def _in_gc() -> bool:
    """Whether the garbage collector is running: the machine is not to blame for finalizers of other objects.

    A collection requested during another one does not start, so its callback is not called. (A permanent callback of
    the collector would be simpler, but an interrupt that arrives during a collection is raised in it, and lost.)
    """
    phases: dict[str, Any] = {}
    callback = phases.__setitem__
    gc.callbacks.append(callback)
    try:
        _collect(0)
    finally:
        gc.callbacks.remove(callback)
    return not phases


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
