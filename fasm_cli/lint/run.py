"""`fasm lint`: finds calls and set iterations that break a law in the source of machines; imports and runs nothing.

Lint reports only what is certain, and what a simulation cannot see because the code never ran. It reads the functions
that `stf`, `restore` and the invariants reach inside one file. Every law about behaviour (`atomic`, `completion`,
`hidden`, `restore`, `stored`, `ids`) is left to the simulator, which checks it exactly. A comment
`# fasm: allow[clock] reason`, on the line or the line above, suppresses a finding; it must have a reason, and one that
suppresses nothing is itself a finding.
"""

import ast
import io
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from fasm_cli.errors import UsageError, did_you_mean
from fasm_cli.laws.pages import PAGES
from fasm_cli.lint.rules import RawFinding, find_order_dependence, find_side_effects
from fasm_cli.lint.source import FunctionNames, Module, Reachable
from fasm_cli.project.project import Project
from fasm_cli.reports.machines import Linted, LintLine

ALLOW = re.compile(r"#\s*fasm:\s*allow\b(?:\[(?P<laws>[^\]]*)\])?(?P<reason>.*)")
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "build", "dist", "venv", "site-packages"})


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A law that a line breaks; line and column count from 1. `law` may also be `syntax` or `allow`."""

    line: int
    column: int
    law: str
    message: str


@dataclass(slots=True)
class Allow:
    """One comment. `target` is the line whose findings it suppresses, `used` the laws that it did suppress."""

    line: int
    column: int
    laws: list[str]
    reason: str
    target: int
    used: set[str] = field(default_factory=set)


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


# --- comments that suppress findings ---


def apply_allow_comments(text: str, found: Iterable[Finding], laws: Iterable[str]) -> list[Finding]:
    """The findings that no comment in `text` suppresses, and one for each thing wrong with the comments."""
    known = set(laws)
    comments = _allow_comments(text)
    remaining = []
    for finding in found:
        matching = [each for each in comments if finding.line == each.target and finding.law in each.laws]
        for each in matching:
            each.used.add(finding.law)
        if not matching:
            remaining.append(finding)
    for each in comments:
        remaining += [Finding(each.line, each.column, "allow", message) for message in _problems(each, known)]
    return remaining


def _problems(comment: Allow, known: set[str]) -> list[str]:
    if not comment.laws:
        return ["no law given; write # fasm: allow[law] reason"]
    problems = []
    for law in comment.laws:
        if law not in known:
            problems.append(f"no law {law!r}; {did_you_mean(law, known)}")
        elif law not in comment.used:
            problems.append(f"allow[{law}] suppresses nothing here; remove it")
    if not comment.reason and not problems:
        problems.append(f"allow[{', '.join(comment.laws)}] has no reason; state after it why this is safe")
    return problems


def _allow_comments(text: str) -> list[Allow]:
    found = []
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    code_lines = sorted({token.start[0] for token in tokens if token.type not in blank and token.string})
    for token in tokens:
        match = ALLOW.match(token.string) if token.type == tokenize.COMMENT else None
        if match is None:
            continue
        line, column = token.start
        own_line = not token.line[:column].strip()
        target = next((each for each in code_lines if each > line), line) if own_line else line
        laws = [law.strip() for law in (match["laws"] or "").split(",") if law.strip()]
        found.append(Allow(line, column + 1, laws, match["reason"].strip(" :-–—"), target))
    return found
