"""Snippets that look like a broken law and are none: nothing is said of them."""

from pathlib import Path
from typing import Any

import pytest

from fasm_cli.lint import lint

Case = tuple[str, dict[str, str]]


def case(body: str, **parts: str) -> Case:
    return body, parts


INNOCENT: dict[str, Case] = {
    "a time that is a field": case("state.count = input.value.n.time"),
    "a parameter called time": case(
        "_f(state, 1)",
        after="""
            def _f(state, time):
                state.count = time
        """,
    ),
    "a local called time": case(
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
    "a datetime made of numbers": case("state.name = str(datetime(2020, 1, 1))", top="from datetime import datetime"),
    "fromtimestamp with a zone": case(
        "state.name = str(datetime.fromtimestamp(1, timezone.utc))", top="from datetime import datetime, timezone"
    ),
    "gmtime of a time": case("state.name = str(time.gmtime(state.count))", top="import time"),
    "a clock that nobody reaches": case(
        "pass",
        top="""
            import time
            def bench():
                return time.time()
        """,
    ),
    "a clock in initial": case(
        "pass",
        methods="""
            def seed(self):
                return time()
        """,
        top="from time import time",
    ),
    "chance in respond": case(
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
    "a function of ours called print": case("print(state)", top="def print(state): pass"),
    "a method called open": case("state.door.open()", fields="door: object = None"),
    "an exception of a module": case(
        """
            try:
                state.count += 1
            except subprocess.TimeoutExpired:
                pass
        """,
        top="import subprocess",
    ),
    "sqlite's errors": case(
        """
            try:
                state.count += 1
            except sqlite3.IntegrityError:
                raise
        """,
        top="import sqlite3",
    ),
    "a path put together": case("state.name = str(Path('a') / 'b')", top="from pathlib import Path"),
    "os.path.join": case("state.name = os.path.join('a', 'b')", top="import os"),
    "a lock in asyncio": case(
        """
            lock = asyncio.Lock()
            state.count += 1
        """,
        top="import asyncio",
    ),
    "a constant table": case("state.count = RATES['a']", top="RATES = {'a': 1}"),
    "a table filled at import": case(
        "state.count = RATES['a']",
        top="""
            RATES = {}
            RATES['a'] = 1
            for n in (1, 2):
                RATES[n] = n
        """,
    ),
    "a cached function": case(
        "state.count = _f(1)",
        top="""
            from functools import cache
            @cache
            def _f(n):
                return n * 2
        """,
    ),
    "a dict that remembers": case(
        "state.count = _f(1)",
        top="SEEN = {}",
        after="""
            def _f(n):
                if n not in SEEN:
                    SEEN[n] = n * 2
                return SEEN[n]
        """,
    ),
    "a message, and then the end of it": case(
        """
            match input:
                case TrackedActionCompleted(id, result):
                    if result == No():
                        actions.add(Untracked(Tell('no')))
                    del state.items[id]
        """
    ),
    "a local of the same name as a global": case(
        """
            SEEN = set()
            SEEN.add(1)
        """,
        top="SEEN = set()",
    ),
    "constants set in __init__": case(
        "state.count = self.rate",
        methods="""
            def __init__(self):
                self.rate = 2
        """,
    ),
    "a set that is sorted": case("""
            for n in sorted(state.ids):
                actions.add(Untracked(Tell(n)))
        """),
    "a name that is sorted in place of a set": case(
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
    "a set of a set": case("state.ids = {n + 1 for n in state.ids} | set(list(state.ids))"),
    "sorted of a comprehension": case("state.queue = sorted([n + 1 for n in state.ids])"),
    "looked up in a set": case("state.count = next((n for n in state.ids if n == 3), 0)"),
    "a loop that only counts": case("""
            for n in state.ids:
                state.count += n
        """),
    "a loop that only answers": case(
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
    "an element taken out by name": case("state.ids.discard(3)"),
    "a dict's order": case("""
            for n in state.items:
                actions.add(Untracked(Tell(n)))
        """),
    "id as a name": case("""
            match input:
                case TrackedActionCompleted(id, result):
                    state.items.pop(id)
        """),
    "hash of one's own": case("state.name = hash(state.name)", top="from hashlib import sha256 as hash"),
    "add before the change": case("""
            actions.add(Untracked(Tell(1)))
            state.count += 1
        """),
    "a refusal before the change": case("""
            if state.count > 9:
                raise Refused()
            state.count += 1
        """),
    "the change in the other branch": case(
        """
            if state.name:
                state.count += 1
            else:
                actions.add(Untracked(Tell(1)))
        """
    ),
    "return after the change": case(
        """
            if state.name:
                state.count += 1
                return
            actions.add(Untracked(Tell(1)))
        """
    ),
    "the change in another case": case(
        """
            match input:
                case Normal(Go(1)):
                    state.count += 1
                case Normal(_):
                    actions.add(Untracked(Tell(1)))
                case _:
                    raise Refused()
        """
    ),
    "a change of a copy": case(
        """
            queue = list(state.queue)
            queue.append(1)
            actions.add(Untracked(Tell(len(queue))))
            state.queue = queue
        """
    ),
    "a change of a new value": case(
        """
            item = Item(1, [])
            item.done = True
            actions.add(Untracked(Tell(1)))
            state.items[1] = item
        """
    ),
    "a failure that is caught": case(
        """
            state.count += 1
            try:
                actions.add(Untracked(Tell(1)))
            except ActionsFull:
                state.count -= 1
        """
    ),
    "two loops": case(
        """
            for n in state.queue:
                actions.add(Tracked(n, Charge(n)))
            for n in state.queue:
                state.items[n] = Item(n, [])
        """
    ),
    "a pure helper": case(
        """
            n = _f(state)
            actions.add(Tracked(n, Charge(n)))
            state.count = n
        """,
        after="""
            def _f(state):
                return state.count + 1
        """,
    ),
    "a copy in an action": case(
        """
            actions.add(Tracked(1, Charge(list(state.queue))))
            actions.add(Untracked(Tell(tuple(state.queue))))
        """
    ),
    "a value in an action": case(
        """
            actions.add(Tracked(1, Charge(state.count)))
            actions.add(Untracked(Tell(state.name)))
        """
    ),
    "a frozen value in an action": case("actions.add(Tracked(1, Charge(state.fixed)))"),
    "a number out of a list in an action": case(
        """
            actions.add(Tracked(1, Charge(state.queue[0])))
            actions.add(Tracked(2, Charge(len(state.queue))))
        """
    ),
    "None as a default": case(
        "_f()",
        after="""
            def _f(seen=None, names=()):
                return seen or []
        """,
    ),
    "restore only reads": case(
        "pass",
        restore="""
            queue = sorted(state.queue)
            queue.append(1)
            for n in queue:
                actions.add(Tracked(n, Charge(n)))
        """,
    ),
    "a completion that moves on": case(
        """
            match input:
                case TrackedActionCompleted(id, result):
                    state.items.pop(id)
                case _:
                    state.count += 1
        """
    ),
    "a result that is dealt with behind the match": case(
        """
            match input:
                case TrackedActionCompleted(id, result):
                    match result:
                        case Yes():
                            state.count += 1
                        case No():
                            pass
                    del state.items[id]
        """
    ),
    "an unknown id that is ignored": case(
        """
            match input:
                case TrackedActionCompleted(id, _) if id not in state.items:
                    pass
                case TrackedActionCompleted(id, _):
                    del state.items[id]
        """
    ),
    "what is left when the known ids are gone": case(
        """
            match input:
                case TrackedActionCompleted(id, _) if id in state.items:
                    del state.items[id]
                case TrackedActionCompleted():
                    pass
        """
    ),
    "a machine that waits for nothing": case(
        """
            match input:
                case TrackedActionCompleted():
                    pass
                case _:
                    state.count += 1
        """,
        attributes="TrackedAction = None",
    ),
    "an input that does nothing": case(
        """
            match input:
                case Normal(Go(0)):
                    pass
                case _:
                    state.count += 1
        """
    ),
    "a helper that calls itself": case(
        "_f(state, 3)",
        after="""
            def _f(state, n):
                if n:
                    _f(state, n - 1)
        """,
    ),
}


@pytest.mark.parametrize("name", INNOCENT)
def test_nothing_is_said_of_the_innocent(name: str, source: Any, said: Any) -> None:
    body, parts = INNOCENT[name]
    assert said(source(body, **parts)) == []


def test_there_are_enough_of_them() -> None:
    assert len(INNOCENT) >= 30


def test_a_state_may_wait():
    shipped = Path(__file__).parents[2] / "machines" / "async_counter.py"
    assert lint(shipped.read_bytes()) == []
    direct = shipped.read_text().replace("before = await state.read()", "before = await asyncio.sleep(1)")
    assert [finding.law for finding in lint(direct.encode())] == ["effects"]
