"""The latch between a running transition and the guard: what was caught while an STF or a restore ran, and where.

`drive` arms the latch around each `send` and asks it afterwards; the guard (`sim.guard`) puts wrappers and hooks
around what a machine must not call, and these trip the latch. Here is nothing but the latch, what it catches, and
whose code a frame belongs to: no I/O, no patching. One thread of a process drives a machine at a time.
"""

import os
import sys
from collections.abc import Callable
from enum import Enum
from itertools import accumulate
from pathlib import PurePath
from threading import get_ident
from types import FrameType
from typing import Any, NoReturn, Protocol


class Breach(BaseException):
    """A machine's fault: it did what breaks `law` (`effects`, `random`, `clock`, `reads`).

    A `BaseException`, so that an author's `except Exception` lets it through; it is latched before it is raised, so
    that `except BaseException` cannot hide it either. `call` is what the machine's line calls (`time.time()`).
    """

    def __init__(self, law: str, call: str, file: str, line: int, verb: str = "calls") -> None:
        super().__init__(law, call, file, line, verb)  # what pickle makes it again from
        self.law = law
        self.call = call
        self.file = file
        self.line = line
        self.verb = verb

    @property
    def place(self) -> str:
        """The machine's line nearest to the call: `shop.py:41`."""
        return f"{PurePath(self.file).name}:{self.line}"

    def __str__(self) -> str:
        return f"{self.verb} {self.call} at {self.place}"


class Suspicion(Protocol):
    """Something that may turn out a breach once the transition is over."""

    def settle(self) -> Breach | None: ...


class Latch:
    """`armed` while a machine's code runs under the guard; `caught` is the first breach of the current call.

    `installed` is what `armed` becomes: false where there is no guard. `innocent` says of a frame whether it may ask
    for the event loop: it belongs to a state that is awaited. Plain attributes: arming is one assignment in the hot
    loop.
    """

    __slots__ = ("_thread", "armed", "caught", "exempt", "installed")

    def __init__(self) -> None:
        self.armed = False
        self.installed = False
        self.exempt: Callable[[FrameType], bool] | None = None
        self.caught: Breach | Suspicion | None = None
        self._thread = 0

    def breach(self, breach: Breach) -> NoReturn:
        """Latch `breach`, unless it is not the first, and raise it."""
        if not isinstance(self.caught, Breach):
            self.caught = breach
            self._thread = get_ident()
        raise breach

    def suspect(self, doubt: Suspicion) -> None:
        """Have `doubt` settled when the transition is over."""
        if self.caught is None:
            self.caught = doubt
            self._thread = get_ident()

    def collect(self) -> Breach | None:
        """What this thread's call was caught at, once; the latch is open again after it."""
        caught = self.caught
        if caught is None or self._thread != get_ident():
            return None
        self.caught = None
        return caught if isinstance(caught, Breach) else caught.settle()


LATCH = Latch()


class CodeOwner(Enum):
    """Whose code a file is."""

    MACHINE = "machine"
    INSTALLED = "installed"  # a third-party package; it may be the machine's too
    LIBRARY = "library"  # the standard library
    IMPORT = "import"  # the import system
    GENERATED = "made"  # no file: what dataclasses and namedtuples compile
    OURS = "ours"


_OURS = str(PurePath(__file__).parent.parent)
_LIBRARY = str(PurePath(os.__file__).parent)
_known: dict[str, CodeOwner] = {}


def owner_of(file: str) -> CodeOwner:
    """Whose code lives in `file`, as code objects name it."""
    found = _known.get(file)
    if found is None:
        found = _known[file] = _whose(file)
    return found


def _whose(file: str) -> CodeOwner:
    if file.startswith("<"):
        if file.startswith("<frozen importlib"):
            return CodeOwner.IMPORT
        return CodeOwner.LIBRARY if file.startswith("<frozen ") else CodeOwner.GENERATED
    if file.startswith(_OURS + os.sep):
        return CodeOwner.OURS
    if f"{os.sep}site-packages{os.sep}" in file or f"{os.sep}dist-packages{os.sep}" in file:
        return CodeOwner.INSTALLED
    return CodeOwner.LIBRARY if file.startswith(_LIBRARY + os.sep) else CodeOwner.MACHINE


def public_name(frame: FrameType) -> str:
    """The name by which a machine calls the function that `frame` runs, `pathlib.Path.read_text()`; empty where it
    has none that a person would write."""
    name = frame.f_code.co_qualname.partition(".<locals>")[0].removesuffix(".__init__")
    module = str(frame.f_globals.get("__name__", ""))
    if module in ("posixpath", "ntpath", "genericpath"):
        module = "os.path"
    if module == "pathlib._abc":  # where 3.13 keeps half of `Path`
        module, name = "pathlib", name.replace("PathBase", "Path")
    first, _, last = name.partition(".")
    for package in accumulate(module.split("."), "{}.{}".format):
        if first in getattr(sys.modules.get(package), "__dict__", ()):
            module = package  # asyncio.tasks.sleep is asyncio.sleep
            break
    if module in ("", "collections.abc", "_collections_abc") or last.startswith("__") or first.startswith("_"):
        return ""
    return f"{module}.{name}()"


def awaiting(coroutine: Any, awaited: Any) -> Breach:
    """The breach of an STF that suspends on `awaited`, something that is not the state."""
    file, line, name = suspended_at(coroutine)
    return Breach("effects", name or type(awaited).__name__, file, line, "awaits")


def suspended_at(coroutine: Any) -> tuple[str, int, str]:
    """The file and line of the machine's where `coroutine` is suspended, and the library function it awaits there (may
    be empty)."""
    file, line, name = "?", 0, ""
    while coroutine is not None and not name:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            owner = owner_of(frame.f_code.co_filename)
            if owner is CodeOwner.LIBRARY:
                name = public_name(frame)
            elif owner is not CodeOwner.OURS:
                file, line = frame.f_code.co_filename, frame.f_lineno
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return file, line, name
