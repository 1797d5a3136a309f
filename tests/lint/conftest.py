"""A machine to put a snippet into, and what the lint says of it."""

import ast
from collections.abc import Callable
from textwrap import dedent, indent

import pytest

from fasm_cli.laws.pages import WALLET
from fasm_cli.lint import lint

TEMPLATE = """\
from dataclasses import dataclass, field
from fasm_cli import *
from fasm_cli import Normal, StateMachine, Tracked, TrackedActionCompleted, TransitionError, Untracked, invariant
{top}
class Refused(TransitionError): ...
@dataclass
class Item:
    id: int
    tags: list[str]
    done: bool = False
@dataclass(frozen=True)
class Fixed:
    id: int
@dataclass
class State:
    count: int = 0
    name: str = ""
    ids: set[int] = field(default_factory=set)
    items: dict[int, Item] = field(default_factory=dict)
    fixed: Fixed | None = None
    queue: list[int] = field(default_factory=list)
{fields}
@dataclass
class Go:
    n: int
@dataclass
class Charge:
    what: object
@dataclass
class Tell:
    text: object
@dataclass
class Yes: ...
@dataclass
class No: ...
class M(StateMachine):
    State = State
    Input = Go
    ActionId = int
    TrackedAction = Charge
    ActionResult = Yes | No
    UntrackedAction = Tell
{attributes}
    def initial(self): return State()
    async def stf(self, state, input, actions):
{body}
    async def restore(self, state, actions):
{restore}
{methods}
{after}
"""


def source(body: str = "pass", **parts: str) -> str:
    """The module around `body`, the body of the STF; `parts` go to the places of their names in the template."""
    depth = {"restore": 8, "methods": 4, "fields": 4, "attributes": 4}
    filled = {name: indent(dedent(parts.get(name, "")).strip("\n"), " " * depth.get(name, 0)) for name in PARTS}
    filled["restore"] = filled["restore"] or " " * 8 + "pass"
    return TEMPLATE.format(body=indent(dedent(body).strip("\n"), " " * 8), **filled)


PARTS = ("top", "fields", "attributes", "restore", "methods", "after")


def marked(text: str) -> list[tuple[int, str]]:
    """The lines that are marked `#! law` as wrong."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        _, mark, laws = line.partition("#! ")
        found += [(number, law) for law in laws.split()] if mark else []
    return found


def said(text: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.law) for finding in lint(text.encode())]


@pytest.fixture(name="source")
def _source() -> Callable[..., str]:
    return source


@pytest.fixture(name="marked")
def _marked() -> Callable[[str], list[tuple[int, str]]]:
    return marked


@pytest.fixture(name="said")
def _said() -> Callable[[str], list[tuple[int, str]]]:
    return said


def built(methods: str) -> str:
    """The machine of the lawbook with `methods` in place of its own of the same names."""
    tree = ast.parse(WALLET)
    cls = tree.body[-1]
    assert isinstance(cls, ast.ClassDef)
    new = [node for node in ast.parse(methods).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    names = {node.name for node in new}
    cls.body = [node for node in cls.body if getattr(node, "name", "") not in names] + new
    return ast.unparse(tree)


@pytest.fixture(name="built")
def _built() -> Callable[[str], str]:
    return built
