"""Defines every error that fasm raises on purpose. A class says whose fault the error is and sets the exit code.

    FasmError
    ├── UsageError        the command line: an unknown name, a bad option                        exit 2
    ├── MachineError      the machine: it violates the contract, or importing it fails           exit 3
    ├── SessionError      the file or database: unreadable, newer, locked, diverged              exit 4
    ├── InputError        a value that the user typed: malformed, or not of the declared type    exit 5
    └── InternalError     fasm itself                                                            exit 70

A finding (a violated law or invariant) is a result and not an error; so is a rejected input. The exceptions that a
machine raises (`TransitionError`, `RestoreError`) belong to the contract and are in `contract.state_machine`.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class FasmError(Exception):
    """The base of all errors. `message` is one line; `hint` says what to do next and may be empty."""

    exit_code = 70
    kind = "internal"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(FasmError):
    """The command line is wrong: an unknown name, a bad option, arguments that exclude each other."""

    exit_code = 2
    kind = "usage"


class MachineError(FasmError):
    """The machine cannot be loaded: it violates the contract, or importing it raised an exception.

    `frames` are the lines of the traceback that belong to the author's code.
    """

    exit_code = 3
    kind = "machine"

    def __init__(self, message: str, hint: str = "", frames: str = "") -> None:
        super().__init__(message, hint)
        self.frames = frames


class SessionError(FasmError):
    """A session, trace or database is unreadable, newer than this fasm, in use, or does not match its machine."""

    exit_code = 4
    kind = "session"


class InputError(FasmError):
    """A value does not match its declared type. `column` is its position in the text: 0-based, in characters."""

    exit_code = 5
    kind = "input"

    def __init__(self, message: str, hint: str = "", column: int | None = None) -> None:
        super().__init__(message, hint)
        self.column = column

    def move_column(self, by: int) -> None:
        """Let the column count from `by` characters before the text that was parsed."""
        if self.column is not None:
            self.column = max(self.column + by, 0)


class InternalError(FasmError):
    """An error in fasm itself."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean 'coffee_shop'? known: …`; without the question if no known name is similar."""
    names = sorted(set(known))
    similar = get_close_matches(name, names, n=1, cutoff=0.6)
    if not similar:
        similar = [known for known in names if known.lower() == name.lower()]
    listed = f"known: {', '.join(names)}" if names else "none is known"
    return f"did you mean {similar[0]!r}? {listed}" if similar else listed
