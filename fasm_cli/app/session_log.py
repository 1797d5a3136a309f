"""The steps of a session from its file alone: a machine that is gone, or has changed, keeps nobody from reading it."""

from fasm_cli.app.plain_told import event_told
from fasm_cli.app.reports import Log, LogLine
from fasm_cli.app.sessions import dropped
from fasm_cli.core.history import History
from fasm_cli.store.catalog import Project
from fasm_cli.store.session import read_session


def session_log(project: Project, name: str, last: int = 0) -> tuple[Log, str]:
    """Every step of every branch, or the `last` ones; and a line that says what was dropped of a torn end."""
    path = project.session_path(name)
    stored = read_session(path)
    history = History(stored.records)
    here = set(history.way(stored.head))
    first = max(1, len(history) - last + 1) if last else 1
    records = (history[n] for n in range(first, len(history) + 1))
    lines = [LogLine(each, event_told(each.event), each.n in here) for each in records]
    return Log(lines, stored.head), dropped(path, stored)
