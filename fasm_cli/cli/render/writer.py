"""Where output goes: results to stdout, everything else to stderr; colour only on a terminal that wants it."""

import io
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from fasm_cli.cli.render.styled_text import Line, Span, plain_text
from fasm_cli.debugger.settings import Settings
from fasm_cli.errors import FasmError, InputError, MachineError

if TYPE_CHECKING:
    from fasm_cli.reports.report import Report

STYLES = {"name": "bold cyan", "good": "green", "bad": "bold red", "quiet": "dim"}
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
SHOWN = 100  # characters of a wrong line that are shown with the error
LONGEST = 500  # characters of an error's message: a wrong value may be as long as it likes


class TerminalWriter:
    """Writes reports one by one, as they come."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.stream = sys.stdout
        self.settings = settings or Settings()

    def report(self, report: "Report") -> None:
        if self.settings.format == "json":
            self.write([[Span(as_json("repl", [report]))]])
        else:
            self.write(as_text(report))
        if self.settings.time:
            self.note(f"{self.settings.took * 1000:.1f} ms")

    def write(self, lines: list[Line]) -> None:
        write_lines(lines, self.stream)

    def echo(self, lines: list[str]) -> None:
        """Lines as they were typed."""
        write_lines([[Span(line, "quiet")] for line in lines], self.stream)

    def fail(self, error: FasmError, source: str = "", place: str = "") -> None:
        """`source` is the text the error is in, `place` where that stands (`line 3`)."""
        self.done()
        carets = sys.stderr is not None and sys.stderr.isatty()
        write_lines(error_lines(error, source, place, carets=carets), sys.stderr)

    def note(self, text: str) -> None:
        write_lines([[Span(text)]], sys.stderr)

    def done(self) -> None:
        if self.stream is not None:
            self.stream.flush()


class TranscriptWriter:
    """Writes reports and errors into one text, as they come: a transcript."""

    def __init__(self, stream: io.StringIO, settings: Settings) -> None:
        self.stream = stream
        self._settings = settings

    def report(self, report: "Report") -> None:
        if self._settings.format == "json":
            self.stream.write(as_json("repl", [report]) + "\n")
        else:
            write_lines(as_text(report), self.stream)

    def fail(self, error: FasmError, source: str) -> None:
        write_lines(error_lines(error, source, carets=True), self.stream)


class JsonWriter:
    """Keeps reports and writes one document at the end."""

    def __init__(self, verb: str) -> None:
        self.stream = sys.stdout
        self._verb = verb
        self._reports: list[Report] = []
        self._error: FasmError | None = None

    def report(self, report: "Report") -> None:
        self._reports.append(report)

    def fail(self, error: FasmError, source: str = "", place: str = "") -> None:
        self._error = self._error or error

    def note(self, text: str) -> None:
        write_lines([[Span(text)]], sys.stderr)

    def echo(self, lines: list[str]) -> None:
        """Nothing: each report in the document says what led to it."""

    def done(self) -> None:
        if self.stream is not None:
            self.stream.write(as_json(self._verb, self._reports, self._error) + "\n")
            self.stream.flush()


Output = TerminalWriter | JsonWriter


# What knows every report is imported with the first of them: a prompt, a list or an error needs little of it.


def as_text(report: "Report") -> list[Line]:
    """A report for a person."""
    from fasm_cli.cli.render import repl, sessions, simulation  # noqa: F401  each registers its reports
    from fasm_cli.cli.render.render import render

    return render(report)


def as_json(verb: str, reports: "Sequence[Report]", error: FasmError | None = None) -> str:
    """The JSON document of a call of `verb`."""
    from fasm_cli.reports.schema import document, dumps

    code = reports[-1].exit_code() if reports else 0
    return dumps(document(verb, reports, error, code))


def error_lines(error: FasmError, source: str = "", place: str = "", *, carets: bool = False) -> list[Line]:
    """An error for a person: one line with what to do. Where `source` is the text that was typed, `carets` puts a line
    under it that points at the fault; else the column is told."""
    lines: list[Line] = []
    where = f"{place}: " if place else ""
    message = error.message
    if isinstance(error, InputError) and error.column is not None and source:
        if carets and "\n" not in source and len(source) <= SHOWN:
            lines.append([Span(f"   {source}", "quiet")])
            lines.append([Span(f"   {' ' * error.column}^", "bad")])
        else:
            shown = source if len(source) <= SHOWN else f"{source[:SHOWN]}…"
            message = f"{message} (column {error.column + 1} of {' '.join(shown.split())})"
    prefix = [] if error.kind == "interrupted" else [Span("error: ", "bad")]
    hint = f"; {error.hint}" if error.hint else ""
    message = " ".join(message.split("\n"))
    message = message if len(message) <= LONGEST else f"{message[:LONGEST]}…"
    lines.append([*prefix, Span(where), Span(message), Span(hint, "quiet")])
    if isinstance(error, MachineError) and error.frames:
        lines += [[Span(line, "quiet")] for line in error.frames.splitlines()]
    return lines


def write_lines(lines: list[Line], stream: TextIO | None) -> None:
    """`lines` to `stream`: styled by rich on a terminal, as they are anywhere else."""
    if stream is None:  # closed by whoever called us
        return
    stream.write(styled_text(lines, stream))


def styled_text(lines: list[Line], stream: TextIO) -> str:
    """`lines` as they are written to `stream`: with escape codes where those are welcome."""
    lines = [[Span(visible(span.text), span.role) for span in line] for line in lines]
    if not any(span.role in STYLES for line in lines for span in line) or not wants_colour(stream):
        return plain_text(lines)
    from rich.console import Console
    from rich.text import Text as Styled

    console = Console(file=stream, highlight=False, soft_wrap=True)
    with console.capture() as captured:
        for line in lines:
            console.print(Styled.assemble(*((span.text, STYLES.get(span.role, "")) for span in line)))
    return captured.get()


def visible(text: str) -> str:
    """`text` without what would move the cursor or clear the screen: an author's message may hold anything."""
    return CONTROLS.sub(lambda found: repr(found[0])[1:-1], text)


def wants_colour(stream: TextIO) -> bool:
    """Whether escape codes are welcome: a terminal, and no NO_COLOR or TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
