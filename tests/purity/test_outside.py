"""What a machine leaves behind outside of its state, written there and never read: no result tells."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from fasm_cli.simulation.hidden_state import first_difference, snapshot

MACHINE = """
from functools import cache, cached_property

class Machine:
    @cached_property
    def table(self):
        return [1]
"""


def left_behind(module: str, body: str) -> str:
    """The name of what running `body` in a method changes, in a module that says `module`."""
    made = ModuleType("outside_case")
    sys.modules["outside_case"] = made
    exec(f"{module}\n{MACHINE}\n    def stf(self):\n        {body}\n", vars(made))
    cls = vars(made)["Machine"]
    machine: Any = SimpleNamespace(cls=cls, instance=cls())
    machine.instance.stf()  # the first time may make what is kept for good
    before = snapshot(machine)
    machine.instance.stf()
    return first_difference(before, snapshot(machine))


AROUND = """
def around():
    n = 0
    def f():
        nonlocal n
        n += 1
    return f
f = around()
"""
SLOTTED = """
class Box:
    __slots__ = "n"
    def __init__(self): self.n = 0
b = Box()
"""


CACHING = """
from functools import cached_property
class Box:
    @cached_property
    def table(self): return [1]
first, second = Box(), Box()
boxes = iter((first, second))
"""


@pytest.mark.parametrize(
    ("module", "body", "name"),
    [
        ("n = 0", "global n; n += 1", "n"),
        ("held = []", "held.append(1)", "held"),
        ("held = bytearray()", "held.append(1)", "held"),
        ("from array import array\nheld = array('i')", "held.append(1)", "held"),
        ("from collections import deque\nheld = deque()", "held.append(1)", "held"),
        ("from contextvars import ContextVar\nv = ContextVar('v')", "v.set(v.get(0) + 1)", "v"),
        ("class Other: n = 0", "Other.n += 1", "Other.n"),
        ("class Other:\n    def f(self, a=[]): a.append(1)", "Other().f()", "Other.f()"),
        (SLOTTED, "b.n += 1", "b"),
        ("def f(): pass\nf.n = 0", "f.n += 1", "f.n"),
        ("def f(a=[]): a.append(1)", "f()", "f()"),
        ("def f(*, a=[]): a.append(1)", "f()", "a of f()"),
        (AROUND, "f()", "n of f()"),
        ("", "type(self).n = getattr(type(self), 'n', 0) + 1", "Machine.n"),
        ("", "self.__dict__['n'] = self.__dict__.get('n', 0) + 1", "self.n"),
    ],
)
def test_what_was_changed_is_named(module: str, body: str, name: str) -> None:
    assert left_behind(module, body) == name


@pytest.mark.parametrize(
    ("module", "body"),
    [
        ("held = {}", "held[len(held)] = 1"),  # a cache
        ("from functools import cache\n@cache\ndef f(n): return n\nn = iter(range(9))", "f(1)"),
        ("", "self.table"),
        (CACHING, "next(boxes).table"),
        ("import re\nr = re.compile('a')", "r.match('a')"),
        ("from contextvars import ContextVar\nv = ContextVar('v')", "v.get(0)"),
        (SLOTTED, "b.n"),
        (AROUND.replace("n += 1", "return n"), "f()"),
        ("from enum import Enum, Flag\nclass F(Flag):\n    A = 1\n    B = 2", "F.A | F.B; F(3)"),
        ("from dataclasses import dataclass\n@dataclass\nclass D:\n    n: int = 0", "D(1) == D(1)"),
    ],
)
def test_what_changes_nothing_is_innocent(module: str, body: str) -> None:
    assert left_behind(module, body) == ""
