"""Snippets that break a law: lint reports each line marked `#! law`, and no other."""

from typing import Any

import pytest

Case = tuple[str, dict[str, str]]


def case(body: str, **parts: str) -> Case:
    return body, parts


SNIPPETS: dict[str, Case] = {
    # --- clock
    "time.time": case("""
            import time
            state.count = int(time.time()) #! clock
        """),
    "import as": case("state.count = t.monotonic_ns() #! clock", top="import time as t"),
    "from import": case("state.count = time() #! clock", top="from time import time"),
    "from import as": case("state.count = now() #! clock", top="from time import perf_counter as now"),
    "datetime.now": case("state.name = str(datetime.now()) #! clock", top="from datetime import datetime"),
    "datetime.utcnow": case("state.name = str(datetime.datetime.utcnow()) #! clock", top="import datetime"),
    "date.today": case("state.name = str(date.today()) #! clock", top="from datetime import date"),
    "an alias": case(
        "state.count = clock() #! clock",
        top="""
            import time
            clock = time.time
        """,
    ),
    "a local alias": case("""
            import time
            clock = time.time #! clock
            state.count = clock() #! clock
        """),
    "getattr": case("""
            import time
            state.count = getattr(time, 'time')() #! clock
        """),
    "__import__": case("state.count = __import__('time').time() #! clock"),
    "passed on": case("state.count = next(iter(time.time, None)) #! clock", top="import time"),
    "localtime without a time": case("state.name = time.strftime('%H') #! clock", top="import time"),
    "a default": case("""
        import time
        def late(now=time.time()): #! clock
            return now
        state.count = late()
    """),
    "evaluated at import": case(
        "state.count = START",
        top="""
            import time
            START = time.time() #! clock
        """,
    ),
    "a class attribute": case("state.count = self.start", attributes="start = time.time() #! clock", top="import time"),
    "a default factory": case(
        "state.name = str(Stamp())",
        top="""
            from datetime import datetime
            @dataclass
            class Stamp:
                at: datetime = field(default_factory=datetime.now) #! clock
        """,
    ),
    "in a helper": case(
        "_help(state)",
        after="""
            import time
            def _help(state):
                state.count = time.time() #! clock
        """,
    ),
    "in a helper's helper": case(
        "_a(state)",
        after="""
            import time
            def _a(s): _b(s)
            def _b(s):
                s.count = time.time() #! clock
        """,
    ),
    "in a method": case(
        "self.help(state)",
        methods="""
            def help(self, state):
                state.count = time() #! clock
        """,
        top="from time import time",
    ),
    "in a method of the state": case(
        "state.stamp()",
        fields="""
            def stamp(self):
                self.count = time() #! clock
        """,
        top="from time import time",
    ),
    "in a property of the state": case(
        "state.count = state.now",
        fields="""
            @property
            def now(self):
                return time() #! clock
        """,
        top="from time import time",
    ),
    "in __post_init__": case(
        "state.items[1] = Stamped(1)",
        top="""
            import time
            @dataclass
            class Stamped:
                id: int
                def __post_init__(self):
                    self.at = time.time() #! clock
        """,
    ),
    "in a method of a helper object": case(
        """
            helper = Helper()
            helper.stamp(state)
        """,
        top="""
            from time import time
            class Helper:
                def stamp(self, state):
                    state.count = time() #! clock
        """,
    ),
    "in a base class, called by super": case(
        "pass",
        top="""
            from time import time
            class Base(StateMachine):
                def early(self, state):
                    return time() < 9 #! clock
        """,
        after="""
            class N(Base):
                @invariant
                def early(self, state):
                    return super().early(state)
        """,
    ),
    "imported in a try statement": case(
        "state.count = time() #! clock",
        top="""
            try:
                from time import time
            except ImportError:
                pass
        """,
    ),
    "in restore": case(
        "pass",
        restore="""
            import time
            actions.add(Untracked(Tell(time.time()))) #! clock
        """,
    ),
    "in an invariant": case(
        "pass",
        methods="""
            @invariant
            def early(self, state):
                return time() < 9 #! clock
        """,
        top="from time import time",
    ),
    "in a lambda": case(
        "state.queue = sorted(state.queue, key=lambda n: time()) #! clock", top="from time import time"
    ),
    "passed on as a function": case(
        "state.queue.sort(key=_key)",
        after="""
            import time
            def _key(n):
                return time.time() #! clock
        """,
    ),
    "through a base class": case(
        "self.help()",
        top="""
            import time
            class Base(StateMachine):
                def help(self):
                    return time.time() #! clock
        """,
        after="class N(M, Base): pass",
    ),
    # --- random
    "random.random": case("""
            import random
            state.count = random.randint(1, 6) #! random
        """),
    "from random": case("state.count = choice([1, 2]) #! random", top="from random import choice"),
    "shuffle": case("""
            import random
            random.shuffle(state.queue) #! random
        """),
    "Random without a seed": case("""
            import random
            state.count = random.Random().getrandbits(8) #! random
        """),
    "a generator in a global": case(
        "state.count = RNG.randrange(6) #! random",
        top="""
            import random
            RNG = random.Random(7)
        """,
    ),
    "a generator in a class attribute": case(
        "state.count = self.rng.random() #! random", attributes="rng = random.Random(7)", top="import random"
    ),
    "uuid4": case("state.name = str(uuid.uuid4()) #! random", top="import uuid"),
    "urandom": case("""
            import os
            state.name = os.urandom(4).hex() #! random
        """),
    "secrets": case("""
            import secrets
            state.name = secrets.token_hex() #! random
        """),
    # --- effects
    "print": case("print('hi') #! effects"),
    "open to write": case("open('log', 'a').write('x') #! effects"),
    "socket": case("""
            import socket
            socket.create_connection(('a', 1)) #! effects
        """),
    "subprocess": case("""
            import subprocess
            subprocess.run(['ls']) #! effects
        """),
    "requests": case("requests.post('http://x') #! effects", top="import requests"),
    "urllib": case("urlopen('http://x') #! effects", top="from urllib.request import urlopen"),
    "os.system": case("""
            import os
            os.system('ls') #! effects
        """),
    "logging": case("logging.info('x') #! effects", top="import logging"),
    "a logger": case(
        "log.warning('x') #! effects",
        top="""
            import logging
            log = logging.getLogger(__name__)
        """,
    ),
    "threading": case("""
            import threading
            threading.Thread(target=None) #! effects
        """),
    "sqlite": case("""
            import sqlite3
            db = sqlite3.connect(':memory:') #! effects
        """),
    "asyncio.sleep": case("""
            import asyncio
            await asyncio.sleep(1) #! effects
        """),
    "gather": case("""
            from asyncio import gather
            await gather() #! effects
        """),
    "time.sleep": case("""
            import time
            time.sleep(1) #! effects
        """),
    "write_text": case("Path('x').write_text('y') #! effects", top="from pathlib import Path"),
    # --- reads
    "environ": case("""
            import os
            state.name = os.environ['HOME'] #! reads
        """),
    "environ imported": case("state.name = environ.get('HOME') #! reads", top="from os import environ"),
    "getenv": case("""
            import os
            state.name = os.getenv('HOME') #! reads
        """),
    "getcwd": case("""
            import os
            state.name = os.getcwd() #! reads
        """),
    "open to read": case("state.name = open('x').read() #! reads"),
    "read_text": case(
        """
            p = Path('x')
            state.name = p.read_text() #! reads
        """,
        top="from pathlib import Path",
    ),
    "configuration read at import": case(
        "state.count = LIMIT",
        top="""
            import os
            LIMIT = int(os.environ['LIMIT']) #! reads
        """,
    ),
    "local time": case(
        "state.name = str(at.astimezone()) #! reads",
        top="""
            from datetime import datetime
            at = datetime(2020, 1, 1)
        """,
    ),
    # --- deterministic
    "a loop over a set": case("""
            for n in state.ids: #! deterministic
                actions.add(Untracked(Tell(n)))
        """),
    "a loop over a local set": case("""
            found = {1, 2}
            for n in found: #! deterministic
                state.queue.append(n)
        """),
    "list of a set": case("state.queue = list(state.ids) #! deterministic"),
    "a comprehension": case("state.queue = [n + 1 for n in state.ids] #! deterministic"),
    "next(iter)": case("state.count = next(iter(state.ids)) #! deterministic"),
    "pop": case("first = state.ids.pop() #! deterministic"),
    "join": case("state.name = ','.join({str(n) for n in state.queue}) #! deterministic"),
    "an f-string": case("state.name = f'{state.ids}' #! deterministic"),
    "set algebra": case("state.queue = list(state.ids - {1}) #! deterministic"),
    "ids given in the order of a set": case(
        """
            for n in state.ids: #! deterministic
                state.count += 1
                state.items[n] = Item(state.count, [])
        """
    ),
    "a set parameter": case(
        "_all(state.ids, actions)",
        after="""
            def _all(ids: set[int], actions):
                for n in ids: #! deterministic
                    actions.add(Untracked(Tell(n)))
        """,
    ),
    "a method that returns a set": case(
        "state.queue = list(state.open()) #! deterministic",
        fields="""
            def open(self) -> "set[int]":
                return {n for n in self.queue if n}
        """,
    ),
    "the first element that a loop finds": case(
        """
            for n in state.ids: #! deterministic
                if n > 3:
                    state.count = n
                    break
        """
    ),
    "an annotated local set": case("""
            found: set[int] = {1, 2}
            state.queue = list(found) #! deterministic
        """),
    "a set that is built in steps": case("""
            found = set(state.queue)
            found = found.union({1})
            found |= {2}
            state.queue = list(found) #! deterministic
        """),
    "a constrained set": case(
        "state.queue = list(state.seen) #! deterministic",
        fields="seen: Annotated[set[int], Size(0, 3)] = field(default_factory=set)",
        top="from typing import Annotated",
    ),
    "a set or None": case("state.queue = list(state.seen) #! deterministic", fields="seen: set[int] | None = None"),
    "an alias of a set type": case(
        "state.queue = list(state.seen) #! deterministic",
        fields="seen: Ids = field(default_factory=set)",
        top="Ids = set[int]",
    ),
    "elements bound to names": case("first, second = state.ids #! deterministic"),
    "actions passed on for each element": case(
        """
            for n in state.ids: #! deterministic
                _emit(n, actions)
        """,
        after="""
            def _emit(n, actions):
                actions.add(Untracked(Tell(n)))
        """,
    ),
    "a generator": case(
        "state.queue = list(_each(state))",
        after="""
            def _each(state):
                for n in state.ids: #! deterministic
                    yield n
        """,
    ),
    "a refusal that names an element": case("""
            for n in state.ids: #! deterministic
                if n > 3:
                    raise Refused(n)
        """),
    "an element returned from a loop": case(
        "state.count = _any(state)",
        after="""
            def _any(state):
                for n in state.ids: #! deterministic
                    return n
        """,
    ),
    "hash as a key": case("state.queue.sort(key=hash) #! deterministic"),
    "hash": case("state.count = hash(state.name) #! deterministic"),
    "id": case("state.count = id(state) #! deterministic"),
    "a path of the module is read": case(
        "state.name = PATH.read_text() #! reads",
        top="""
            from pathlib import Path
            PATH = Path('x')
        """,
    ),
    "a path of the module is written": case(
        """
            with PATH.open('a') as f: #! effects
                f.write('x')
        """,
        top="""
            from pathlib import Path
            PATH = Path('x')
        """,
    ),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_exactly_the_marked_lines_are_reported(name: str, source: Any, marked: Any, found: Any) -> None:
    body, parts = SNIPPETS[name]
    text = source(body, **parts)
    assert marked(text)
    assert found(text) == marked(text)
