"""Traces that were saved before: replayed first, so that what was found once is told again until it is mended."""

from pathlib import Path

from fasm_cli.engine.engine import Engine
from fasm_cli.errors import FasmError
from fasm_cli.project.project import Project
from fasm_cli.reports.steps import Finding
from fasm_cli.sessions import read_session
from fasm_cli.usecases.replay import still_breaks


def known_findings(project: Project, engine: Engine, folder: Path) -> tuple[list[Finding], list[str]]:
    """The traces of a machine in `folder` that still break it as recorded, and the files of those that do not."""
    findings, mended = [], []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            stored = read_session(path)
            if stored.header.finding is None or stored.header.machine.name != project.reference(engine.machine):
                continue
            finding = still_breaks(project, engine, path, stored)
        except FasmError:
            continue  # `fasm session list` says what is wrong with it
        if finding is None:
            mended.append(project.display_path(path))
        else:
            findings.append(finding)
    return findings, mended
