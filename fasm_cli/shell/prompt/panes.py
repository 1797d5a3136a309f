"""Panes over the bar: the state as it is at a step (F2), and the timeline to pick a step from (F3)."""

from prompt_toolkit.formatted_text import StyleAndTextTuples

from fasm_cli.app.told import event_text
from fasm_cli.app.workbench import Workbench
from fasm_cli.core.codec.render import render
from fasm_cli.core.diff import changes
from fasm_cli.core.expression.parts import field_names
from fasm_cli.core.record import Record
from fasm_cli.shell.prompt.colours import Glyphs, cropped

Line = StyleAndTextTuples


def rule(title: str, width: int, shown: Glyphs) -> Line:
    lead = shown.rule * 2
    return [
        ("class:pane.rule", f"{lead} "),
        ("class:pane.title", title),
        ("class:pane.rule", f" {shown.rule * max(width - len(title) - 4, 0)}"),
    ]


def state_pane(bench: Workbench, step: int, width: int, height: int, shown: Glyphs) -> list[Line]:
    """The state after `step`, a field a line, what that step changed standing out with its value before."""
    timeline = bench.timeline
    now = timeline.moment(step)
    before = timeline.moment(timeline.records[step].parent) if step else now
    changed = {change.path for change in changes(before.state, now.state)}
    rows = list(_rows(now.state))
    left = max((len(name) for name, _ in rows), default=0)
    left = min(left, width // 2)
    lines: list[Line] = [rule(f"state @{step}", width, shown)]
    room = height - 1 if len(rows) <= height - 1 else height - 2
    # where there is no room for everything, what changed goes first
    first = sorted(range(len(rows)), key=lambda at: (not _touched(rows[at][0], changed), at))[: max(room, 0)]
    old = dict(_rows(before.state))
    for at in sorted(first):
        name, value = rows[at]
        touched = _touched(name, changed)
        text = f"{old[name]} {shown.arrow} {value}" if touched and name in old else value
        lines.append(
            [
                ("class:pane.name", f" {cropped(name, left, shown.more).ljust(left)}  "),
                ("class:pane.changed" if touched else "", cropped(text, width - left - 3, shown.more)),
            ]
        )
    if len(first) < len(rows):
        lines.append([("class:pane.quiet", f" {shown.more} {len(rows) - len(first)} more; `state` shows them all")])
    return lines


def _rows(state: object) -> list[tuple[str, str]]:
    names = field_names(state)
    return [(name, render(getattr(state, name))) for name in names] or [("", render(state))]


def _touched(name: str, changed: set[str]) -> bool:
    return any(path == name or path.startswith((f"{name}.", f"{name}[", f"{name}{{")) for path in changed)


class Picker:
    """The steps in the order they were taken, and the one that is chosen; open while a step is being picked."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        timeline = bench.timeline
        self._records = list(timeline.records.values())
        self._here = {record.n for record in timeline.path()}
        self.chosen = next((at for at, each in enumerate(self._records, 1) if each.n == timeline.head), 0)

    @property
    def step(self) -> int:
        """The number of the chosen step; 0 is the initial state."""
        return self._records[self.chosen - 1].n if self.chosen else 0

    def move(self, by: int) -> None:
        self.chosen = min(max(self.chosen + by, 0), len(self._records))

    def lines(self, width: int, height: int, shown: Glyphs) -> list[Line]:
        """The steps around the chosen one."""
        title = f"timeline {self.chosen}/{len(self._records)} {shown.dot} Enter goes there {shown.dot} Esc leaves"
        out: list[Line] = [rule(title, width, shown)]
        room = max(height - 1, 1)
        start = min(max(self.chosen - room // 2, 0), max(len(self._records) + 1 - room, 0))
        for at in range(start, min(start + room, len(self._records) + 1)):
            out.append(self._line(at, width, shown))
        return out

    def _line(self, at: int, width: int, shown: Glyphs) -> Line:
        head = self._bench.timeline.head
        if not at:
            return self._marked(
                at, [("", cropped(f"{'*' if head == 0 else ' '} 0  the initial state", width, "~"))], width
            )
        record = self._records[at - 1]
        here = record.n in self._here
        mark = "*" if record.n == head else " " if here else shown.dot
        text = cropped(f"{mark} {record.n}  {event_text(self._bench.timeline, record)}", width - 30, shown.more)
        tail = _told(record)
        style = "" if here else "class:pane.quiet"
        bad = "class:pane.bad" if record.broken or record.outcome in ("rejected", "defect", "failed") else style
        return self._marked(at, [(style, text), (bad, f"  {cropped(tail, 28, shown.more)}")], width)

    def _marked(self, at: int, line: Line, width: int) -> Line:
        if at != self.chosen:
            return line
        text = "".join(part[1] for part in line)
        return [("class:pane.here", text.ljust(width))]


def _told(record: Record) -> str:
    told = f"BROKEN {record.broken}" if record.broken else record.outcome if record.outcome != "committed" else ""
    fork = f"from {record.parent}" if record.parent != record.n - 1 else ""
    return "  ".join(part for part in (told, fork) if part)
