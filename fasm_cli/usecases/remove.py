"""Removing sessions, and saying what is gone."""

from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import Removed
from fasm_cli.sessions import remove_sessions


def remove(project: Project, names: list[str]) -> Removed:
    """All of them, or, where one is no session or in use (`SessionError`), none."""
    gone = remove_sessions([project.session_path(name) for name in names])
    return Removed(
        {project.display_path(path): [project.display_path(each) for each in left] for path, left in gone.items()}
    )
