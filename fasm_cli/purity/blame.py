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

from fasm_cli.engine.coroutines import RUNNER_CODE
from fasm_cli.engine.purity_latch import LATCH, Breach, CodeOwner, owner_of, public_name

_collect = gc.collect  # a machine that calls it finds a wrapper
_PURITY = str(PurePath(__file__).parent) + os.sep  # the wrappers' own frames

# They run inside the machine's frames, for the person who looks at it and not for the machine.
_DEBUGGERS = frozenset({"bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy", "coverage"})

# The library reads files here, but what it reads belongs to the program as its modules do: the time zone database, and
# the source lines of a traceback. `copy` makes an unseeded generator only to give it the state of another.
_INNOCENT = frozenset({"zoneinfo", "linecache", "inspect", "copy", "copyreg"})

_EVENT_LOOP_CALLS = frozenset({"asyncio.get_running_loop()", "asyncio.get_event_loop()"})  # a state that is awaited may


def report_breach(law: str, call: str, *, direct: bool = False) -> None:
    """Trip the latch if the machine is to blame for `call`, which was just asked for; else do nothing.

    `direct`: the library may call it on its own account; only a call from elsewhere counts.
    """
    breach = _attribute(law, call, direct=direct)
    if breach is not None:
        LATCH.breach(breach)


def breach_for(law: str, call: str) -> Breach | None:
    """The breach that `call` would be, not raised."""
    return _attribute(law, call, direct=False)


def _attribute(law: str, call: str, *, direct: bool) -> Breach | None:
    chain = _chain()
    at = _machine_frame(chain)
    if at is None or _in_gc():
        return None
    beneath = chain[:at]
    if any(who is CodeOwner.OURS or _package(frame) in _INNOCENT for frame, who in beneath):
        return None
    if call in _EVENT_LOOP_CALLS and LATCH.exempt is not None and any(LATCH.exempt(frame) for frame, _ in chain):
        return None
    if direct and beneath and beneath[0][1] is CodeOwner.LIBRARY:
        return None
    name = (public_name(beneath[-1][0]) if beneath else "") or call
    verb = "calls" if name.endswith(")") else "reads" if law == "reads" else "uses"
    frame = chain[at][0]
    return Breach(law, name, frame.f_code.co_filename, frame.f_lineno, verb)


def _chain() -> list[tuple[FrameType, CodeOwner]]:
    """The frames of the running transition, innermost first; empty where there is none on this thread, or where the
    import system or a debugger is at work in it."""
    chain: list[tuple[FrameType, CodeOwner]] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code in RUNNER_CODE:
            return chain
        file = frame.f_code.co_filename
        who = owner_of(file)
        if who is CodeOwner.IMPORT or _package(frame) in _DEBUGGERS:
            return []
        if who is not CodeOwner.GENERATED and not (who is CodeOwner.OURS and file.startswith(_PURITY)):
            chain.append((frame, who))
        frame = frame.f_back
    return []


def _machine_frame(chain: list[tuple[FrameType, CodeOwner]]) -> int | None:
    """Where in `chain` the machine's code is nearest: the project's own, or the installed package the machine is in."""
    for at, (_, who) in enumerate(chain):
        if who is CodeOwner.MACHINE:
            return at
    installed = [frame.f_code.co_filename for frame, who in chain if who is CodeOwner.INSTALLED]
    for at, (frame, _) in enumerate(chain):
        if installed and frame.f_code.co_filename == installed[-1]:
            return at
    return None


def _in_gc() -> bool:
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
