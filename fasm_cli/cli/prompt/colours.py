"""Colours and characters of the prompt.

One set of colours for light and dark terminals alike: each can be read on both black and white, so nothing has to be
found out about a terminal that seldom tells. Without colours (NO_COLOR) bold, underline and reverse say what matters.
"""

from dataclasses import dataclass

INK = {  # every colour of text on the terminal's own ground
    "blue": "#3583cf",
    "green": "#3d8b3d",
    "orange": "#b8731f",
    "violet": "#9a6bc7",
    "red": "#d9483b",
    "grey": "#7f7f7f",
}

STYLE = {
    "prompt.name": f"bold {INK['blue']}",
    "prompt.place": "",
    "prompt.pending": INK["orange"],
    "prompt.down": f"bold {INK['red']}",
    "line.verb": f"bold {INK['violet']}",
    "line.input": f"bold {INK['blue']}",
    "line.type": INK["blue"],
    "line.field": INK["grey"],
    "line.string": INK["green"],
    "line.number": INK["orange"],
    "line.comment": f"italic {INK['grey']}",
    "line.fault": f"underline {INK['red']}",
    "fault": INK["red"],
    "fault.hint": INK["grey"],
    "auto-suggestion": INK["grey"],
    "hint": INK["grey"],
    "hint.at": "bold underline",
    "bar": INK["grey"],
    "bar.good": INK["green"],
    "bar.bad": f"bold {INK['red']}",
    "bar.pending": INK["orange"],
    "bar.key": "bold",
    "pane.title": f"bold {INK['blue']}",
    "pane.rule": INK["grey"],
    "pane.name": INK["grey"],
    "pane.changed": f"bold {INK['orange']}",
    "pane.quiet": INK["grey"],
    "pane.here": "reverse",
    "pane.bad": INK["red"],
    "completion-menu": "bg:#3a3a3a #e4e4e4",
    "completion-menu.completion": "bg:#3a3a3a #e4e4e4",
    "completion-menu.completion.current": "noreverse bold bg:#2f6fb0 #ffffff",
    "completion-menu.meta.completion": "bg:#303030 #b8b8b8",
    "completion-menu.meta.completion.current": "noreverse bg:#28598c #ffffff",
    "scrollbar.background": "bg:#4e4e4e",
    "scrollbar.button": "bg:#8a8a8a",
}
PLAIN = {  # where there are no colours, the selected completion must still stand out
    "completion-menu.completion.current": "reverse",
    "completion-menu.meta.completion.current": "reverse",
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Characters that a terminal without UTF-8 lacks, and what stands for them there."""

    pending: str
    dot: str
    rule: str
    more: str
    arrow: str


RICH = Glyphs("⧗", "·", "─", "…", "→")
ASCII = Glyphs("pending ", "|", "-", "...", "->")


def glyphs(encoding: str) -> Glyphs:
    return RICH if encoding.lower().replace("-", "").startswith("utf8") else ASCII


def cropped(text: str, width: int, more: str) -> str:
    """`text` in at most `width` characters of one line; `more` also stands where it was shortened before."""
    line = " ".join(text.split("\n")).replace(RICH.more, more)
    return line if len(line) <= width else f"{line[: max(width - len(more), 0)]}{more}"
