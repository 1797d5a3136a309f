"""Completion of command lines in the shell. It imports no machine, and it raises nothing."""

from pathlib import Path

from fasm_cli.cli.lazy import deferred_imports
from fasm_cli.project.project import Project

with deferred_imports():
    from fasm_cli.laws import pages

Named = list[tuple[str, str]]  # a word, and the help that some shells show beside it


def machines(incomplete: str) -> Named:
    """The machines under `machines/`."""
    return [(found.name, found.summary) for found in _here().list_machines() if found.name.startswith(incomplete)]


def sessions(incomplete: str) -> Named:
    """The sessions under `sessions/`; the shell completes paths itself."""
    return [(path.stem, "a session") for path in _here().session_files() if path.stem.startswith(incomplete)]


def machines_and_sessions(incomplete: str) -> Named:
    return machines(incomplete) + sessions(incomplete)


def laws(incomplete: str) -> Named:
    return [(law, pages.explain(law).rule) for law in pages.PAGES if law.startswith(incomplete)]


def _here() -> Project:
    return Project.find(Path.cwd())
