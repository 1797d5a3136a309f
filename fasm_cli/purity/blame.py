"""Who called: from the stack to the machine's line that is to blame, or to nobody.

Most of what trips a wrapper while a transition runs is innocent: the import system reading a module, a debugger, our
own code. The stack tells. It is only looked at when something was called that a machine must not call.
"""

import gc
import os
import sys
from pathlib import PurePath
from types import FrameType
from typing import Any

from fasm_cli.engine.coroutines import DRIVERS
from fasm_cli.engine.purity_latch import LATCH, Breach, Whose, called, whose

_collect = gc.collect  # a machine that calls it finds a wrapper
_PURITY = str(PurePath(__file__).parent) + os.sep  # the wrappers' own frames

# They run inside the machine's frames, for the person who looks at it and not for the machine.
_DEBUGGERS = frozenset({"bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy", "coverage"})

# The library reads files here, but what it reads belongs to the program as its modules do: the time zone database, and
# the source lines of a traceback. `copy` makes an unseeded generator only to give it the state of another.
_INNOCENT = frozenset({"zoneinfo", "linecache", "inspect", "copy", "copyreg"})

_OF_THE_LOOP = frozenset({"asyncio.get_running_loop()", "asyncio.get_event_loop()"})  # a state that is awaited may


def accuse(law: str, call: str, *, direct: bool = False) -> None:
    """Trip the latch if the machine is to blame for `call`, which was just asked for; else do nothing.

    `direct`: the library may call it on its own account; only a call from elsewhere counts.
    """
    breach = _witnessed(law, call, direct=direct)
    if breach is not None:
        LATCH.trip(breach)


def suspect(law: str, call: str) -> Breach | None:
    """The breach that `call` would be, not raised."""
    return _witnessed(law, call, direct=False)


def _witnessed(law: str, call: str, *, direct: bool) -> Breach | None:
    chain = _chain()
    at = _blamed(chain)
    if at is None or _collecting():
        return None
    beneath = chain[:at]
    if any(who is Whose.OURS or _package(frame) in _INNOCENT for frame, who in beneath):
        return None
    if call in _OF_THE_LOOP and LATCH.innocent is not None and any(LATCH.innocent(frame) for frame, _ in chain):
        return None
    if direct and beneath and beneath[0][1] is Whose.LIBRARY:
        return None
    name = (called(beneath[-1][0]) if beneath else "") or call
    verb = "calls" if name.endswith(")") else "reads" if law == "reads" else "uses"
    frame = chain[at][0]
    return Breach(law, name, frame.f_code.co_filename, frame.f_lineno, verb)


def _chain() -> list[tuple[FrameType, Whose]]:
    """The frames of the running transition, innermost first; empty where there is none on this thread, or where the
    import system or a debugger is at work in it."""
    chain: list[tuple[FrameType, Whose]] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code in DRIVERS:
            return chain
        file = frame.f_code.co_filename
        who = whose(file)
        if who is Whose.IMPORT or _package(frame) in _DEBUGGERS:
            return []
        if who is not Whose.MADE and not (who is Whose.OURS and file.startswith(_PURITY)):
            chain.append((frame, who))
        frame = frame.f_back
    return []


def _blamed(chain: list[tuple[FrameType, Whose]]) -> int | None:
    """Where in `chain` the machine's code is nearest: the project's own, or the installed package the machine is in."""
    for at, (_, who) in enumerate(chain):
        if who is Whose.MACHINE:
            return at
    installed = [frame.f_code.co_filename for frame, who in chain if who is Whose.INSTALLED]
    for at, (frame, _) in enumerate(chain):
        if installed and frame.f_code.co_filename == installed[-1]:
            return at
    return None


def _collecting() -> bool:
    """Whether the garbage collector is at work: what other people's finalizers do is not the machine's doing.

    A collection that is asked for during another one does not take place. (A callback of the collector would know,
    but an interrupt that comes while it works is raised in the first of these, and lost.)
    """
    phases: dict[str, Any] = {}
    note = phases.__setitem__
    gc.callbacks.append(note)
    try:
        _collect(0)
    finally:
        gc.callbacks.remove(note)
    return not phases


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
