"""What the shell's Tab offers for a word of the command line. Nothing of the user's is imported, and nothing raised."""

from pathlib import Path

from fasm_cli.project.project import Project

Named = list[tuple[str, str]]  # a word, and what some shells show beside it


def machines(incomplete: str) -> Named:
    """The machines under `machines/`."""
    return [(found.name, found.summary) for found in _here().list_machines() if found.name.startswith(incomplete)]


def sessions(incomplete: str) -> Named:
    """The sessions under `sessions/`; paths are the shell's own business."""
    return [(path.stem, "a session") for path in _here().session_files() if path.stem.startswith(incomplete)]


def machines_and_sessions(incomplete: str) -> Named:
    return machines(incomplete) + sessions(incomplete)


def laws(incomplete: str) -> Named:
    from fasm_cli.laws.pages import PAGES, read_page

    return [(law, read_page(law).rule) for law in PAGES if law.startswith(incomplete)]


def _here() -> Project:
    return Project.find(Path.cwd())
