"""The prompt on a terminal: prompt_toolkit's session with our layout under it. Only a terminal ever gets here."""

from asyncio import get_running_loop
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

from fasm_cli.cli.prompt import bar, panes
from fasm_cli.cli.prompt.colours import PLAIN, STYLE, glyphs
from fasm_cli.cli.prompt.error_boundary import ErrorBoundary
from fasm_cli.cli.prompt.file_watcher import Watch
from fasm_cli.cli.prompt.keys import bindings
from fasm_cli.cli.prompt.line_analysis_cache import Live
from fasm_cli.cli.prompt.status_items import prompt_parts
from fasm_cli.cli.prompt.toolkit import LineCompleter, LineLexer, history_in
from fasm_cli.cli.repl.lines import is_complete
from fasm_cli.cli.repl.registry import VERBS
from fasm_cli.debugger.session import DebugSession

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.check import Signature

MENU, SMALL_MENU = 6, 4  # lines kept free under the prompt for completions
SMALL = 20  # rows of a screen that has not got many
TALLEST = 16  # lines of a pane


class Prompt:
    """Asks for lines. `encoding` is the terminal's; where the workbench is watching, saving the machine reloads it."""

    def __init__(
        self,
        bench: DebugSession,
        history: Path,
        encoding: str,
        *,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self.bench = bench
        self.shelter = ErrorBoundary()
        self.live = Live(bench, self.shelter)
        self.picker: panes.Picker | None = None
        self.state_open = False
        self.shown = glyphs(encoding)
        self._watch = Watch(bench) if bench.repl_state.watching else None
        self._state: tuple[object, list[panes.Line]] = (None, [])
        self._held = Document()  # what was typed when a key ordered a line of its own
        self.session: PromptSession[str] = PromptSession(
            message=lambda: self._prompt(),
            history=history_in(history),
            lexer=LineLexer(self.live),
            completer=LineCompleter(self.live, self.shown.more),
            complete_while_typing=True,
            auto_suggest=AutoSuggestFromHistory(),
            multiline=Condition(lambda: not is_complete(self.session.default_buffer.text)),  # Enter ends what is closed
            prompt_continuation=lambda width, number, wrapped: " " * width,
            key_bindings=bindings(self),
            enable_open_in_editor=True,
            enable_suspend=True,
            vi_mode=bench.repl_state.settings.keys == "vi",
            tempfile_suffix=".py",
            reserve_space_for_menu=MENU,
            include_default_pygments_style=False,
            input=input,
            output=output,
        )
        self._caret = Float(self._under_the_fault(), left=0, right=0, top=1, height=1)
        app = self.session.app
        app.layout = Layout(self._layout(self.session.layout.container), self.session.default_buffer)
        self.session.style = Style.from_dict(STYLE)
        if app.color_depth is ColorDepth.DEPTH_1_BIT:
            self.session.style = merge_styles([self.session.style, Style.from_dict(PLAIN)])
        app.before_render += lambda _: self.shelter.run("the layout", self._fit, None)

    def ask(self) -> str:
        """The next line, or several that were pasted. Raises KeyboardInterrupt (Ctrl-C) and EOFError (Ctrl-D)."""
        held, self._held, self.picker = self._held, Document(), None
        return self.session.prompt(default=held, pre_run=self._start)

    def _start(self) -> None:
        get_running_loop().call_soon(self._prepare)
        if self._watch is not None:
            self.session.app.create_background_task(self._watch.changes(lambda: self.order("reload")))

    def _prepare(self) -> None:
        """Once the prompt is drawn: import what the first key needs."""
        from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table

        self.live.candidates(" ")
        self.live.signature(" ")

    # --- what the keys do -------------------------------------------------------------------------------------

    def order(self, line: str) -> None:
        """Perform `line` now, as if it were typed; what stands in the buffer is there again afterwards."""
        buffer = self.session.default_buffer
        if self.session.app.is_done or line.partition(" ")[0] not in VERBS:
            return
        self._held = buffer.document
        buffer.document = Document(line)
        self.session.app.exit(result=line, style="class:accepted")

    def help(self) -> None:
        """The page of the verb that is being typed, or the list."""
        word = self.session.default_buffer.text.split(maxsplit=1)[:1]
        self.order(f"help {word[0]}" if word and word[0] in VERBS else "help")

    def pick(self) -> None:
        self.picker = self.shelter.run("the timeline", lambda: panes.Picker(self.bench), None)

    def switch_editing_mode(self) -> None:
        app = self.session.app
        app.editing_mode = EditingMode.EMACS if app.editing_mode is EditingMode.VI else EditingMode.VI

    # --- what is drawn ----------------------------------------------------------------------------------------

    def _prompt(self) -> StyleAndTextTuples:
        plain: StyleAndTextTuples = [("", "> ")]
        return self.shelter.run("the prompt", lambda: [*prompt_parts(self.bench, self.shown)], plain)

    def _layout(self, inner: AnyContainer) -> HSplit:
        drawn = ~is_done & renderer_height_is_known
        pane = Condition(lambda: self.state_open or self.picker is not None)
        hinted = Condition(lambda: self._signature() is not None)
        return HSplit(
            [
                FloatContainer(inner, [self._caret]),
                ConditionalContainer(_text(self._panes), drawn & pane),
                ConditionalContainer(_text(self._hint), drawn & hinted),
                ConditionalContainer(_text(self._bar), drawn),
            ]
        )

    def _under_the_fault(self) -> ConditionalContainer:
        wrong = Condition(lambda: self.live.fault(self.session.default_buffer.text) is not None)
        quiet = ~has_completions & ~is_searching & ~is_done
        return ConditionalContainer(_text(self._fault), wrong & quiet)

    def _signature(self) -> "Signature | None":
        return self.live.signature(self.session.default_buffer.document.text_before_cursor)

    def _hint(self) -> StyleAndTextTuples:
        told = self._signature()
        return [] if told is None else bar.hint(told, _columns(), self.shown)

    def _bar(self) -> StyleAndTextTuples:
        vi = self.session.app.editing_mode is EditingMode.VI
        return self.shelter.run("the bar", lambda: bar.bar(self.live, _columns(), self.shown, vi=vi), [])

    def _panes(self) -> StyleAndTextTuples:
        return self.shelter.run("the pane", self._pane_text, [])

    def _pane_text(self) -> StyleAndTextTuples:
        size = get_app().output.get_size()
        room = max(size.rows - self.session.reserve_space_for_menu - 3, 3)
        picker = self.picker
        lines: list[panes.Line] = []
        if picker is not None:
            tall = min(room // 2 if self.state_open else room, TALLEST)
            lines += picker.lines(size.columns, tall, self.shown)
        if self.state_open:
            step = self.bench.timeline.head if picker is None else picker.step
            lines += self._state_lines(step, size.columns, min(room - len(lines), TALLEST))
        return [part for at, line in enumerate(lines) for part in ([("", "\n"), *line] if at else line)]

    def _state_lines(self, step: int, width: int, height: int) -> list[panes.Line]:
        key = (step, width, height, self.bench.timeline)
        if self._state[0] != key:  # a state may be large, and this is asked with each key
            self._state = (key, panes.state_pane(self.bench, step, width, height, self.shown))
        return self._state[1]

    def _fault(self) -> StyleAndTextTuples:
        text = self.session.default_buffer.text
        wrong = self.live.fault(text)
        if wrong is None:
            return []
        start = text.rfind("\n", 0, wrong.column) + 1
        column = self._margin() + get_cwidth(text[start : wrong.column])
        width = _columns()
        return self.shelter.run("the caret", lambda: bar.caret(wrong, column % max(width, 1), width, self.shown), [])

    def _margin(self) -> int:
        return sum(get_cwidth(part[1]) for part in self._prompt())

    def _fit(self) -> None:
        """Before each drawing: a small screen keeps less room for the menu, and the caret goes under the last line of
        what is typed, however often that wraps."""
        small = get_app().output.get_size().rows < SMALL
        self.session.reserve_space_for_menu = SMALL_MENU if small else MENU
        margin, columns = self._margin(), max(_columns(), 1)
        lines = self.session.default_buffer.text.split("\n")
        self._caret.top = sum((margin + get_cwidth(line)) // columns + 1 for line in lines)


def _columns() -> int:
    return get_app().output.get_size().columns


def _text(content: Callable[[], StyleAndTextTuples]) -> Window:
    return Window(FormattedTextControl(content), dont_extend_height=True, style="class:bar")
