"""`fasm lint`: checks files and folders, without importing them."""

import ast
import io
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from fasm_cli.errors import UsageError
from fasm_cli.laws.pages import PAGES
from fasm_cli.lint.allow import Finding, apply_allow_comments
from fasm_cli.lint.names import FunctionNames
from fasm_cli.lint.rule_order import find_order_dependence
from fasm_cli.lint.rule_side_effects import RawFinding, find_side_effects
from fasm_cli.lint.source import Module, Reachable
from fasm_cli.project.project import Project
from fasm_cli.reports.machines import Linted, LintLine

SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "build", "dist", "venv", "site-packages"})


def lint(project: Project, paths: Iterable[str]) -> Linted:
    """Check the files and folders in `paths`; without any, the project's machines. Raises `UsageError`."""
    requested = list(paths)
    roots = requested or [str(project.machines)]
    files = list(dict.fromkeys(file for path in roots for file in _python_files(project, Path(path))))
    lines = []
    for file in files:
        try:
            source = file.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror or error}") from None
        label = file.as_posix() if requested else project.display_path(file)
        lines += [LintLine(label, each.line, each.column, each.law, each.message) for each in lint_source(source)]
    return Linted(lines, len(files))


def lint_source(source: bytes) -> list[Finding]:
    """The findings in the source of one file, by line. Source that is not Python is one finding, `syntax`."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding).removeprefix("\ufeff")
        tree = ast.parse(text)
    except SyntaxError as error:
        return [Finding(error.lineno or 1, max(error.offset or 1, 1), "syntax", f"not Python: {error.msg}")]
    except (ValueError, LookupError) as error:
        return [Finding(1, 1, "syntax", f"not Python: {error}")]
    except (RecursionError, MemoryError):
        return [Finding(1, 1, "syntax", "not Python that can be parsed: nested too deeply")]
    lines = re.split(r"\r\n|\r|\n", text)  # as Python counts them
    found = {_located(node, law, message, lines) for node, law, message in _raw_findings(Module(tree))}
    first = {(each.line, each.law, each.message): each for each in sorted(found, reverse=True)}  # one of each per line
    return sorted(apply_allow_comments(text, first.values(), PAGES))


def _raw_findings(module: Module) -> Iterator[RawFinding]:
    for machine in module.machines:
        reachable = Reachable(module, machine)
        for reached in reachable.functions:
            names = FunctionNames(reachable, reached)
            yield from find_side_effects(names)
            yield from find_order_dependence(names)


def _located(node: ast.AST, law: str, message: str, lines: list[str]) -> Finding:
    """The finding with its column in characters; `ast` counts bytes."""
    line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    before = lines[line - 1].encode()[:offset].decode(errors="replace") if line <= len(lines) else ""
    return Finding(line, len(before) + 1, law, message)


def _python_files(project: Project, path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = sorted(_walk(path))
        if not found:
            raise UsageError(f"no Python files in {path}")
        yield from found
    elif path.exists():
        yield path
    else:
        machine = project.machines / f"{path}.py"
        if machine.is_file():
            raise UsageError(f"no such path {str(path)!r}", f"lint takes paths: fasm lint {machine}")
        siblings = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
        near = get_close_matches(path.name, siblings, n=1)
        raise UsageError(f"no such path {str(path)!r}", f"did you mean {str(path.parent / near[0])!r}?" if near else "")


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith("."))
        yield from (Path(parent, name) for name in files if name.endswith(".py"))
