"""Every error that fasm raises on purpose, as one tree; each branch says whose fault it is and how the command ends.

    FasmError
    ├── UsageError        the command line: an unknown name, a bad option               exit 2
    ├── MachineError      the machine's author: it breaks the contract or will not load exit 3
    ├── SessionError      the file: unreadable, newer, locked, diverged                 exit 4
    ├── InputError        the person at the keyboard: an input that is not well formed  exit 5
    └── InternalError     us                                                            exit 70

A finding (a broken law or invariant) is a result, never one of these; so is a rejected input. The exceptions a
machine raises itself (`TransitionError`, `RestoreError`) belong to the contract and live in `model`.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class FasmError(Exception):
    """Base of all; `message` is one line, `hint` says what to do next (may be empty)."""

    exit_code = 70
    kind = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(FasmError):
    """The command was called with words it cannot use."""

    exit_code = 2
    kind = "usage"


class MachineError(FasmError):
    """The machine cannot be loaded: its code breaks the contract, or raised while being imported."""

    exit_code = 3
    kind = "machine"

    def __init__(self, message: str, hint: str = "", frames: str = "") -> None:
        super().__init__(message, hint)
        self.frames = frames  # the author's own traceback lines, ours cut away


class SessionError(FasmError):
    """A session or trace file cannot be read, is newer than this fasm, is in use, or no longer fits its machine."""

    exit_code = 4
    kind = "session"


class InputError(FasmError):
    """A value that does not fit what the machine declares; `column` (0-based, in characters) points into the text."""

    exit_code = 5
    kind = "input"

    def __init__(self, message: str, hint: str = "", column: int | None = None) -> None:
        super().__init__(message, hint)
        self.column = column


class InternalError(FasmError):
    """A fault of ours."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'coffee_shop'? known: …`, or only the list where nothing is near."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if not near:
        near = [known for known in names if known.lower() == name.lower()]
    listed = f"known: {', '.join(names)}" if names else "none is known"
    return f"did you mean {near[0]!r}? {listed}" if near else listed
