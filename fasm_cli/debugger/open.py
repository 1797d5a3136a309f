"""Open what a REPL works on: a machine in its initial state, or a session file.

Code that reads files is imported when a file is opened: a prompt on a machine in memory is drawn without it.
"""

from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.project.load import load
from fasm_cli.project.project import Project


def open_target(project: Project, target: str, keep: str = "", by_hand: str = "") -> tuple[DebugSession, str]:
    """Open a session, or a machine in its initial state; the text says what was dropped of a damaged file (usually "").

    `keep` names the session in which a machine's steps are stored; it is created if it does not exist. `by_hand` is the
    machine of a session that must not name its own. Raises `UsageError` if `target` is neither machine nor session.
    """
    if project.is_session(target):
        if keep:
            raise UsageError(f"{target} is already a session", "--session is for a machine")
        return open_session(project, target, by_hand)
    if by_hand and not keep:
        raise UsageError(f"{target} is not a session", "--machine is for a session that may not name its machine")
    if keep and project.session_path(keep).exists():
        return open_session(project, keep, by_hand or target)
    if keep:
        from fasm_cli.usecases.sessions import create

        create(project, target, keep)
        return open_session(project, keep, target)
    if not any(mark in target for mark in "./:") and not project.has_machine(target):
        known = [found.name for found in project.list_machines()] + [path.stem for path in project.session_files()]
        raise UsageError(f"no machine and no session {target!r}", did_you_mean(target, known))
    return DebugSession.fresh(load(project, target), project), ""


def open_session(project: Project, name: str, target: str = "") -> tuple[DebugSession, str]:
    """Open a session for writing; the text says what was dropped of a damaged file (usually "")."""
    from fasm_cli.usecases.sessions import dropped, open_file

    timeline, file = open_file(project, name, target)
    return DebugSession(timeline, file, project), dropped(project.session_path(name), file.stored)


def view_session(project: Project, name: str, target: str = "") -> tuple[DebugSession, str]:
    """Open a session for reading: nothing is locked and nothing is written."""
    from fasm_cli.usecases.sessions import read_timeline

    timeline, lost = read_timeline(project, name, target)
    return DebugSession(timeline, None, project), lost
