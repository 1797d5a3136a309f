"""Snippets that look like a violation and are none: lint reports nothing."""

from pathlib import Path
from typing import Any

import pytest

from fasm_cli.lint.run import lint_source

Case = tuple[str, dict[str, str]]


def case(body: str, **parts: str) -> Case:
    return body, parts


SNIPPETS: dict[str, Case] = {
    "a time that is a field": case("state.count = input.value.n.time"),
    "a parameter named time": case(
        "_f(state, 1)",
        after="""
            def _f(state, time):
                state.count = time
        """,
    ),
    "a local named time": case(
        """
            time = max
            state.count = time(1, 2)
        """,
        top="from time import time as clock",
    ),
    "datetime as a type": case(
        """
            at: datetime = input.value.n
            state.name = at.isoformat()
        """,
        top="from datetime import datetime",
    ),
    "a datetime from numbers": case("state.name = str(datetime(2020, 1, 1))", top="from datetime import datetime"),
    "fromtimestamp with a zone": case(
        "state.name = str(datetime.fromtimestamp(1, timezone.utc))", top="from datetime import datetime, timezone"
    ),
    "gmtime of a time": case("state.name = str(time.gmtime(state.count))", top="import time"),
    "a clock in a function that is not reached": case(
        "pass",
        top="""
            import time
            def bench():
                return time.time()
        """,
    ),
    "a clock in a method that is not reached": case(
        "pass",
        methods="""
            def seed(self):
                return time()
        """,
        top="from time import time",
    ),
    "randomness in respond": case(
        "pass",
        methods="""
            def respond(self, choose, id, action):
                return choose.pick([1])
        """,
    ),
    "print in propose": case(
        "pass",
        methods="""
            def propose(self, choose, state):
                print(state)
        """,
    ),
    "a generator with a seed": case(
        """
            rng = random.Random(state.count)
            state.count = rng.randrange(9)
        """,
        top="import random",
    ),
    "random as a type": case("pass", methods="def f(self, rng: 'random.Random') -> int: ...", top="import random"),
    "uuid5": case("state.name = str(uuid.uuid5(uuid.NAMESPACE_DNS, state.name))", top="import uuid"),
    "an own function named print": case("print(state)", top="def print(state): pass"),
    "a method named open": case("state.door.open()", fields="door: object = None"),
    "an exception of a module": case(
        """
            try:
                state.count += 1
            except subprocess.TimeoutExpired:
                pass
        """,
        top="import subprocess",
    ),
    "errors of sqlite3": case(
        """
            try:
                state.count += 1
            except sqlite3.IntegrityError:
                raise
        """,
        top="import sqlite3",
    ),
    "a path that is joined": case("state.name = str(Path('a') / 'b')", top="from pathlib import Path"),
    "os.path.join": case("state.name = os.path.join('a', 'b')", top="import os"),
    "a lock in asyncio": case(
        """
            lock = asyncio.Lock()
            state.count += 1
        """,
        top="import asyncio",
    ),
    "a set that is sorted": case("""
            for n in sorted(state.ids):
                actions.add(Untracked(Tell(n)))
        """),
    "a name that is bound to a set and then to a list": case(
        """
            found = {1, 2}
            found = sorted(found)
            for n in found:
                state.queue.append(n)
        """
    ),
    "any, all, len, sum, min": case(
        "state.count = len(state.ids) + sum(n for n in state.ids) + min(state.ids) + any(n for n in state.ids)"
    ),
    "membership": case("""
            if state.count in state.ids:
                raise Refused()
        """),
    "a set made from a set": case("state.ids = {n + 1 for n in state.ids} | set(list(state.ids))"),
    "sorted of a comprehension": case("state.queue = sorted([n + 1 for n in state.ids])"),
    "a lookup in a set": case("state.count = next((n for n in state.ids if n == 3), 0)"),
    "a loop that only counts": case("""
            for n in state.ids:
                state.count += n
        """),
    "a loop that returns a constant": case(
        "pass",
        methods="""
            @invariant
            def fine(self, state):
                for n in state.ids:
                    if n < 0:
                        return False
                return True
        """,
    ),
    "an element removed by value": case("state.ids.discard(3)"),
    "a dict's order": case("""
            for n in state.items:
                actions.add(Untracked(Tell(n)))
        """),
    "id as a name": case("""
            match input:
                case TrackedActionCompleted(id, result):
                    state.items.pop(id)
        """),
    "an own function named hash": case("state.name = hash(state.name)", top="from hashlib import sha256 as hash"),
    "a field that is a set in one class and a list in another": case(
        "state.queue = list(state.tags)",
        fields="tags: set[int] = field(default_factory=set)",
    ),
    "a field that is a set in one class and a class attribute in another": case(
        "state.queue = list(state.seen)",
        fields="seen: set[int] = field(default_factory=set)",
        top="""
            class Other:
                seen = []
        """,
    ),
    "a name that a with statement binds": case(
        """
            ids = {1}
            with state.door as ids:
                state.queue = list(ids)
        """
    ),
    "a name that a pattern binds": case(
        """
            match state.items:
                case {1: _, **time}:
                    state.items = time
        """,
        top="from time import time",
    ),
    "names that refer to each other": case(
        """
            a = b
            b = a
            a()
        """
    ),
    "a set made from the list of a set": case("state.ids = {n for n in list(state.ids)}"),
    "a sum over the list of a set": case("""
            for n in list(state.ids):
                state.count += n
        """),
    "a set that takes the list of a set": case("""
            state.ids.update(list(state.ids))
            state.ids = state.ids.union(list(state.ids))
        """),
    "a function of a module named like a method of a value": case(
        "state.count = config.stamp()",
        top="""
            import config
            from time import time
        """,
        fields="""
            def stamp(self):
                return time()
        """,
    ),
    "sorted after a conversion": case("state.queue = sorted(map(int, list(state.ids)))"),
    "an exception of a forbidden module": case(
        """
            if state.count:
                raise subprocess.SubprocessError(1)
        """,
        top="import subprocess",
    ),
    "a parameter that may be a list": case(
        "_all(state.queue, actions)",
        after="""
            def _all(ids, actions):
                if not ids:
                    ids = {1}
                for n in ids:
                    actions.add(Untracked(Tell(n)))
        """,
    ),
    "a refusal that names no element": case(
        """
            for n in state.ids:
                if n < 0:
                    raise Refused()
        """
    ),
    "a search that stops early": case(
        """
            found = False
            for n in state.ids:
                if n > 3:
                    found = True
                    break
        """
    ),
    "a method of a dict named like a function that is not reached": case(
        "state.items.get(1)",
        after="""
            class Client:
                def get(self, n):
                    return print(n)
        """,
    ),
    "the decimal context is read": case("state.count = getcontext().prec", top="from decimal import getcontext"),
    "a helper that calls itself": case(
        "_f(state, 3)",
        after="""
            def _f(state, n):
                if n:
                    _f(state, n - 1)
        """,
    ),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_clean_snippet_has_no_findings(name: str, source: Any, found: Any) -> None:
    body, parts = SNIPPETS[name]
    assert found(source(body, **parts)) == []


def test_the_state_may_be_awaited():
    shipped = Path(__file__).parents[2] / "machines" / "async_counter.py"
    assert lint_source(shipped.read_bytes()) == []
    direct = shipped.read_text().replace("before = await state.read()", "before = await asyncio.sleep(1)")
    assert [finding.law for finding in lint_source(direct.encode())] == ["effects"]
