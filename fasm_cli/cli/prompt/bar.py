"""The lines at the bottom: where the session stands, and above it how the call that one is typing goes on."""

from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth

from fasm_cli.cli.prompt.colours import RICH, Glyphs, cropped
from fasm_cli.cli.prompt.line_analysis_cache import Live
from fasm_cli.cli.prompt.status_items import facts

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.check import Fault, Signature

KEYS = (("F1", "help"), ("F2", "state"), ("F3", "timeline"))  # and F4, which goes back and forth


def bar(live: Live, width: int, shown: Glyphs, *, vi: bool) -> StyleAndTextTuples:
    """`main@3 · invariants 2/2 · 1 pending · shop.toml saved      F1 help  F2 state`; keys go where room is short."""
    left: StyleAndTextTuples = []
    for fact in facts(live.bench, live.invariants()):
        left += [("class:bar", f" {shown.dot} "), fact] if left else [fact]
    return left + _keys(width - sum(get_cwidth(part[1]) for part in left), vi=vi)


def _keys(room: int, *, vi: bool) -> StyleAndTextTuples:
    """As many of the keys as fit into `room` columns, at its right end."""
    told = [*KEYS, ("F4", "emacs" if vi else "vi")]
    texts = [f"  {key} {what}" for key, what in told]
    while texts and sum(map(len, texts)) > room - 1:
        texts.pop()
    parts: StyleAndTextTuples = [("", " " * max(room - sum(map(len, texts)), 0))]
    for (key, what), _ in zip(told, texts, strict=False):
        parts += [("class:bar.key", f"  {key}"), ("class:bar", f" {what}")]
    return parts


def hint(told: "Signature", width: int, shown: Glyphs) -> StyleAndTextTuples:
    """A signature on one line, with the argument one is at in sight."""
    at = cropped(told.at, width, shown.more)
    before = told.before.replace(RICH.more, shown.more)
    if len(before) + len(at) > width:
        keep = max(width - len(at) - len(shown.more), 0)
        before = shown.more + before[len(before) - keep :] if keep else ""
    after = cropped(told.after, max(width - len(before) - len(at), 0), shown.more)
    return [("class:hint", before), ("class:hint.at", at), ("class:hint", after)]


def caret(wrong: "Fault", column: int, width: int, shown: Glyphs) -> StyleAndTextTuples:
    """The line under the fault: `^ 5000 is not between 1 and 1000`. `column` is that of the fault on the screen; where
    the message does not fit behind the caret it stands before it."""
    whole = f"{wrong.message}; {wrong.hint}" if wrong.hint else wrong.message
    behind = width - column - 3
    if len(whole) <= behind or behind >= min(len(wrong.message), width // 2):
        hint = f"; {wrong.hint}" if wrong.hint else ""
        message = cropped(wrong.message, behind, shown.more)
        rest = cropped(hint, max(behind - len(message), 0), shown.more)
        return [("", " " * column), ("class:fault", f"^ {message}"), ("class:fault.hint", rest)]
    message = cropped(whole, column - 1, shown.more)
    return [("class:fault", " " * (column - 1 - len(message)) + f"{message} ^")]
