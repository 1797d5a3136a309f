"""The latch between a running transition and the purity guard: it keeps the first breach of each call.

`coroutines` arms the latch around each `send` and collects from it afterwards. The guard (package `purity`) wraps the
calls that a machine must not make, and the wrappers trip the latch. This module holds the latch, what it catches, and
which code a frame belongs to; it does no I/O and patches nothing. One thread of a process runs a machine at a time.
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
    """A machine made a call that breaks `law` (`effects`, `random`, `clock` or `reads`).

    It is a `BaseException`, so that an author's `except Exception` does not catch it, and it is latched before it is
    raised, so that `except BaseException` cannot hide it. `call` is what the machine's line calls (`time.time()`).
    """

    def __init__(self, law: str, call: str, file: str, line: int, verb: str = "calls") -> None:
        super().__init__(law, call, file, line, verb)  # pickle recreates it from these
        self.law = law
        self.call = call
        self.file = file
        self.line = line
        self.verb = verb

    @property
    def place(self) -> str:
        """The line of the machine that made the call: `shop.py:41`."""
        return f"{PurePath(self.file).name}:{self.line}"

    def __str__(self) -> str:
        return f"{self.verb} {self.call} at {self.place}"


class Suspicion(Protocol):
    """A call that is a breach only if its effect is still visible after the transition."""

    def settle(self) -> Breach | None:
        """The breach, or None if there was none. Called once, after the transition."""


class Latch:
    """Whether a machine's code is running under the guard (`armed`), and the first breach of its call (`caught`).

    Arming copies `installed`, which is False without a guard. `exempt` says whether a frame may get the event
    loop, because it belongs to an awaitable state. Plain attributes: arming is one assignment in the hot loop.
    """

    __slots__ = ("_thread", "armed", "caught", "exempt", "installed")

    def __init__(self) -> None:
        self.armed = False
        self.installed = False
        self.exempt: Callable[[FrameType], bool] | None = None
        self.caught: Breach | Suspicion | None = None
        self._thread = 0

    def breach(self, breach: Breach) -> NoReturn:
        """Raise `breach`; keep it if it is the first."""
        if not isinstance(self.caught, Breach):
            self.caught = breach
            self._thread = get_ident()
        raise breach

    def suspect(self, suspicion: Suspicion) -> None:
        """Settle `suspicion` after the transition, unless a breach or another suspicion came first."""
        if self.caught is None:
            self.caught = suspicion
            self._thread = get_ident()

    def collect(self) -> Breach | None:
        """The breach of this thread's call, and reset the latch; None if there was none."""
        caught = self.caught
        if caught is None or self._thread != get_ident():
            return None
        self.caught = None
        return caught if isinstance(caught, Breach) else caught.settle()


LATCH = Latch()


class CodeOwner(Enum):
    """Who wrote the code in a file."""

    MACHINE = "machine"
    INSTALLED = "installed"  # a third-party package; the machine may be in one
    LIBRARY = "library"  # the standard library
    IMPORT = "import"  # the import system
    GENERATED = "generated"  # no file: compiled by dataclasses and namedtuples
    OURS = "ours"


_OURS = str(PurePath(__file__).parent.parent)
_LIBRARY = str(PurePath(os.__file__).parent)
_owners: dict[str, CodeOwner] = {}


def owner_of(file: str) -> CodeOwner:
    """The owner of the code in `file`, a `co_filename`."""
    found = _owners.get(file)
    if found is None:
        found = _owners[file] = _find_owner(file)
    return found


def _find_owner(file: str) -> CodeOwner:
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
    """The name by which an author calls the function that `frame` runs, `pathlib.Path.read_text()`.

    Empty for functions without a public name.
    """
    name = frame.f_code.co_qualname.partition(".<locals>")[0].removesuffix(".__init__")
    module = str(frame.f_globals.get("__name__", ""))
    if module in ("posixpath", "ntpath", "genericpath"):
        module = "os.path"
    if module == "pathlib._abc":  # Python 3.13 defines half of `Path` here
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
    """The breach of an STF that suspends on `awaited`, which is not part of the state."""
    file, line, name = suspended_at(coroutine)
    return Breach("effects", name or type(awaited).__name__, file, line, "awaits")


def suspended_at(coroutine: Any) -> tuple[str, int, str]:
    """The file and line of the machine where `coroutine` is suspended, and the library function that it awaits there.

    The name is empty if it awaits no library function.
    """
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
