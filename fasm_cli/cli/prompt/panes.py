"""Panes over the bar: the state as it is at a step (F2), and the timeline to pick a step from (F3)."""

from collections.abc import Mapping

from prompt_toolkit.formatted_text import StyleAndTextTuples

from fasm_cli.cli.prompt.colours import Glyphs, cropped
from fasm_cli.contract.database import Tables
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.records import Record
from fasm_cli.types.diff import ABSENT, diff_values
from fasm_cli.types.format import format_value

Line = StyleAndTextTuples


def rule(title: str, width: int, shown: Glyphs) -> Line:
    lead = shown.rule * 2
    return [
        ("class:pane.rule", f"{lead} "),
        ("class:pane.title", title),
        ("class:pane.rule", f" {shown.rule * max(width - len(title) - 4, 0)}"),
    ]


def state_pane(bench: DebugSession, step: int, width: int, height: int, shown: Glyphs) -> list[Line]:
    """The state after `step`, a field or a row of a table a line; of what this step changed, what changed in it."""
    timeline = bench.timeline
    now = timeline.snapshot(step)
    before = timeline.snapshot(timeline.journal[step].parent) if step else now
    rows = _rows(now.state)
    changed = _changed(before.state, now.state, rows, shown)
    rows.update({name: None for name in changed if name not in rows})  # a row that is gone
    left = min(max(map(len, rows), default=0), width // 2)
    room = height - 1 if len(rows) <= height - 1 else height - 2
    # where there is no room for everything, what changed goes first
    chosen = sorted(rows, key=lambda name: name not in changed)[: max(room, 0)]
    lines: list[Line] = [rule(f"state @{step}", width, shown)]
    for name, value in rows.items():
        if name in chosen:
            label = f" {cropped(name, left, shown.more).ljust(left)}  "
            text = cropped(changed[name] if name in changed else _text(value), width - left - 3, shown.more)
            lines.append([("class:pane.name", label), ("class:pane.changed" if name in changed else "", text)])
    if len(chosen) < len(rows):
        lines.append([("class:pane.quiet", f" {shown.more} {len(rows) - len(chosen)} more; `state` shows them all")])
    return lines


def _rows(state: object) -> dict[str, object]:
    """What stands on a line each, by its path: the fields of a state, and in place of a database the rows of its
    tables. A state that is no record is one value without a name."""
    from fasm_cli.debugger.expressions.grammar import (  # a prompt is drawn without what reads expressions
        field_names,
        field_of,
    )

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


def _text(value: object) -> str:
    """A value on a line; of a row, its columns."""
    from fasm_cli.debugger.expressions.grammar import Row

    if type(value) is not Row:
        return format_value(value)
    return "  ".join(f"{column} {format_value(cell)}" for column, cell in value.items())


def _changed(before: object, now: object, rows: Mapping[str, object], shown: Glyphs) -> dict[str, str]:
    """By field, what changed in it: `150 → 50`, or `.phase REQUESTED → CANCELLED` where it is something inside."""
    told: dict[str, list[str]] = {}
    for change in diff_values(before, now):
        name = next((name for name in rows if _within(change.path, name)), change.path)
        inside = change.path[len(name) :]
        values = ("nothing" if value is ABSENT else format_value(value) for value in (change.before, change.after))
        told.setdefault(name, []).append(f"{inside} {f' {shown.arrow} '.join(values)}".strip())
    return {name: "; ".join(parts) for name, parts in told.items()}


def _within(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}.", f"{name}[", f"{name}{{"))


class Picker:
    """The steps in the order they were taken, and the one that is chosen; open while a step is being picked."""

    def __init__(self, bench: DebugSession) -> None:
        self._bench = bench
        timeline = bench.timeline
        self._steps: list[int] = [0, *timeline.journal]  # numbers: a record is read when its line is drawn
        self._here = set(timeline.journal.ancestor_numbers(timeline.head))
        self.chosen = self._steps.index(timeline.head)

    @property
    def step(self) -> int:
        """The number of the chosen step; 0 is the initial state."""
        return self._steps[self.chosen]

    def move(self, by: int) -> None:
        self.chosen = min(max(self.chosen + by, 0), len(self._steps) - 1)

    def lines(self, width: int, height: int, shown: Glyphs) -> list[Line]:
        """The steps around the chosen one."""
        title = f"timeline {self.chosen}/{len(self._steps) - 1} {shown.dot} Enter goes there {shown.dot} Esc leaves"
        out: list[Line] = [rule(title, width, shown)]
        room = max(height - 1, 1)
        start = min(max(self.chosen - room // 2, 0), max(len(self._steps) - room, 0))
        return [*out, *(self._line(at, width, shown) for at in range(start, min(start + room, len(self._steps))))]

    def _line(self, at: int, width: int, shown: Glyphs) -> Line:
        from fasm_cli.reports.steps import event_text

        head = self._bench.timeline.head
        if not at:
            text = cropped(f"{'*' if head == 0 else ' '} 0  the initial state", width, shown.more)
            return self._marked(at, [("", text)], width)
        record = self._bench.timeline.journal[self._steps[at]]
        here = record.n in self._here
        mark = "*" if record.n == head else " " if here else shown.dot
        text = cropped(f"{mark} {record.n}  {event_text(self._bench.timeline, record)}", width - 30, shown.more)
        tail = _told(record)
        style = "" if here else "class:pane.quiet"
        bad = "class:pane.bad" if record.violated_law or record.outcome in ("rejected", "defect", "failed") else style
        return self._marked(at, [(style, text), (bad, f"  {cropped(tail, 28, shown.more)}")], width)

    def _marked(self, at: int, line: Line, width: int) -> Line:
        if at != self.chosen:
            return line
        text = "".join(part[1] for part in line)
        return [("class:pane.here", text.ljust(width))]


def _told(record: Record) -> str:
    told = (
        f"BROKEN {record.violated_law}"
        if record.violated_law
        else record.outcome
        if record.outcome != "committed"
        else ""
    )
    fork = f"from {record.parent}" if record.parent != record.n - 1 else ""
    return "  ".join(part for part in (told, fork) if part)
