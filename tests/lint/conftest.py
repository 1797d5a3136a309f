"""A machine to put a snippet into, and what lint finds in it."""

from collections.abc import Callable
from textwrap import dedent, indent

import pytest

from fasm_cli.lint.run import lint_source

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
    """The module around `body`, the body of the STF; `parts` fill the places of their names in the template."""
    depth = {"restore": 8, "methods": 4, "fields": 4, "attributes": 4}
    filled = {name: indent(dedent(parts.get(name, "")).strip("\n"), " " * depth.get(name, 0)) for name in PARTS}
    filled["restore"] = filled["restore"] or " " * 8 + "pass"
    return TEMPLATE.format(body=indent(dedent(body).strip("\n"), " " * 8), **filled)


PARTS = ("top", "fields", "attributes", "restore", "methods", "after")


def marked(text: str) -> list[tuple[int, str]]:
    """The lines that are marked `#! law`, with the law."""
    expected = []
    for number, line in enumerate(text.splitlines(), 1):
        _, mark, laws = line.partition("#! ")
        expected += [(number, law) for law in laws.split()] if mark else []
    return expected


def found(text: str) -> list[tuple[int, str]]:
    return [(finding.line, finding.law) for finding in lint_source(text.encode())]


@pytest.fixture(name="source")
def _source() -> Callable[..., str]:
    return source


@pytest.fixture(name="marked")
def _marked() -> Callable[[str], list[tuple[int, str]]]:
    return marked


@pytest.fixture(name="found")
def _found() -> Callable[[str], list[tuple[int, str]]]:
    return found
