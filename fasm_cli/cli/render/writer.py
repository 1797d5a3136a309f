"""Turns reports and errors into lines of styled text and writes them, or writes one JSON document.

Results go to stdout, everything else to stderr; colour only to a terminal that wants it. The renderers of the reports
of `reports/sessions.py` are in `sessions.py` here, and so on; that module is imported when the first of its reports is
rendered.
"""

import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import singledispatch
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TextIO

from fasm_cli.errors import FasmError, InputError, MachineError
from fasm_cli.reports import Report

if TYPE_CHECKING:
    from fasm_cli.debugger.session import Settings

STYLES = {"name": "bold cyan", "good": "green", "bad": "bold red", "quiet": "dim"}
CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
MAX_SOURCE = 100  # characters of a wrong line in an error message
MAX_MESSAGE = 500  # characters of an error message
ONE_LINE = 110  # characters; a longer value is shown with one line for each of its parts
COLUMN_GAP = re.compile(r" {2,}(?=\S)")
OUTCOME_ROLE = {"committed": "good", "rejected": "bad", "defect": "bad", "aborted": "bad", "skipped": "quiet"}
INDENT = 3  # of the continuation of a line without columns


class Span(NamedTuple):
    """A piece of text and its role: name, good, bad, quiet or plain."""

    text: str
    role: str = "plain"


Line = list[Span]


