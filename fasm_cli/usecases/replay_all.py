"""Replaying every trace of a folder: one line each, and a file that cannot be read does not keep the others waiting."""

from pathlib import Path

from fasm_cli.errors import FasmError, UsageError
from fasm_cli.project.project import Project
from fasm_cli.reports.machines import TraceLine, Traces
from fasm_cli.usecases.replay import replay


def replay_all(project: Project, folder: Path, by_hand: str = "") -> Traces:
    """Every `*.toml` in `folder`, by name. Raises `UsageError` where there is none."""
    paths = sorted(path for path in folder.glob("*.toml") if path.is_file())
    if not paths:
        raise UsageError(f"no traces in {folder}")
    return Traces([_line(project, path, by_hand) for path in paths])


def _line(project: Project, path: Path, by_hand: str) -> TraceLine:
    try:
        told = replay(project, path, by_hand)
    except FasmError as error:
        return TraceLine(project.display_path(path), 0, None, None, "", error.message)
    return TraceLine(told.path, len(told.steps), told.recorded, told.finding, told.difference)
