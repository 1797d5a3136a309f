"""The steps of a session, one after the other: from its file alone, or of the one that is open.

A machine that is gone, or has changed, keeps nobody from reading a file.
"""

from collections.abc import Callable, Iterable

from fasm_cli.engine.records import Record
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import Log, LogLine
from fasm_cli.reports.steps import format_event_record
from fasm_cli.sessions import read_session
from fasm_cli.sessions.pins import Marks
from fasm_cli.sessions.step_log import History
from fasm_cli.usecases.sessions import dropped


def session_log(project: Project, name: str, last: int = 0) -> tuple[Log, str]:
    """Every step of every branch, or the `last` ones; and a line that says what was dropped of a torn end."""
    path = project.session_path(name)
    stored = read_session(path)
    history = History(stored.records)
    first = max(1, len(history) - last + 1) if last else 1
    steps = range(first, len(history) + 1)
    told = log_of(history, stored.head, Marks.of(stored.marks), steps, lambda each: format_event_record(each.event))
    return told, dropped(path, stored)


def log_of(history: History, head: int, marks: Marks, steps: Iterable[int], event_text: Callable[[Record], str]) -> Log:
    """Lines for `steps`; `here` marks those that lead to the head."""
    here = set(history.ancestor_numbers(head))
    labels = marks.labels_by_step()
    records = (history[n] for n in steps)
    lines = [LogLine(each, event_text(each), each.n in here, labels.get(each.n, [])) for each in records]
    return Log(lines, head)
