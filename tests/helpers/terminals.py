"""Terminals for tests: a pseudo-terminal with a child process, and an emulated screen for the prompt in this process.

Both wait until the expected text is on the screen; nothing sleeps.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pexpect
import pyte
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from fasm_cli.cli.prompt.session import Prompt
from fasm_cli.cli.render.writer import TerminalWriter, error_lines, plain_text
from fasm_cli.cli.repl.loop import loop
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError

PATIENCE = 20.0  # seconds until an expected screen that does not appear is a failure
WIDE, TALL = 110, 30


class Terminal:
    """A program on a real pseudo-terminal."""

    def __init__(self, *arguments: str, env: dict[str, str], columns: int = WIDE, rows: int = TALL) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        size = ("COLUMNS", "LINES")  # those of the user's terminal
        around = {name: value for name, value in os.environ.items() if name not in size}
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "fasm_cli", *arguments],
            env={**around, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env},
            dimensions=(rows, columns),
            encoding="utf-8",
        )
        self._screen.write_process_input = self._child.send
        self.raw = ""

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip()

    @property
    def last(self) -> str:
        """The line of the cursor, where the prompt is."""
        return self.lines[self._screen.cursor.y]

    def until(self, seen: Callable[[str], bool]) -> str:
        """Wait until `seen(line of the cursor)`; returns the whole screen."""
        return self.until_screen(lambda _: seen(self.last))

    def until_screen(self, seen: Callable[[str], bool]) -> str:
        """Wait until `seen(whole screen)`; returns the screen."""
        end = monotonic() + PATIENCE
        while not seen(self.text):
            assert monotonic() < end, f"not found on the screen:\n{self.text}"
            self._read()
        return self.text

    def prompt(self, text: str) -> str:
        """Wait until the line of the cursor is exactly `text`."""
        return self.until(lambda line: line == text)

    def type(self, keys: str) -> None:
        self._child.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
        self._child.setwinsize(rows, columns)

    def kill(self) -> None:
        """Kill the child with SIGKILL."""
        self._child.kill(9)
        self._child.wait()

    def leave(self, keys: str = "\x04") -> int:
        """Leave an unsaved session, which asks for a confirmation."""
        self.type(keys)
        self.until_screen(lambda text: "repeat to leave without saving" in text)
        self.type(keys)
        return self.end()

    def end(self) -> int:
        while True:
            try:
                self._read()
            except pexpect.EOF:
                self._child.close()
                return int(self._child.exitstatus)

    def while_silent(self, seen: Callable[[], bool]) -> None:
        """Wait until `seen()`, a condition that is not about the screen."""
        end = monotonic() + PATIENCE
        while not seen():
            assert monotonic() < end, f"condition not met; the screen is\n{self.text}"
            with suppress(pexpect.TIMEOUT):
                self._stream.feed(self._child.read_nonblocking(65536, 0.01))

    def _read(self) -> None:
        try:
            data = self._child.read_nonblocking(65536, PATIENCE)
        except pexpect.TIMEOUT:
            raise AssertionError(f"no output; the screen is\n{self.text}") from None
        self.raw += data
        self._stream.feed(data)

    def close(self) -> None:
        self._child.close(force=True)


class _Out:
    """The output stream of prompt_toolkit; text appears on the screen at once."""

    def __init__(self, screen: Any, encoding: str) -> None:
        self._stream = pyte.Stream(screen)
        self.encoding = encoding

    def write(self, text: str) -> None:
        self._stream.feed(text.encode(self.encoding, "replace").decode(self.encoding))

    def flush(self) -> None:
        """Output is not buffered."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("not a file")


class Rendered:
    """The prompt in this process, drawn by prompt_toolkit on an emulated screen; typed lines are executed."""

    def __init__(
        self,
        bench: DebugSession,
        columns: int = 80,
        rows: int = 24,
        encoding: str = "utf-8",
        history: Path = Path("no-such-folder/history"),
    ) -> None:
        self.bench = bench
        self.screen = pyte.Screen(columns, rows)
        self.screen.set_mode(pyte.modes.LNM)  # a line feed starts a new line, as on a terminal in cooked mode
        self._out = _Out(self.screen, encoding)
        self._history = history
        self._encoding = encoding
        self.performed: list[str] = []
        self.faults: list[tuple[str, Exception]] = []

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    @property
    def last(self) -> str:
        return str(self.screen.display[self.screen.cursor.y]).rstrip()

    def play(self, *moves: tuple[str, Callable[["Rendered"], bool]]) -> str:
        """For each move, send its keys and wait until its predicate holds; returns the last screen."""
        waiting = list(moves)

        def give_up(*_: Any) -> None:
            raise AssertionError(
                f"not seen after {waiting[0][0]!r}; the screen is\n{self.text}" if waiting else "the prompt did not end"
            )

        before = signal.signal(signal.SIGALRM, give_up)
        # repeatedly, because the event loop only logs an exception of a callback
        signal.setitimer(signal.ITIMER_REAL, PATIENCE, 0.1)
        try:
            self._play(waiting)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return self.final

    def _play(self, waiting: list[tuple[str, Callable[["Rendered"], bool]]]) -> None:
        with create_pipe_input() as keys:
            self.screen.write_process_input = keys.send_text
            output = Vt100_Output(
                self._out,
                lambda: Size(self.screen.lines, self.screen.columns),
                term="xterm-256color",
                default_color_depth=ColorDepth.from_env(),
            )
            with create_app_session(input=keys, output=output):
                self.prompt = prompt = Prompt(self.bench, self._history, self._encoding, input=keys, output=output)
                sent = False

                def look(_: Any) -> None:
                    nonlocal sent
                    app = prompt.line_editor.app
                    while waiting and not app.is_done:
                        text, seen = waiting[0]
                        if not sent:
                            keys.send_text(text)
                            sent = True
                            return
                        if not seen(self):
                            return
                        waiting.pop(0)
                        sent = False
                    if not waiting and not app.is_done:
                        self.final = self.text
                        self.final_lines = list(self.screen.display)
                        width = range(self.screen.columns)
                        self.final_cells = [[self.screen.buffer[y][x] for x in width] for y in range(self.screen.lines)]
                        app.exit(exception=_Played)

                prompt.line_editor.app.after_render += look
                prompt.line_editor.app.timeoutlen = prompt.line_editor.app.ttimeoutlen = 0.01  # do not wait after Esc
                with suppress(_Played):
                    loop(self.bench, _Shown(self._out), self._ask)
        assert not waiting, f"not found on the screen:\n{self.text}"

    def _ask(self) -> str:
        try:
            self.performed.append(self.prompt.read())
            return self.performed[-1]
        finally:
            self.faults += self.prompt.errors.take_errors()


class _Played(Exception):
    """All moves were played."""


class _Shown(TerminalWriter):
    """Writes results and errors to the same screen."""

    def __init__(self, out: _Out) -> None:
        super().__init__()
        self.stream: Any = out

    def fail(self, error: FasmError, source: str = "", place: str = "") -> None:
        self.stream.write(plain_text(error_lines(error, source, place, carets=True)))

    def note(self, text: str) -> None:
        self.stream.write(f"{text}\n")
