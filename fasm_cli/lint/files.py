"""`fasm lint`: read machine files for what breaks a law, without importing them."""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from fasm_cli.errors import UsageError
from fasm_cli.lint import lint as findings
from fasm_cli.project.project import Project
from fasm_cli.reports.machines import Linted, LintLine

SKIPPED = frozenset({"__pycache__", "node_modules", "build", "dist", "venv", "site-packages"})


def lint(project: Project, paths: Iterable[str]) -> Linted:
    """What the files and folders say that breaks a law; the project's machines where there are none."""
    given = list(paths) or [str(project.machines)]
    files = list(dict.fromkeys(file for path in given for file in _files(project, Path(path))))
    lines = []
    for file in files:
        try:
            source = file.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror or error}") from None
        shown = project.display_path(file) if not paths else file.as_posix()
        lines += [LintLine(shown, each.line, each.column, each.law, each.message) for each in findings(source)]
    return Linted(lines, len(files))


def _files(project: Project, path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = sorted(_python(path))
        if not found:
            raise UsageError(f"no Python files in {path}")
        yield from found
    elif path.exists():
        yield path
    else:
        named = project.machines / f"{path}.py"
        if named.is_file():
            raise UsageError(f"no such path {str(path)!r}", f"lint takes paths: fasm lint {named}")
        beside = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
        near = get_close_matches(path.name, beside, n=1)
        raise UsageError(f"no such path {str(path)!r}", f"did you mean {str(path.parent / near[0])!r}?" if near else "")


def _python(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("."))
        yield from (Path(place, name) for name in files if name.endswith(".py"))
