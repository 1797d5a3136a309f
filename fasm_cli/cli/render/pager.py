"""Sends output that is taller than the screen through the user's pager; other output never goes there."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence

from fasm_cli.cli.render.writer import Line, TerminalWriter, plain_text, styled_text, wrap_line

LESS = "-SRXF"  # chop long lines, keep colours, leave the screen as it is, and do not page what fits


class PagedWriter(TerminalWriter):
    """Writes to the terminal of `output`, wrapped to its width; through the pager if the top would scroll away."""

    def __init__(self, output: TerminalWriter) -> None:
        super().__init__(output.settings)
        self.stream = output.stream

    def write(self, lines: list[Line]) -> None:
        as_text = self.settings is None or self.settings.format == "text"
        if self.stream.isatty() and as_text:
            columns = shutil.get_terminal_size().columns
            lines = [part for line in lines for part in wrap_line(line, columns)]
        command = pager_command() if self.stream.isatty() and is_too_tall(lines) else None
        if command is None:
            super().write(lines)
            return
        self.stream.flush()
        try:
            page(styled_text(lines, self.stream), command)
        except OSError:  # the pager exists and cannot be started
            super().write(lines)


def is_too_tall(lines: list[Line]) -> bool:
    columns, height = shutil.get_terminal_size()
    return count_rows(plain_text(lines).splitlines(), columns) >= height


def count_rows(lines: Sequence[str], columns: int) -> int:
    """How many rows of a screen `lines` take, wrapped."""
    return sum(max(-(-len(line) // max(columns, 1)), 1) for line in lines)


def pager_command() -> list[str] | None:
    """The command of $PAGER, or `less`; None if there is none, or if the terminal cannot move its cursor."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return None
    try:
        words = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:  # a quote that is not closed
        return None
    return words if words and shutil.which(words[0]) else None


def page(text: str, command: Sequence[str]) -> None:
    """Run `command` with `text` on stdin, and wait. Ctrl-C goes to the pager. Raises `OSError` if it cannot start."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the pager would inherit
    try:
        env = {"LESS": LESS, **os.environ}
        subprocess.run(command, input=text, text=True, errors="replace", env=env, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
