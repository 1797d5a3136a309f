"""Colours, characters and status texts of the prompt; prompt_toolkit is not imported here.

One set of colours serves light and dark terminals: each is readable on black and on white, because few terminals report
their background. Without colours (NO_COLOR), bold, underline and reverse mark what matters.
"""

from dataclasses import dataclass

from fasm_cli.debugger.session import DebugSession

Parts = list[tuple[str, str]]  # styles and texts

INK = {  # the text colours on the terminal's own background
    "blue": "#3583cf",
    "green": "#3d8b3d",
    "orange": "#b8731f",
    "violet": "#9a6bc7",
    "red": "#d9483b",
    "grey": "#7f7f7f",
}

STYLE = {
    "prompt.name": f"bold {INK['blue']}",
    "prompt.step": "",
    "prompt.pending": INK["orange"],
    "prompt.crashed": f"bold {INK['red']}",
    "line.verb": f"bold {INK['violet']}",
    "line.input": f"bold {INK['blue']}",
    "line.type": INK["blue"],
    "line.field": INK["grey"],
    "line.string": INK["green"],
    "line.number": INK["orange"],
    "line.comment": f"italic {INK['grey']}",
    "line.error": f"underline {INK['red']}",
    "error": INK["red"],
    "error.hint": INK["grey"],
    "auto-suggestion": INK["grey"],
    "signature": INK["grey"],
    "signature.current": "bold underline",
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
    "pane.selected": "reverse",
    "pane.bad": INK["red"],
    "completion-menu": "bg:#3a3a3a #e4e4e4",
    "completion-menu.completion": "bg:#3a3a3a #e4e4e4",
    "completion-menu.completion.current": "noreverse bold bg:#2f6fb0 #ffffff",
    "completion-menu.meta.completion": "bg:#303030 #b8b8b8",
    "completion-menu.meta.completion.current": "noreverse bg:#28598c #ffffff",
    "scrollbar.background": "bg:#4e4e4e",
    "scrollbar.button": "bg:#8a8a8a",
}
NO_COLOUR_STYLE = {  # without colours the selected completion must still be visible
    "completion-menu.completion.current": "reverse",
    "completion-menu.meta.completion.current": "reverse",
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of the prompt: UTF-8, or their ASCII replacements."""

    pending: str
    dot: str
    rule: str
    more: str
    arrow: str


UNICODE = Glyphs("⧗", "·", "─", "…", "→")
ASCII = Glyphs("pending ", "|", "-", "...", "->")


def glyphs_for(encoding: str) -> Glyphs:
    """Return the characters that a terminal with this encoding can show."""
    return UNICODE if encoding.lower().replace("-", "").startswith("utf8") else ASCII


def crop(text: str, width: int, more: str) -> str:
    """Shorten `text` to one line of at most `width` characters; `more` marks what was cut, here or before."""
    line = " ".join(text.split("\n")).replace(UNICODE.more, more)
    return line if len(line) <= width else f"{line[: max(width - len(more), 0)]}{more}"


def prompt_parts(session: DebugSession, glyphs: Glyphs) -> Parts:
    """Return the prompt, `coffee_shop @3 ⧗1> `: the step and the number of pending actions.

    `@2/3` is step 2 of a branch that ends with step 3.
    """
    timeline = session.timeline
    now, tip = timeline.now, timeline.journal.branches.tips[timeline.journal.branches.branch_of(timeline.head)]
    ahead = f"/{tip}" if tip != timeline.head else ""
    branch = session.branch_name() if len(timeline.journal.branches.tips) > 1 else ""
    parts = [
        ("class:prompt.name", session.machine.reference.rpartition("/")[2]),
        ("class:prompt.step", f" {branch}@{timeline.head}{ahead}"),
    ]
    if now.pending:
        parts.append(("class:prompt.pending", f" {glyphs.pending}{len(now.pending)}"))
    if not now.running:
        parts.append(("class:prompt.crashed", " crashed"))
    return [*parts, ("class:prompt.step", "> ")]


def status_items(session: DebugSession, invariants: tuple[int, int]) -> Parts:
    """Return the items of the status bar: `main@3`, `invariants 2/2`, `1 pending`, `seed 7`, `shop.toml saved`."""
    held, total = invariants
    pending = len(session.timeline.now.pending)
    items = [("class:bar", f"{session.branch_name()}@{session.timeline.head}")]
    if total:
        items.append(("class:bar.good" if held == total else "class:bar.bad", f"invariants {held}/{total}"))
    items.append(("class:bar.pending" if pending else "class:bar", f"{pending} pending"))
    origin = session.file.stored.header.origin if session.file is not None else {}
    if "seed" in origin:
        items.append(("class:bar", f"seed {origin['seed']}"))
    items.append(("class:bar", "not saved" if session.file is None else f"{session.file.path.name} saved"))
    return items
