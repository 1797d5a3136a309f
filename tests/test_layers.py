"""Who may import whom: `shell → app → sim, store, state → core`, always to the right; and each library in its place."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "fasm_cli"
MAY_IMPORT = {
    "shell": {"shell", "app", "sim", "run", "store", "core", ""},
    "app": {"app", "sim", "run", "store", "state", "core", ""},
    "run": {"run", "store", "state", "core", ""},
    "sim": {"sim", "core", ""},
    "store": {"store", "core", ""},
    "state": {"state", "core"},
    "core": {"core"},
    "": {"core", "run"},
    "__main__": {"shell", ""},
}
LIBRARIES = {
    "typer": ("shell",),
    "rich": ("shell",),
    "prompt_toolkit": ("shell",),
    "tomli_w": ("store",),
    "psycopg": ("state",),
    "dask": ("sim",),
    "distributed": ("sim",),
}
OUTSIDE = {
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


def wrong_arrows(module: str, source: str) -> list[str]:
    """The imports of `module` (`fasm_cli.sim.world`) that should not be, each as an arrow with its line."""
    found = []
    for line, target in imported(ast.parse(source)):
        why = wrong(module, target)
        if why:
            found.append(f"{module}:{line} -> {target}: {why}")
    return found


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the full name of everything that is imported, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "." * node.level + (node.module or "")
            elif node.module == PACKAGE:  # `from fasm_cli import core` names a layer, or what the top level offers
                yield from ((node.lineno, f"{PACKAGE}.{name.name}") for name in node.names)
            else:
                yield node.lineno, node.module or ""


def wrong(module: str, target: str) -> str:
    if target.startswith("."):
        return "imports are absolute"
    own = layer(module)
    top = target.partition(".")[0]
    if top == PACKAGE:
        return (
            ""
            if layer(target) in MAY_IMPORT[own]
            else f"{own or 'the top level'} may not know {layer(target) or PACKAGE}"
        )
    if top in sys.stdlib_module_names:
        return "core does no I/O" if own == "core" and top in OUTSIDE else ""
    places = LIBRARIES.get(top)
    if places is None:
        return "this library is used nowhere"
    inside = any(module.startswith(f"{PACKAGE}.{place}") for place in places)
    return "" if inside else f"{top} lives in {places[0]} alone"


def layer(module: str) -> str:
    """`sim` for `fasm_cli.sim.world`; empty for what the top level offers."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in MAY_IMPORT else ""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), path


def test_every_import_points_right():
    found = [arrow for module, path in modules() for arrow in wrong_arrows(module, path.read_text(encoding="utf-8"))]
    assert found == [], "\n" + "\n".join(found)


def test_every_module_is_in_a_layer():
    layers = {module.split(".")[1] for module, _ in modules() if module != PACKAGE}
    assert layers == set(MAY_IMPORT) - {""}


@pytest.mark.parametrize(
    ("module", "source", "arrow"),
    [
        ("core.step", "from fasm_cli.sim.world import World", ":1 -> fasm_cli.sim.world: core may not know sim"),
        ("core.step", "import fasm_cli.store.lock", ":1 -> fasm_cli.store.lock: core may not know store"),
        ("core.step", "from fasm_cli import shell", ":1 -> fasm_cli.shell: core may not know shell"),
        ("core.step", "from fasm_cli import Actions", ":1 -> fasm_cli.Actions: core may not know fasm_cli"),
        ("sim.world", "from fasm_cli.store import lock", ":1 -> fasm_cli.store: sim may not know store"),
        ("store.lock", "def f():\n    from fasm_cli.sim import world", ":2 -> fasm_cli.sim: store may not know sim"),
        ("app.replay", "from fasm_cli.shell.render import line", ":1 -> fasm_cli.shell.render: app may not know shell"),
        ("sim.world", "from fasm_cli.app import machines", ":1 -> fasm_cli.app: sim may not know app"),
        ("", "from fasm_cli.sim import world", ":1 -> fasm_cli.sim: the top level may not know sim"),
        ("__main__", "from fasm_cli.app import replay", ":1 -> fasm_cli.app: __main__ may not know app"),
        ("core.step", "from . import machine", ":1 -> .: imports are absolute"),
        ("shell.cli", "from ..app import replay", ":1 -> ..app: imports are absolute"),
        ("app.replay", "import rich.table", ":1 -> rich.table: rich lives in shell alone"),
        (
            "store.lock",
            "from prompt_toolkit import prompt",
            ":1 -> prompt_toolkit: prompt_toolkit lives in shell alone",
        ),
        ("app.replay", "import tomli_w", ":1 -> tomli_w: tomli_w lives in store alone"),
        ("shell.cli", "import tomli_w", ":1 -> tomli_w: tomli_w lives in store alone"),
        ("core.machine", "import attrs", ":1 -> attrs: this library is used nowhere"),
        ("shell.cli", "import click", ":1 -> click: this library is used nowhere"),
        ("core.machine", "import os, subprocess", ":1 -> subprocess: core does no I/O"),
    ],
)
def test_a_wrong_arrow_is_seen(module, source, arrow):
    name = f"{PACKAGE}.{module}".rstrip(".")
    assert wrong_arrows(name, source) == [name + arrow]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("shell.cli", "import typer\nfrom fasm_cli.app import replay\nfrom fasm_cli.core.step import Step\nimport sys"),
        ("app.replay", "from fasm_cli.sim import world\nfrom fasm_cli.store import lock\nfrom fasm_cli import Actions"),
        ("__main__", "from fasm_cli.shell import cli\nfrom fasm_cli import __version__"),
        ("", "from fasm_cli.core.model import Actions"),
    ],
)
def test_a_right_arrow_is_let_through(module, source):
    assert wrong_arrows(f"{PACKAGE}.{module}".rstrip("."), source) == []
