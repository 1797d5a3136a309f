"""Adapt the analysis of a line to prompt_toolkit: lexer, completer, history and key bindings."""

from collections.abc import Callable, Hashable, Iterable
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.lexers import Lexer

from fasm_cli.cli.app import deferred_imports
from fasm_cli.cli.prompt.analysis import LineAnalysis
from fasm_cli.cli.prompt.style import Glyphs, crop
from fasm_cli.cli.repl.registry import VERBS
from fasm_cli.types.schema import variants

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.completion import Option
    from fasm_cli.cli.prompt.line_parser import Token
    from fasm_cli.cli.prompt.panes import Picker

with deferred_imports():
    from fasm_cli.cli.prompt import line_parser

HISTORY_SIZE = 2000  # lines that are loaded: the suggestion searches all of them at each key
PAGE = 10  # steps by which PageUp and PageDown move in the timeline


# --- lexer --------------------------------------------------------------------------------------------------------


class LineLexer(Lexer):
    """Colours verbs, inputs, fields and values, and underlines the error."""

    def __init__(self, analysis: LineAnalysis) -> None:
        self._analysis = analysis

    def invalidation_hash(self) -> Hashable:
        return self._analysis.version

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        plain: list[tuple[str, str]] = [("", document.text)]
        pieces = self._analysis.errors.run("colours", lambda: colour_line(self._analysis, document.text), plain)
        lines: list[StyleAndTextTuples] = [[]]
        for style, text in pieces:
            first, *others = text.split("\n")
            lines[-1].append((style, first))
            lines += [[(style, other)] for other in others]
        return lambda number: lines[number] if number < len(lines) else []


def colour_line(analysis: LineAnalysis, text: str) -> list[tuple[str, str]]:
    """Return the pieces of `text` with their styles; joined, they are the text."""
    if not text:
        return []  # before the first key nothing is parsed
    if text.lstrip().startswith("#"):
        return [("class:line.comment", text)]
    line = line_parser.tokenize(text)
    solid = [token for token in line if token.kind != "blank"]
    following = dict(pairwise(solid))
    error = analysis.error(text)
    inputs = variants(analysis.session.machine.input_schema)
    pieces = []
    for token in line:
        style = _style(token, following.get(token), inputs, analysis, first=token.start == solid[0].start)
        if error is not None and token.start <= error.column < token.start + len(token.text):
            style = f"{style} class:line.error"
        pieces.append((style, token.text))
    return pieces


def _style(
    token: "Token", following: "Token | None", inputs: Iterable[str], analysis: LineAnalysis, *, first: bool
) -> str:
    if token.kind in ("string", "number"):
        return f"class:line.{token.kind}"
    if token.kind != "name":
        return ""
    if first and token.text in VERBS:
        return "class:line.verb"
    if token.text in inputs:
        return "class:line.input"
    if token.text in analysis.session.machine.schemas.classes:
        return "class:line.type"
    return "class:line.field" if following is not None and following.kind == "equals" else ""


# --- completer ----------------------------------------------------------------------------------------------------


class LineCompleter(Completer):
    """Offers the candidates of the analysis. It runs in the main thread because it runs author code."""

    def __init__(self, analysis: LineAnalysis, more: str) -> None:
        self._analysis = analysis
        self._more = more  # marks the end of a text that was cut

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        return _completions(*self._analysis.candidates(document.text_before_cursor), self._more)


def _completions(word: str, options: "Iterable[Option]", more: str) -> list[Completion]:
    """Return the entries of the menu; the text beside an option uses at most half of the width."""
    width = get_app().output.get_size().columns // 2
    return [
        Completion(str(option.text), start_position=-len(word), display_meta=crop(option.meta, width, more))
        for option in options
    ]


