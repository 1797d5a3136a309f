"""Writes reports and errors: results to stdout, everything else to stderr; colour only on a terminal that wants it."""

import io
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from fasm_cli.cli.lazy import deferred_imports
from fasm_cli.cli.render.text_layout import Line, Span, plain_text, render
from fasm_cli.errors import FasmError, InputError, MachineError
from fasm_cli.reports.report import Report

if TYPE_CHECKING:
    from fasm_cli.debugger.session import Settings

with deferred_imports():
    from fasm_cli.reports import schema

STYLES = {"name": "bold cyan", "good": "green", "bad": "bold red", "quiet": "dim"}
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
MAX_SOURCE = 100  # characters of a wrong line in an error message
MAX_MESSAGE = 500  # characters of an error message


class TerminalWriter:
    """Writes each report as text at once. `code` is the exit code that the last report stands for."""

    def __init__(self, settings: "Settings | None" = None) -> None:
        self.stream = sys.stdout
        self.settings = settings
        self.code = 0

    def report(self, report: Report, seconds: float | None = None) -> None:
        """Write a report, and the time it took if the settings ask for it."""
        self.code = report.exit_code()
        if self.settings is not None and self.settings.format == "json":
            self.write([[Span(as_json("repl", [report], code=self.code))]])
        else:
            self.write(render(report))
        if self.settings is not None and self.settings.time and seconds is not None:
            self.note(f"{seconds * 1000:.1f} ms")

    def write(self, lines: list[Line]) -> None:
        write_lines(lines, self.stream)

    def echo(self, lines: list[str]) -> None:
        """Write lines that were typed."""
        write_lines([[Span(line, "quiet")] for line in lines], self.stream)

    def fail(self, error: FasmError, source: str = "", place: str = "") -> None:
        """Write an error. `source` is the text it is in, `place` where that text is (`line 3`)."""
        self.done()
        carets = sys.stderr is not None and sys.stderr.isatty()
        write_lines(error_lines(error, source, place, carets=carets), sys.stderr)

    def note(self, text: str) -> None:
        write_lines([[Span(text)]], sys.stderr)

    def done(self) -> None:
        if self.stream is not None:
            self.stream.flush()


class TranscriptWriter:
    """Writes reports and errors to one text, as a transcript shows them."""

    def __init__(self, stream: io.StringIO, settings: "Settings") -> None:
        self.stream = stream
        self._settings = settings

    def report(self, report: Report) -> None:
        if self._settings.format == "json":
            self.stream.write(as_json("repl", [report], code=report.exit_code()) + "\n")
        else:
            write_lines(render(report), self.stream)

    def fail(self, error: FasmError, source: str) -> None:
        write_lines(error_lines(error, source, carets=True), self.stream)


class JsonWriter:
    """Collects reports and writes one document at the end. `code` is the exit code that it stands for."""

    def __init__(self, verb: str) -> None:
        self.stream = sys.stdout
        self.code = 0
        self._verb = verb
        self._reports: list[Report] = []
        self._error: FasmError | None = None

    def report(self, report: Report, seconds: float | None = None) -> None:
        self.code = report.exit_code()
        self._reports.append(report)

    def fail(self, error: FasmError, source: str = "", place: str = "") -> None:
        self._error = self._error or error

    def note(self, text: str) -> None:
        write_lines([[Span(text)]], sys.stderr)

    def echo(self, lines: list[str]) -> None:
        """Write nothing: each report in the document names the line it belongs to."""

    def done(self) -> None:
        if self.stream is not None:
            self.stream.write(as_json(self._verb, self._reports, self._error, self.code) + "\n")
            self.stream.flush()


Output = TerminalWriter | JsonWriter


def as_json(verb: str, reports: Sequence[Report], error: FasmError | None = None, code: int = 0) -> str:
    """The JSON document of a call of `verb` that ended with `code`."""
    return schema.dumps(schema.document(verb, reports, error, code))


def error_lines(error: FasmError, source: str = "", place: str = "", *, carets: bool = False) -> list[Line]:
    """An error in one line, with what to do about it.

    If `source` is the text that was typed, `carets` shows it with a pointer at the error; else the message names the
    column.
    """
    lines: list[Line] = []
    where = f"{place}: " if place else ""
    message = error.message
    if isinstance(error, InputError) and error.column is not None and source:
        if carets and "\n" not in source and len(source) <= MAX_SOURCE:
            lines.append([Span(f"   {source}", "quiet")])
            lines.append([Span(f"   {' ' * error.column}^", "bad")])
        else:
            shown = source if len(source) <= MAX_SOURCE else f"{source[:MAX_SOURCE]}…"
            message = f"{message} (column {error.column + 1} of {' '.join(shown.split())})"
    prefix = [] if error.kind == "interrupted" else [Span("error: ", "bad")]
    hint = f"; {error.hint}" if error.hint else ""
    message = " ".join(message.split("\n"))
    message = message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]}…"
    lines.append([*prefix, Span(where), Span(message), Span(hint, "quiet")])
    if isinstance(error, MachineError) and error.frames:
        lines += [[Span(line, "quiet")] for line in error.frames.splitlines()]
    return lines


def write_lines(lines: list[Line], stream: TextIO | None) -> None:
    """Write `lines` to `stream`: styled by rich on a terminal, plain anywhere else."""
    if stream is None:  # closed by the parent process
        return
    stream.write(styled_text(lines, stream))


def styled_text(lines: list[Line], stream: TextIO) -> str:
    """The text of `lines` for `stream`, with escape codes if it takes them."""
    lines = [[Span(visible(span.text), span.role) for span in line] for line in lines]
    if not any(span.role in STYLES for line in lines for span in line) or not wants_colour(stream):
        return plain_text(lines)
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    with console.capture() as captured:
        for line in lines:
            console.print(Text.assemble(*((span.text, STYLES.get(span.role, "")) for span in line)))
    return captured.get()


def visible(text: str) -> str:
    """Escape characters that would move the cursor or clear the screen: a machine's message may hold anything."""
    return CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def wants_colour(stream: TextIO) -> bool:
    """Whether `stream` takes escape codes: it is a terminal, and neither NO_COLOR nor TERM=dumb is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