def plain_text(lines: list[Line]) -> str:
    """The text of `lines` without roles and trailing blanks."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


# --- reports ----------------------------------------------------------------------------------------------------


@singledispatch
def renderer(report: object) -> list[Line]:
    """The registered renderers, by the class of the report."""
    raise AssertionError(f"no renderer for {type(report).__name__}")


def render(report: Report) -> list[Line]:
    """The lines of a report."""
    import_module(f"fasm_cli.cli.render.{type(report).__module__.rpartition('.')[2]}")
    return renderer(report)


def count_steps(count: int) -> str:
    """`1 step`, `2 steps`."""
    return "1 step" if count == 1 else f"{count} steps"


# --- values -------------------------------------------------------------------------------------------------------


def outline(text: str, indent: str = "   ") -> list[str]:
    """Break a value in constructor syntax into lines, its parts indented. The joined lines are the same value."""
    if len(text) <= ONE_LINE or ("(" not in text and "[" not in text and "{" not in text):
        return [text]
    head, parts, tail = split_parts(text)
    if not parts:
        return [text]
    lines = [head]
    for part in parts:
        lines += [f"{indent}{line}" for line in outline(part)]
        lines[-1] += ","
    return [*lines, tail]


def split_parts(text: str) -> tuple[str, list[str], str]:
    """The text up to the first bracket, the parts inside of that bracket, and the text from its end."""
    start = min(at for at in (text.find(mark) for mark in "([{") if at >= 0)
    parts, at = [], start + 1
    for place, char, depth in outside_strings(text[start:]):
        here = start + place
        if depth == 0:
            parts += [text[at:here].strip()] if text[at:here].strip() else []
            return text[: start + 1], parts, text[here:]
        if char == "," and depth == 1:
            parts.append(text[at:here].strip())
            at = here + 1
    return text, [], ""


# --- lines --------------------------------------------------------------------------------------------------------


def wrap_line(line: Line, width: int) -> list[Line]:
    """Break `line` into lines of at most `width` characters, the later ones indented to its last column.

    Lines are broken only at blanks outside of strings: a value that is copied from several lines is still that value,
    because its brackets are open at each break. A word longer than `width` is not broken.
    """
    text = "".join(span.text for span in line)
    if len(text) <= width:
        return [line]
    hang = _hanging_indent(text, width)
    starts, ends = [0], list[int]()
    blanks = [at for at, char, _ in outside_strings(text, prose=True) if char == " " and at > hang]
    while len(text) - starts[-1] > width - hang * bool(ends):
        last = starts[-1] + width - hang * bool(ends)
        after = [at for at in blanks if at > starts[-1]]
        fitting = [at for at in after if at <= last]
        if not after:
            break
        ends.append(fitting[-1] if fitting else after[0])
        starts.append(len(text) - len(text[ends[-1] :].lstrip(" ")))
    pieces = [_slice(line, start, end) for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return [pieces[0], *([Span(" " * hang), *piece] for piece in pieces[1:])]


def _hanging_indent(text: str, width: int) -> int:
    columns = [gap.end() for gap in COLUMN_GAP.finditer(text) if gap.end() <= width * 2 // 3]
    indent = len(text) - len(text.lstrip())
    return columns[-1] if columns and columns[-1] > indent else indent + INDENT


def _slice(line: Line, start: int, end: int) -> Line:
    """The characters of `line` from `start` up to `end`, in their roles."""
    edges = [0]
    for span in line:
        edges.append(edges[-1] + len(span.text))
    cut = (
        Span(span.text[max(start - low, 0) : max(end - low, 0)], span.role)
        for span, (low, _) in zip(line, pairwise(edges), strict=True)
    )
    return [span for span in cut if span.text]


# --- strings and brackets -----------------------------------------------------------------------------------------


def outside_strings(text: str, depth: int = 0, *, prose: bool = False) -> Iterator[tuple[int, str, int]]:
    """Yield each character outside strings with its index and the number of brackets open after it.

    `depth` brackets are open at the start. With `prose` (the words of a verb), an apostrophe begins a string only
    inside brackets.
    """
    quote, skip = "", False
    for at, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\" and quote:
            skip = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char if depth or not prose else ""
        else:
            depth += (char in "([{") - (char in ")]}")
            yield at, char, depth


# --- writers ------------------------------------------------------------------------------------------------------


class Writer:
    """The output of a command. `code` is the exit code of its last report, `source` the text that is being parsed."""

    def __init__(self) -> None:
        self.stream = sys.stdout
        self.code = 0
        self.source = ""

    def note(self, text: str) -> None:
        """Write a note to stderr, unless it is empty."""
        if text:
            write_lines([[Span(text)]], sys.stderr)


class TerminalWriter(Writer):
    """Writes each report as text at once."""

    def __init__(self, settings: "Settings | None" = None) -> None:
        super().__init__()
        self.settings = settings

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


class JsonWriter(Writer):
    """Collects reports and writes one document at the end."""

    def __init__(self, verb: str) -> None:
        super().__init__()
        self._verb = verb
        self._reports: list[Report] = []
        self._error: FasmError | None = None

    def report(self, report: Report, seconds: float | None = None) -> None:
        self.code = report.exit_code()
        self._reports.append(report)

    def fail(self, error: FasmError, source: str = "", place: str = "") -> None:
        self._error = self._error or error

    def echo(self, lines: list[str]) -> None:
        """Write nothing: each report in the document names the line it belongs to."""

    def done(self) -> None:
        if self.stream is not None:
            self.stream.write(as_json(self._verb, self._reports, self._error, self.code) + "\n")
            self.stream.flush()


Output = TerminalWriter | JsonWriter


def as_json(verb: str, reports: Sequence[Report], error: FasmError | None = None, code: int = 0) -> str:
    """The JSON document of a call of `verb` that ended with `code`."""
    from fasm_cli.reports import schema

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
            message = f"{message} (column {error.column + 1} of {' '.join(_cut(source, MAX_SOURCE).split())})"
    prefix = [] if error.kind == "interrupted" else [Span("error: ", "bad")]
    hint = f"; {error.hint}" if error.hint else ""
    message = _cut(message.replace("\n", " "), MAX_MESSAGE)
    lines.append([*prefix, Span(where), Span(message), Span(hint, "quiet")])
    if isinstance(error, MachineError) and error.frames:
        lines += [[Span(line, "quiet")] for line in error.frames.splitlines()]
    return lines


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[:size]}…"


def write_lines(lines: list[Line], stream: TextIO | None) -> None:
    """Write `lines` to `stream`: styled by rich on a terminal, plain anywhere else."""
    if stream is not None:  # else closed by the parent process
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
