"""Draw what surrounds the line: the status bar, the signature, an error's caret, and the panes of F2 and F3."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth

from fasm_cli.cli.app import deferred_imports
from fasm_cli.cli.prompt.analysis import LineAnalysis
from fasm_cli.cli.prompt.style import UNICODE, Glyphs, crop, status_items
from fasm_cli.contract.database import Tables
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.records import Record
from fasm_cli.types.diff import ABSENT, diff_values
from fasm_cli.types.format import format_value

if TYPE_CHECKING:
    from fasm_cli.cli.prompt.line_parser import LineError, Signature

with deferred_imports():
    from fasm_cli.reports import steps

Line = StyleAndTextTuples

KEYS = (("F1", "help"), ("F2", "state"), ("F3", "timeline"))  # F4 names the editing mode it switches to


def draw_status_bar(analysis: LineAnalysis, width: int, glyphs: Glyphs, *, vi: bool) -> Line:
    """Return `main@3 · invariants 2/2 · 1 pending · shop.toml saved      F1 help  F2 state`, with the keys that fit."""
    left: Line = []
    for item in status_items(analysis.session, analysis.invariants()):
        left += [("class:bar", f" {glyphs.dot} "), item] if left else [item]
    return left + _draw_keys(width - sum(get_cwidth(part[1]) for part in left), vi=vi)


def _draw_keys(width: int, *, vi: bool) -> Line:
    """Return as many of the keys as fit into `width` columns, aligned to the right."""
    keys = [*KEYS, ("F4", "emacs" if vi else "vi")]
    texts = [f"  {key} {what}" for key, what in keys]
    while texts and sum(map(len, texts)) >= width:
        texts.pop()
    parts: Line = [("", " " * max(width - sum(map(len, texts)), 0))]
    for (key, what), _ in zip(keys, texts, strict=False):
        parts += [("class:bar.key", f"  {key}"), ("class:bar", f" {what}")]
    return parts


def draw_signature(signature: "Signature", width: int, glyphs: Glyphs) -> Line:
    """Return a signature on one line; its current parameter is always visible."""
    current = crop(signature.current, width, glyphs.more)
    before = signature.before.replace(UNICODE.more, glyphs.more)
    if len(before) + len(current) > width:
        keep = max(width - len(current) - len(glyphs.more), 0)
        before = glyphs.more + before[len(before) - keep :] if keep else ""
    after = crop(signature.after, max(width - len(before) - len(current), 0), glyphs.more)
    return [("class:signature", before), ("class:signature.current", current), ("class:signature", after)]


def draw_error(error: "LineError", column: int, width: int, glyphs: Glyphs) -> Line:
    """Return the line under an error: `^ 5000 is not between 1 and 1000`.

    `column` is the column of the error on the screen. If the message does not fit after the caret it is placed before.
    """
    whole = f"{error.message}; {error.hint}" if error.hint else error.message
    behind = width - column - 3
    if len(whole) <= behind or behind >= min(len(error.message), width // 2):
        hint = f"; {error.hint}" if error.hint else ""
        message = crop(error.message, behind, glyphs.more)
        rest = crop(hint, max(behind - len(message), 0), glyphs.more)
        return [("", " " * column), ("class:error", f"^ {message}"), ("class:error.hint", rest)]
    message = crop(whole, column - 1, glyphs.more)
    return [("class:error", " " * (column - 1 - len(message)) + f"{message} ^")]


# --- panes --------------------------------------------------------------------------------------------------------


def _draw_title(title: str, width: int, glyphs: Glyphs) -> Line:
    lead = glyphs.rule * 2
    return [
        ("class:pane.rule", f"{lead} "),
        ("class:pane.title", title),
        ("class:pane.rule", f" {glyphs.rule * max(width - len(title) - 4, 0)}"),
    ]


def draw_state(session: DebugSession, step: int, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return the state after `step`, one line per field or row; changed ones show what the step changed."""
    timeline = session.timeline
    now = timeline.snapshot(step)
    before = timeline.snapshot(timeline.journal[step].parent) if step else now
    rows = _rows(now.state)
    changed = _format_changes(before.state, now.state, rows, glyphs)
    rows.update({name: None for name in changed if name not in rows})  # a row that was deleted
    left = min(max(map(len, rows), default=0), width // 2)
    room = height - 1 if len(rows) <= height - 1 else height - 2
    # if the pane is too small, changed rows come first
    visible = sorted(rows, key=lambda name: name not in changed)[: max(room, 0)]
    lines: list[Line] = [_draw_title(f"state @{step}", width, glyphs)]
    for name, value in rows.items():
        if name in visible:
            label = f" {crop(name, left, glyphs.more).ljust(left)}  "
            text = crop(changed[name] if name in changed else _format_row(value), width - left - 3, glyphs.more)
            lines.append([("class:pane.name", label), ("class:pane.changed" if name in changed else "", text)])
    if len(visible) < len(rows):
        lines.append([("class:pane.quiet", f" {glyphs.more} {len(rows) - len(visible)} more; `state` shows all")])
    return lines


def _rows(state: object) -> dict[str, object]:
    """Return the value of each line by its path: the fields of a state, and the rows of the tables of a database.
    A state that is not a record is one value without a name."""
    from fasm_cli.debugger.expressions.evaluate import field_names, field_of  # not needed to draw the prompt

    out: dict[str, object] = {}
    for name in field_names(state):
        value = getattr(state, name)
        if not isinstance(value, Tables):
            out[name] = value
            continue
        for table in value.by_name:
            rows = field_of(value, table)
            out.update({f"{name}.{table}[{format_value(key)}]": row for key, row in rows.items()})
            if not rows:
                out[f"{name}.{table}"] = {}
    return out or {"": state}


def _format_row(value: object) -> str:
    """Format a value, or the columns of a row, on one line."""
    from fasm_cli.debugger.expressions.evaluate import Row

    if type(value) is not Row:
        return format_value(value)
    return "  ".join(f"{column} {format_value(cell)}" for column, cell in value.items())


def _format_changes(before: object, now: object, rows: Mapping[str, object], glyphs: Glyphs) -> dict[str, str]:
    """Return what changed in each field: `150 → 50`, or `.phase REQUESTED → CANCELLED` for a part of it."""
    changes: dict[str, list[str]] = {}
    for change in diff_values(before, now):
        name = next((name for name in rows if _is_within(change.path, name)), change.path)
        inside = change.path[len(name) :]
        values = ("nothing" if value is ABSENT else format_value(value) for value in (change.before, change.after))
        changes.setdefault(name, []).append(f"{inside} {f' {glyphs.arrow} '.join(values)}".strip())
    return {name: "; ".join(parts) for name, parts in changes.items()}


def _is_within(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}[", f"{name}{{"))


class Picker:
    """The timeline pane: the steps in the order of execution, and the selected one."""

    def __init__(self, session: DebugSession) -> None:
        self._session = session
        timeline = session.timeline
        self._steps: list[int] = [0, *timeline.journal]  # records are read only when their lines are drawn
        self._ancestors = set(timeline.journal.ancestor_numbers(timeline.head))
        self.selected = self._steps.index(timeline.head)

    @property
    def step(self) -> int:
        """The number of the selected step; 0 is the initial state."""
        return self._steps[self.selected]

    def move(self, by: int) -> None:
        """Move the selection by `by` lines."""
        self.selected = min(max(self.selected + by, 0), len(self._steps) - 1)

    def draw(self, width: int, height: int, glyphs: Glyphs) -> list[Line]:
        """Return the lines of the steps around the selected one."""
        title = f"timeline {self.selected}/{len(self._steps) - 1} {glyphs.dot} Enter goes to it {glyphs.dot} Esc closes"
        out: list[Line] = [_draw_title(title, width, glyphs)]
        room = max(height - 1, 1)
        start = min(max(self.selected - room // 2, 0), max(len(self._steps) - room, 0))
        return [*out, *(self._draw_step(at, width, glyphs) for at in range(start, min(start + room, len(self._steps))))]

    def _draw_step(self, at: int, width: int, glyphs: Glyphs) -> Line:
        head = self._session.timeline.head
        if not at:
            text = crop(f"{'*' if head == 0 else ' '} 0  the initial state", width, glyphs.more)
            return self._highlight(at, [("", text)], width)
        record = self._session.timeline.journal[self._steps[at]]
        on_path = record.n in self._ancestors
        mark = "*" if record.n == head else " " if on_path else glyphs.dot
        text = crop(f"{mark} {record.n}  {steps.event_text(self._session.timeline, record)}", width - 30, glyphs.more)
        tail = _format_outcome(record)
        style = "" if on_path else "class:pane.quiet"
        bad = "class:pane.bad" if record.violated_law or record.outcome in ("rejected", "aborted", "defect") else style
        return self._highlight(at, [(style, text), (bad, f"  {crop(tail, 28, glyphs.more)}")], width)

    def _highlight(self, at: int, line: Line, width: int) -> Line:
        if at != self.selected:
            return line
        text = "".join(part[1] for part in line)
        return [("class:pane.selected", text.ljust(width))]


def _format_outcome(record: Record) -> str:
    outcome = "" if record.outcome == "committed" else record.outcome
    if record.violated_law:
        outcome = f"BROKEN {record.violated_law}"
    fork = f"from {record.parent}" if record.parent != record.n - 1 else ""
    return "  ".join(part for part in (outcome, fork) if part)
