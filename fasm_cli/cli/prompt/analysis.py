"""Analyse the line in the buffer for drawing: cached answers that never raise.

`line_parser` and `completion` are imported with the first key, after the prompt is drawn.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from fasm_cli.cli.app import deferred_imports
from fasm_cli.cli.repl.lines import logical_lines
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.laws import count_holding
from fasm_cli.sessions.timeline import Timeline

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.completion import Option
    from fasm_cli.cli.prompt.line_parser import LineError, Signature

with deferred_imports():
    from fasm_cli.cli.prompt import completion, line_parser

T = TypeVar("T")


class ErrorBoundary:
    """Runs the code behind the prompt and substitutes a default if it raises.

    Drawing and completion run author code, whose errors must not end the session. The first error of each place is
    kept for `take_errors`.
    """

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self._unreported: list[tuple[str, Exception]] = []

    def run(self, place: str, work: Callable[[], T], default: T) -> T:
        """Return `work()`, or `default` if it raises. `place` names the activity in an error message."""
        try:
            return work()
        except Exception as error:  # an author's __repr__, __post_init__, respond or invariant; or an error of fasm
            if place not in self._failed:
                self._failed.add(place)
                self._unreported.append((place, error))
            return default

    def take_errors(self) -> list[tuple[str, Exception]]:
        """Return the errors that were not returned before, with their places."""
        errors, self._unreported = self._unreported, []
        return errors


class LineAnalysis:
    """What the prompt shows about a line. An answer is reused until the text or the session's head changes."""

    def __init__(self, session: DebugSession, errors: ErrorBoundary) -> None:
        self.session = session
        self.errors = errors
        self._error: tuple[object, LineError | None] = (None, None)
        self._invariants: tuple[object, tuple[int, int]] = (None, (0, 0))

    @property
    def version(self) -> tuple[int, Timeline]:
        """Changes whenever answers may change: after a step, for another session, after a reload."""
        return self.session.timeline.head, self.session.timeline

    def error(self, text: str) -> "LineError | None":
        """Return the first error of `text`. Several logical lines (pasted text) are not checked."""
        key = (text, *self.version)
        if not text:
            return None
        if self._error[0] != key:
            several = "\n" in text and len(list(logical_lines(text.split("\n")))) > 1
            found = (
                None
                if several
                else self.errors.run("checking", lambda: line_parser.find_error(self.session, text), None)
            )
            self._error = (key, found)
        return self._error[1]

    def signature(self, text: str) -> "Signature | None":
        """Return the signature for the end of `text`."""
        line = _last_line(text)
        if not line:
            return None
        return self.errors.run("the signature", lambda: line_parser.find_signature(self.session, line), None)

    def candidates(self, text: str) -> "tuple[str, list[Option]]":
        """Return the word at the end of `text` and the options that may replace it."""
        line = _last_line(text)
        nothing: tuple[str, list[Option]] = ("", [])
        return self.errors.run("completion", lambda: completion.candidates(self.session, line), nothing)

    def invariants(self) -> tuple[int, int]:
        """Return how many invariants hold at the head, and how many there are."""
        if self._invariants[0] != self.version:
            machine, timeline = self.session.machine, self.session.timeline
            count = self.errors.run("the invariants", lambda: count_holding(machine, timeline.now.state), (0, 0))
            self._invariants = (self.version, count)
        return self._invariants[1]


def _last_line(text: str) -> str:
    """Return the last logical line of `text`."""
    if "\n" not in text:
        return text
    lines = list(logical_lines(text.split("\n")))
    return lines[-1][1] if lines else ""
