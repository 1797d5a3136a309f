"""Checks every import against the edges in the table of packages in `docs/architecture.md`."""

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "fasm_cli"
PAGE = ROOT / "docs" / "architecture.md"
ROW = re.compile(r"^\| `(\w+)` \| .+ \| ([\w ]*)\|$", re.MULTILINE)


def edges() -> dict[str, str]:
    """What each package may import, as the table of `docs/architecture.md` says; empty is the name of the top level."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {name if name != PACKAGE else "": imports.strip() for name, imports in rows}


EDGES = edges()
LIBRARIES = {
    "typer": "cli",
    "rich": "cli",
    "prompt_toolkit": "cli",
    "tomli_w": "sessions",
    "psycopg": "stores",
    "distributed": "simulation",
}
INPUT_OUTPUT = {
    "asyncio",
    "http",
    "logging",
    "multiprocessing",
    "shutil",
    "socket",
    "sqlite3",
    "subprocess",
    "tempfile",
}


def imports(module: str, source: str) -> Iterator[tuple[int, str]]:
    """The line and full name of everything that `source` imports, wherever the statement is."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "." * node.level + (node.module or "")
            elif node.module == PACKAGE:  # `from fasm_cli import engine` names a package or a public name
                yield from ((node.lineno, f"{PACKAGE}.{name.name}") for name in node.names)
            else:
                yield node.lineno, node.module or ""


def package_of(module: str) -> str:
    """`engine` for `fasm_cli.engine.process`; empty for the top level."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in EDGES else ""


def violation(module: str, target: str) -> str:
    """Why `module` may not import `target`; empty if it may."""
    if target.startswith("."):
        return "imports are absolute"
    own, top = package_of(module), target.partition(".")[0]
    if top == PACKAGE:
        other = package_of(target)
        if other in (own, "") and (other == own or target.endswith("__version__")):
            return ""
        return "" if other in EDGES[own].split() else f"{own or 'the top level'} may not import {other or PACKAGE}"
    if top in sys.stdlib_module_names:
        return "no I/O below the stores" if own in ("engine", "types", "contract") and top in INPUT_OUTPUT else ""
    if top not in LIBRARIES:
        return "not a dependency"
    return "" if own == LIBRARIES[top] else f"only {LIBRARIES[top]} imports {top}"


def violations(module: str, source: str) -> list[str]:
    return [
        f"{module}:{line} -> {target}: {why}"
        for line, target in imports(module, source)
        if (why := violation(module, target))
    ]


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def test_the_table_lists_every_package():
    packages = {path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py")}
    assert {*EDGES} == packages | {"errors", "locks", ""}


def test_every_path_in_the_page_exists():
    paths = re.findall(r"`([\w.]+/[\w./]*)`", PAGE.read_text(encoding="utf-8"))
    assert len(paths) > 40
    assert [path for path in paths if not (ROOT / PACKAGE / path).exists() and not (ROOT / path).exists()] == []


def test_the_table_is_in_the_order_of_imports():
    names = list(EDGES)
    upward = [
        (name, other)
        for name in names
        if name
        for other in EDGES[name].split()
        if other in names[: names.index(name) + 1]
    ]
    assert upward == []


def test_no_modules_import_each_other_in_a_cycle():
    """Not even under TYPE_CHECKING or within a function."""
    sources = dict(modules())
    graph = {}
    for module, path in sources.items():
        targets = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in sources:
                names = {f"{node.module}.{name.name}" for name in node.names}
                targets |= {name if name in sources else node.module for name in names}
        graph[module] = targets - {module}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_every_import_is_an_edge_in_the_table():
    found = [each for module, path in modules() for each in violations(module, path.read_text(encoding="utf-8"))]
    assert found == [], "\n" + "\n".join(found)


def test_every_edge_in_the_table_is_used():
    used: dict[str, set[str]] = {name: set() for name in EDGES}
    for module, path in modules():
        for _, target in imports(module, path.read_text(encoding="utf-8")):
            if target.startswith(f"{PACKAGE}.") and package_of(target) != package_of(module):
                used[package_of(module)].add(package_of(target))
    assert {name: sorted(to - {""}) for name, to in used.items()} == {
        name: sorted(to.split()) for name, to in EDGES.items()
    }


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("engine.process", "from fasm_cli.simulation.world import World", "engine may not import simulation"),
        ("engine.process", "from fasm_cli import cli", "engine may not import cli"),
        ("engine.process", "from fasm_cli import Actions", "engine may not import fasm_cli"),
        ("sessions.files", "def f():\n    from fasm_cli.simulation import world", "sessions may not import simulation"),
        ("engine.process", "from . import machine", "imports are absolute"),
        ("usecases.replay", "import rich.table", "only cli imports rich"),
        ("cli.main", "import click", "not a dependency"),
        ("engine.machine", "import os, subprocess", "no I/O below the stores"),
    ],
)
def test_a_forbidden_import_is_reported(module, source, found):
    assert [each.rpartition(": ")[2] for each in violations(f"{PACKAGE}.{module}", source)] == [found]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "cli.main",
            "import typer\nfrom fasm_cli.usecases import replay\nfrom fasm_cli import __version__\nimport sys",
        ),
        ("stores.postgres", "import psycopg\nimport asyncio"),
    ],
)
def test_an_allowed_import_is_not_reported(module, source):
    assert violations(f"{PACKAGE}.{module}", source) == []