def complete(buffer: Buffer, analysis: LineAnalysis, more: str) -> None:
    """Handle Tab: accept the selected or the only completion, else insert the common prefix, else open the menu."""
    state = buffer.complete_state
    if state is not None and state.current_completion is not None:
        buffer.complete_state = None
        return
    word, options = analysis.candidates(buffer.document.text_before_cursor)  # the menu may not have opened yet
    texts = [option.text for option in options]
    common = texts[0] if len(texts) == 1 else _common_prefix([text for text in texts if text.startswith(word)])
    if len(texts) == 1 or len(common) > len(word):
        buffer.apply_completion(Completion(common, start_position=-len(word)))
    elif texts:
        buffer.complete_state = CompletionState(buffer.document, _completions(word, options, more))
        buffer.complete_next()


def _common_prefix(texts: list[str]) -> str:
    if not texts:
        return ""
    low, high = min(texts), max(texts)
    at = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    return low[:at]


# --- history ------------------------------------------------------------------------------------------------------


class ProjectHistory(FileHistory):
    """A history file whose errors (full disk, deleted folder) lose a line of history and nothing else."""

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(islice(super().load_history_strings(), HISTORY_SIZE))
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        try:
            super().store_string(string)
        except OSError:
            return


def open_history(path: Path) -> History:
    """Return the history of a project, in memory if its folder does not exist: no file is created unasked."""
    try:
        with path.open("ab"):
            return ProjectHistory(str(path))
    except OSError:
        return InMemoryHistory()


# --- keys ---------------------------------------------------------------------------------------------------------


class PromptActions(Protocol):
    """What the keys use of the prompt."""

    analysis: LineAnalysis
    glyphs: Glyphs
    picker: "Picker | None"  # the open timeline pane
    state_open: bool  # whether the state pane is open

    def submit(self, line: str) -> None:
        """Execute `line` now, and restore the typed text afterwards."""

    def help(self) -> None:
        """Show the help of the verb that is being typed, or the list of verbs."""

    def open_timeline(self) -> None:
        """Open the timeline pane."""

    def switch_editing_mode(self) -> None:
        """Switch between the keys of emacs and vi."""


def key_bindings(prompt: PromptActions) -> KeyBindings:
    """Return the keys of the prompt. While the timeline is open, every key belongs to it."""
    keys = KeyBindings()

    @keys.add("tab")
    def _(event: KeyPressEvent) -> None:
        complete(event.current_buffer, prompt.analysis, prompt.glyphs.more)

    @keys.add("enter", filter=completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None  # accepts the completion; the line is not executed yet

    @keys.add("escape", filter=has_completions)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.cancel_completion()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("escape", "left")
    def _(event: KeyPressEvent) -> None:
        prompt.submit("back")

    @keys.add("escape", "right")
    def _(event: KeyPressEvent) -> None:
        prompt.submit("forward")

    @keys.add("f1")
    def _(event: KeyPressEvent) -> None:
        prompt.help()

    @keys.add("f2")
    def _(event: KeyPressEvent) -> None:
        prompt.state_open = not prompt.state_open

    @keys.add("f3")
    def _(event: KeyPressEvent) -> None:
        prompt.open_timeline()

    @keys.add("f4")
    def _(event: KeyPressEvent) -> None:
        prompt.switch_editing_mode()

    _add_timeline_keys(keys, prompt)
    return keys


def _add_timeline_keys(keys: KeyBindings, prompt: PromptActions) -> None:
    is_open = Condition(lambda: prompt.picker is not None)
    for key, by in (("up", -1), ("down", 1), ("pageup", -PAGE), ("pagedown", PAGE), ("home", -(10**9)), ("end", 10**9)):

        @keys.add(key, filter=is_open, eager=True)
        def _(event: KeyPressEvent, by: int = by) -> None:
            if prompt.picker is not None:
                prompt.picker.move(by)

    @keys.add("enter", filter=is_open, eager=True)
    def _(event: KeyPressEvent) -> None:
        if prompt.picker is not None:
            prompt.submit(f"goto {prompt.picker.step}")

    @keys.add("escape", filter=is_open, eager=True)
    @keys.add("f3", filter=is_open, eager=True)
    def _(event: KeyPressEvent) -> None:
        prompt.picker = None

    @keys.add(Keys.Any, filter=is_open)
    def _(event: KeyPressEvent) -> None:
        """Ignore all other keys."""
