"""The prompt on a terminal: the line editor of prompt_toolkit with the layout of fasm, and the watch on the source."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, has_completions, is_done, is_searching, renderer_height_is_known
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.layout import (
    AnyContainer,
    ConditionalContainer,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.styles import Style, merge_styles
from prompt_toolkit.utils import get_cwidth

from fasm_cli.cli.prompt import panes
from fasm_cli.cli.prompt.analysis import ErrorBoundary, LineAnalysis
from fasm_cli.cli.prompt.style import NO_COLOUR_STYLE, STYLE, glyphs_for, prompt_parts
from fasm_cli.cli.prompt.toolkit import LineCompleter, LineLexer, key_bindings, open_history
from fasm_cli.cli.repl.lines import is_complete
from fasm_cli.cli.repl.registry import VERBS, load_verbs
from fasm_cli.debugger.session import DebugSession

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.line_parser import Signature

MENU_LINES, SMALL_MENU_LINES = 6, 4  # reserved below the prompt for completions
SMALL_SCREEN = 20  # rows
MAX_PANE_LINES = 16
WATCH_INTERVAL = 0.3  # seconds between two checks of the machine's file


class Prompt:
    """Reads lines from a terminal with the given encoding.

    If the session watches its machine, saving the machine's file submits `reload`. The keys use `PromptActions`.
    """

    def __init__(
        self,
        session: DebugSession,
        history: Path,
        encoding: str,
        *,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self.session = session
        self.errors = ErrorBoundary()
        self.analysis = LineAnalysis(session, self.errors)
        self.picker: panes.Picker | None = None
        self.state_open = False
        self.glyphs = glyphs_for(encoding)
        self._watcher = FileWatcher(session) if session.repl_state.watching else None
        self._state_cache: tuple[object, list[panes.Line]] = (None, [])
        self._interrupted_text = Document()  # the typed text while `submit` executes another line
        self.line_editor: PromptSession[str] = PromptSession(
            message=lambda: self._prompt(),
            history=open_history(history),
            lexer=LineLexer(self.analysis),
            completer=LineCompleter(self.analysis, self.glyphs.more),
            complete_while_typing=True,
            auto_suggest=AutoSuggestFromHistory(),
            # Enter executes a complete line
            multiline=Condition(lambda: not is_complete(self.line_editor.default_buffer.text)),
            prompt_continuation=lambda width, number, wrapped: " " * width,
            key_bindings=key_bindings(self),
            enable_open_in_editor=True,
            enable_suspend=True,
            vi_mode=session.repl_state.settings.keys == "vi",
            tempfile_suffix=".py",
            reserve_space_for_menu=MENU_LINES,
            include_default_pygments_style=False,
            input=input,
            output=output,
        )
        self._error_line = Float(self._error_container(), left=0, right=0, top=1, height=1)
        app = self.line_editor.app
        app.layout = Layout(self._layout(self.line_editor.layout.container), self.line_editor.default_buffer)
        self.line_editor.style = Style.from_dict(STYLE)
        if app.color_depth is ColorDepth.DEPTH_1_BIT:
            self.line_editor.style = merge_styles([self.line_editor.style, Style.from_dict(NO_COLOUR_STYLE)])
        app.before_render += lambda _: self.errors.run("the layout", self._fit, None)

    def read(self) -> str:
        """Return the next line, or several pasted ones. Raises KeyboardInterrupt (Ctrl-C) or EOFError (Ctrl-D)."""
        text, self._interrupted_text, self.picker = self._interrupted_text, Document(), None
        return self.line_editor.prompt(default=text, pre_run=self._start)

    def _start(self) -> None:
        asyncio.get_running_loop().call_soon(self._prepare)
        if self._watcher is not None:
            self.line_editor.app.create_background_task(self._watcher.wait_for_change(lambda: self.submit("reload")))

    def _prepare(self) -> None:
        """Import what the first key needs, after the prompt is drawn."""
        load_verbs()
        self.analysis.candidates(" ")
        self.analysis.signature(" ")

    # --- actions of keys --------------------------------------------------------------------------------------

    def submit(self, line: str) -> None:
        """Execute `line` now, as if it were typed, and restore the typed text afterwards."""
        buffer = self.line_editor.default_buffer
        if self.line_editor.app.is_done or line.partition(" ")[0] not in VERBS:
            return
        self._interrupted_text = buffer.document
        buffer.document = Document(line)
        self.line_editor.app.exit(result=line, style="class:accepted")

    def help(self) -> None:
        """Show the help of the verb that is being typed, or the list of verbs."""
        word = self.line_editor.default_buffer.text.split(maxsplit=1)[:1]
        self.submit(f"help {word[0]}" if word and word[0] in VERBS else "help")

    def open_timeline(self) -> None:
        """Open the timeline pane."""
        self.picker = self.errors.run("the timeline", lambda: panes.Picker(self.session), None)

    def switch_editing_mode(self) -> None:
        """Switch between the keys of emacs and vi."""
        app = self.line_editor.app
        app.editing_mode = EditingMode.EMACS if app.editing_mode is EditingMode.VI else EditingMode.VI

    # --- drawing ----------------------------------------------------------------------------------------------

    def _prompt(self) -> StyleAndTextTuples:
        plain: StyleAndTextTuples = [("", "> ")]
        return self.errors.run("the prompt", lambda: [*prompt_parts(self.session, self.glyphs)], plain)

    def _layout(self, inner: AnyContainer) -> HSplit:
        drawn = ~is_done & renderer_height_is_known
        has_pane = Condition(lambda: self.state_open or self.picker is not None)
        has_signature = Condition(lambda: self._signature() is not None)
        return HSplit(
            [
                FloatContainer(inner, [self._error_line]),
                ConditionalContainer(_text(self._panes), drawn & has_pane),
                ConditionalContainer(_text(self._signature_text), drawn & has_signature),
                ConditionalContainer(_text(self._status_bar), drawn),
            ]
        )

    def _error_container(self) -> ConditionalContainer:
        has_error = Condition(lambda: self.analysis.error(self.line_editor.default_buffer.text) is not None)
        undisturbed = ~has_completions & ~is_searching & ~is_done
        return ConditionalContainer(_text(self._error_text), has_error & undisturbed)

    def _signature(self) -> "Signature | None":
        return self.analysis.signature(self.line_editor.default_buffer.document.text_before_cursor)

    def _signature_text(self) -> StyleAndTextTuples:
        signature = self._signature()
        return [] if signature is None else panes.draw_signature(signature, _columns(), self.glyphs)

    def _status_bar(self) -> StyleAndTextTuples:
        vi = self.line_editor.app.editing_mode is EditingMode.VI
        return self.errors.run(
            "the status bar", lambda: panes.draw_status_bar(self.analysis, _columns(), self.glyphs, vi=vi), []
        )

    def _panes(self) -> StyleAndTextTuples:
        return self.errors.run("the pane", self._pane_text, [])

    def _pane_text(self) -> StyleAndTextTuples:
        size = get_app().output.get_size()
        room = max(size.rows - self.line_editor.reserve_space_for_menu - 3, 3)
        picker = self.picker
        lines: list[panes.Line] = []
        if picker is not None:
            height = min(room // 2 if self.state_open else room, MAX_PANE_LINES)
            lines += picker.draw(size.columns, height, self.glyphs)
        if self.state_open:
            step = self.session.timeline.head if picker is None else picker.step
            lines += self._state_lines(step, size.columns, min(room - len(lines), MAX_PANE_LINES))
        return [part for at, line in enumerate(lines) for part in ([("", "\n"), *line] if at else line)]

    def _state_lines(self, step: int, width: int, height: int) -> list[panes.Line]:
        key = (step, width, height, self.session.timeline)
        if self._state_cache[0] != key:  # a state may be large, and the pane is drawn at each key
            self._state_cache = (key, panes.draw_state(self.session, step, width, height, self.glyphs))
        return self._state_cache[1]

    def _error_text(self) -> StyleAndTextTuples:
        text = self.line_editor.default_buffer.text
        error = self.analysis.error(text)
        if error is None:
            return []
        start = text.rfind("\n", 0, error.column) + 1
        column = self._margin() + get_cwidth(text[start : error.column])
        width = _columns()
        return self.errors.run(
            "the error", lambda: panes.draw_error(error, column % max(width, 1), width, self.glyphs), []
        )

    def _margin(self) -> int:
        return sum(get_cwidth(part[1]) for part in self._prompt())

    def _fit(self) -> None:
        """Adapt to the screen before each drawing: reserve fewer lines on a small one, and put the error below the last
        line of the typed text, however often it wraps."""
        small = get_app().output.get_size().rows < SMALL_SCREEN
        self.line_editor.reserve_space_for_menu = SMALL_MENU_LINES if small else MENU_LINES
        margin, columns = self._margin(), max(_columns(), 1)
        lines = self.line_editor.default_buffer.text.split("\n")
        self._error_line.top = sum((margin + get_cwidth(line)) // columns + 1 for line in lines)


class FileWatcher:
    """Detects changes of the file of the session's machine, including those made before a prompt is drawn."""

    def __init__(self, session: DebugSession) -> None:
        self._session = session
        self._seen = self._read()

    async def wait_for_change(self, report: Callable[[], None]) -> None:
        """Call `report` at the next change, and return. Only the prompt's event loop uses the machine meanwhile."""
        while not self.has_changed():
            await asyncio.sleep(WATCH_INTERVAL)
        report()

    def has_changed(self) -> bool:
        """Whether the file changed since this was last true. While the file is missing, it has not changed."""
        source, now = self._read()
        if now is None:
            return False
        before, self._seen = self._seen, (source, now)
        return before[0] == source and before[1] != now

    def _read(self) -> tuple[str, tuple[int, int] | None]:
        source = self._session.machine.source
        try:
            found = Path(source).stat()
        except OSError:
            return source, None
        return source, (found.st_mtime_ns, found.st_size)


def _columns() -> int:
    return get_app().output.get_size().columns


def _text(content: Callable[[], StyleAndTextTuples]) -> Window:
    return Window(FormattedTextControl(content), dont_extend_height=True, style="class:bar")
