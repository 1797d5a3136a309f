"""The functions of text as prompt_toolkit wants them: a lexer, a completer, a history."""

from collections.abc import Callable, Hashable, Iterable
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.application import get_app
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.lexers import Lexer

from fasm_cli.cli.prompt.colours import cropped
from fasm_cli.cli.prompt.line_analysis_cache import Live
from fasm_cli.cli.prompt.tokens import Token, tokens
from fasm_cli.cli.repl.registry import VERBS
from fasm_cli.types.schema import variants

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.value_completions import Option

REMEMBERED = 2000  # lines of the history that are searched: the suggestion looks through them with each key


class LineLexer(Lexer):
    """Colours verbs, inputs, fields and values; what is wrong is underlined."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def invalidation_hash(self) -> Hashable:
        return self._live.moment

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        plain: list[tuple[str, str]] = [("", document.text)]
        pieces = self._live.shelter.run("colours", lambda: coloured(self._live, document.text), plain)
        lines: list[StyleAndTextTuples] = [[]]
        for style, text in pieces:
            first, *others = text.split("\n")
            lines[-1].append((style, first))
            lines += [[(style, other)] for other in others]
        return lambda number: lines[number] if number < len(lines) else []


def coloured(live: Live, text: str) -> list[tuple[str, str]]:
    """`text` in pieces with their styles; put together they are the text."""
    if text.lstrip().startswith("#"):
        return [("class:line.comment", text)]
    line = tokens(text)
    solid = [token for token in line if token.kind != "blank"]
    after = dict(pairwise(solid))
    wrong = live.fault(text)
    inputs = variants(live.bench.machine.input_schema)
    pieces = []
    for token in line:
        style = _style(token, after.get(token), inputs, live, first=token.start == solid[0].start)
        if wrong is not None and token.start <= wrong.column < token.start + len(token.text):
            style = f"{style} class:line.fault"
        pieces.append((style, token.text))
    return pieces


def _style(token: Token, after: Token | None, inputs: Iterable[str], live: Live, *, first: bool) -> str:
    if token.kind in ("string", "number"):
        return f"class:line.{token.kind}"
    if token.kind != "name":
        return ""
    if first and token.text in VERBS:
        return "class:line.verb"
    if token.text in inputs:
        return "class:line.input"
    if token.text in live.bench.machine.schemas.classes:
        return "class:line.type"
    return "class:line.field" if after is not None and after.kind == "equals" else ""


class LineCompleter(Completer):
    """The options of `complete`; in the same thread, as it asks the machine."""

    def __init__(self, live: Live, more: str) -> None:
        self._live = live
        self._more = more  # what stands for the end of a text that is too long

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        return completions(*self._live.candidates(document.text_before_cursor), self._more)


def completions(word: str, options: "Iterable[Option]", more: str) -> list[Completion]:
    """What stands in the menu; what is said beside an option takes half of the width at most."""
    room = get_app().output.get_size().columns // 2
    return [
        Completion(str(option.text), start_position=-len(word), display_meta=cropped(option.meta, room, more))
        for option in options
    ]


class KeptHistory(FileHistory):
    """A file that is added to; a disk that is full, or a folder that is gone, costs a line of history and no more."""

    def load_history_strings(self) -> Iterable[str]:
        try:
            return list(islice(super().load_history_strings(), REMEMBERED))
        except OSError:
            return []

    def store_string(self, string: str) -> None:
        try:
            super().store_string(string)
        except OSError:
            return


def history_in(path: Path) -> History:
    """The history of a project. Its folder is the user's wish: without it nothing is kept, and nothing made."""
    try:
        with path.open("ab"):
            return KeptHistory(str(path))
    except OSError:
        return InMemoryHistory()
