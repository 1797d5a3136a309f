"""State that a machine keeps outside `state` is found even if no result depends on it."""

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


def changed_name(module: str, body: str) -> str:
    """The name of what `body`, run in a method, changes in a module that starts with `module`."""
    created = ModuleType("hidden_state_case")
    sys.modules["hidden_state_case"] = created
    exec(f"{module}\n{MACHINE}\n    def stf(self):\n        {body}\n", vars(created))
    cls = vars(created)["Machine"]
    machine: Any = SimpleNamespace(cls=cls, instance=cls())
    machine.instance.stf()  # the first call may fill caches
    before = snapshot(machine)
    machine.instance.stf()
    return first_difference(before, snapshot(machine))


CLOSURE = """
def make():
    n = 0
    def f():
        nonlocal n
        n += 1
    return f
f = make()
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
        ("items = []", "items.append(1)", "items"),
        ("items = bytearray()", "items.append(1)", "items"),
        ("from array import array\nitems = array('i')", "items.append(1)", "items"),
        ("from collections import deque\nitems = deque()", "items.append(1)", "items"),
        ("from contextvars import ContextVar\nv = ContextVar('v')", "v.set(v.get(0) + 1)", "v"),
        ("class Other: n = 0", "Other.n += 1", "Other.n"),
        ("class Other:\n    def f(self, a=[]): a.append(1)", "Other().f()", "Other.f()"),
        (SLOTTED, "b.n += 1", "b"),
        ("def f(): pass\nf.n = 0", "f.n += 1", "f.n"),
        ("def f(a=[]): a.append(1)", "f()", "f()"),
        ("def f(*, a=[]): a.append(1)", "f()", "a of f()"),
        (CLOSURE, "f()", "n of f()"),
        ("", "type(self).n = getattr(type(self), 'n', 0) + 1", "Machine.n"),
        ("", "self.__dict__['n'] = self.__dict__.get('n', 0) + 1", "self.n"),
    ],
)
def test_changed_state_is_named(module: str, body: str, name: str) -> None:
    assert changed_name(module, body) == name


@pytest.mark.parametrize(
    ("module", "body"),
    [
        ("items = {}", "items[len(items)] = 1"),  # a cache
        ("from functools import cache\n@cache\ndef f(n): return n\nn = iter(range(9))", "f(1)"),
        ("", "self.table"),
        (CACHING, "next(boxes).table"),
        ("import re\nr = re.compile('a')", "r.match('a')"),
        ("from contextvars import ContextVar\nv = ContextVar('v')", "v.get(0)"),
        (SLOTTED, "b.n"),
        (CLOSURE.replace("n += 1", "return n"), "f()"),
        ("from enum import Enum, Flag\nclass F(Flag):\n    A = 1\n    B = 2", "F.A | F.B; F(3)"),
        ("from dataclasses import dataclass\n@dataclass\nclass D:\n    n: int = 0", "D(1) == D(1)"),
    ],
)
def test_caches_and_unchanged_values_are_not_reported(module: str, body: str) -> None:
    assert changed_name(module, body) == ""
