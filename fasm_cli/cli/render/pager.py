"""Output that is taller than the screen goes through the user's pager; nothing else ever does."""

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence

from fasm_cli.cli.render.styled_text import Line, plain_text
from fasm_cli.cli.render.writer import TerminalWriter, styled_text

LESS = "-SRXF"  # long lines are cut, colours kept, the screen left as it is, and what fits is not paged


class Paged(TerminalWriter):
    """Writes where `output` does: to a terminal, folded to its width, and by the pager where it would scroll away."""

    def __init__(self, output: TerminalWriter) -> None:
        super().__init__(output.settings)
        self.stream = output.stream

    def write(self, lines: list[Line]) -> None:
        if self.stream.isatty() and self.settings.format == "text":
            from fasm_cli.cli.render.wrap import folded  # not before there is a report

            columns = shutil.get_terminal_size().columns
            lines = [part for line in lines for part in folded(line, columns)]
        command = pager() if self.stream.isatty() and too_tall(lines) else None
        if command is None:
            super().write(lines)
            return
        self.stream.flush()
        try:
            page(styled_text(lines, self.stream), command)
        except OSError:  # it is there and cannot be started
            super().write(lines)


def too_tall(lines: list[Line]) -> bool:
    columns, height = shutil.get_terminal_size()
    return rows(plain_text(lines).splitlines(), columns) >= height


def rows(lines: Sequence[str], columns: int) -> int:
    """How many rows of a screen `lines` take, wrapped."""
    return sum(max(-(-len(line) // max(columns, 1)), 1) for line in lines)


def pager() -> list[str] | None:
    """The command of $PAGER, or `less`; None where there is none, or where the terminal cannot move its cursor."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return None
    try:
        words = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:  # a quote that is not closed
        return None
    return words if words and shutil.which(words[0]) else None


def page(text: str, command: Sequence[str]) -> None:
    """Show `text` by `command`, and wait. Ctrl-C is the pager's. Raises OSError where it cannot be started."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the pager would inherit
    try:
        env = {"LESS": LESS, **os.environ}
        subprocess.run(command, input=text, text=True, errors="replace", env=env, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
