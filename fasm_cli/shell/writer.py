"""Where output goes: results to stdout, everything else to stderr; colour only on a terminal that wants it."""

import os
import sys
from collections.abc import Callable
from typing import TextIO

from fasm_cli.app.reports import Report
from fasm_cli.core.errors import FasmError, InputError, MachineError
from fasm_cli.shell.document import document, dumps, failure, several
from fasm_cli.shell.render import Line, Span, plain_text, render

STYLES = {"name": "bold cyan", "good": "green", "bad": "bold red", "quiet": "dim"}


class Text:
    """Writes reports one by one, as they come."""

    def report(self, report: Report) -> None:
        write_lines(render(report), sys.stdout)

    def fail(self, error: FasmError, source: str = "") -> None:
        sys.stdout.flush()
        write_lines(error_lines(error, source), sys.stderr)

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)

    def done(self) -> None:
        sys.stdout.flush()


class Json:
    """Keeps reports and writes one document at the end."""

    def __init__(self, combine: Callable[[list[Report]], dict[str, object]] | None = None) -> None:
        self._reports: list[Report] = []
        self._error: FasmError | None = None
        self._combine = combine

    def report(self, report: Report) -> None:
        self._reports.append(report)

    def fail(self, error: FasmError, source: str = "") -> None:
        self._error = self._error or error

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)

    def done(self) -> None:
        if self._error is not None:
            told = failure(self._error, self._reports)
        elif self._combine is None and len(self._reports) == 1:
            told = document(self._reports[0])
        else:
            told = several(self._reports)
        sys.stdout.write(dumps(told) + "\n")
        sys.stdout.flush()


Output = Text | Json


def error_lines(error: FasmError, source: str = "") -> list[Line]:
    """An error for a person: one line, what to do, and for text that was typed a caret under the fault."""

    lines: list[Line] = []
    if isinstance(error, InputError) and error.column is not None and source and "\n" not in source:
        lines.append([Span(f"   {source}", "quiet")])
        lines.append([Span(f"   {' ' * error.column}^", "bad")])
    hint = f"; {error.hint}" if error.hint else ""
    lines.append([Span("error: ", "bad"), Span(" ".join(error.message.split("\n"))), Span(hint, "quiet")])
    if isinstance(error, MachineError) and error.frames:
        lines += [[Span(line, "quiet")] for line in error.frames.splitlines()]
    return lines


def write_lines(lines: list[Line], stream: TextIO) -> None:
    """`lines` to `stream`: styled by rich on a terminal, as they are anywhere else."""
    if not wants_colour(stream):
        stream.write(plain_text(lines))
        return
    from rich.console import Console
    from rich.text import Text as Styled

    console = Console(file=stream, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Styled.assemble(*((span.text, STYLES.get(span.role, "")) for span in line)))


def wants_colour(stream: TextIO) -> bool:
    """Whether escape codes are welcome: a terminal, and no NO_COLOR or TERM=dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
