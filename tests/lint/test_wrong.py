"""Snippets that break a law: each line marked `#! law` is found, and no other."""

from typing import Any

import pytest

Case = tuple[str, dict[str, str]]


def case(body: str, **parts: str) -> Case:
    return body, parts


WRONG: dict[str, Case] = {
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
    "handed on as a function": case(
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
    "a generator of the module": case(
        "state.count = RNG.randrange(6) #! random",
        top="""
            import random
            RNG = random.Random(7)
        """,
    ),
    "a generator of the class": case(
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
    "a global that changes": case(
        "state.count = RATE #! reads",
        top="""
            RATE = 1
            def set_rate(n):
                global RATE
                RATE = n
        """,
    ),
    "a table that changes": case(
        "state.count = RATES['a'] #! reads",
        top="""
            RATES = {'a': 1}
            def learn(n):
                RATES['a'] = n
        """,
    ),
    "a class attribute that changes": case(
        "state.count = M.rate #! reads",
        attributes="rate = 1",
        after="""
            def set_rate(n):
                M.rate = n
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
    "a set handed to a helper": case(
        "_all(state.ids, actions)",
        after="""
            def _all(ids, actions):
                for n in ids: #! deterministic
                    actions.add(Untracked(Tell(n)))
        """,
    ),
    "hash": case("state.count = hash(state.name) #! deterministic"),
    "id": case("state.count = id(state) #! deterministic"),
    # --- atomic
    "written before add": case("""
            state.count += 1 #! atomic
            actions.add(Untracked(Tell(1)))
        """),
    "written before a refusal": case("""
            state.count += 1 #! atomic
            if state.count > 9:
                raise Refused()
        """),
    "an item before add": case(
        """
            item = state.items.get(1)
            item.done = True #! atomic
            actions.add(Untracked(Tell(1)))
        """
    ),
    "a container before add": case("""
            state.queue.append(1) #! atomic
            actions.add(Untracked(Tell(1)))
        """),
    "deleted before add": case("""
            del state.items[1] #! atomic
            actions.add(Untracked(Tell(1)))
        """),
    "written in one branch": case("""
            if state.name:
                state.name = '' #! atomic
            actions.add(Untracked(Tell(1)))
        """),
    "the second round of a loop": case(
        """
            for n in state.queue:
                actions.add(Tracked(n, Charge(n)))
                state.count += 1 #! atomic
        """
    ),
    "written by a helper": case(
        """
            _count(state) #! atomic
            actions.add(Untracked(Tell(1)))
        """,
        after="""
            def _count(state):
                state.count += 1
        """,
    ),
    "a helper that refuses": case(
        """
            state.count += 1 #! atomic
            _check(state)
        """,
        after="""
            def _check(state):
                if state.count > 9:
                    raise Refused()
        """,
    ),
    "written and added in a helper": case(
        "_go(state, actions)",
        after="""
            def _go(state, actions):
                state.count += 1 #! atomic
                actions.add(Untracked(Tell(1)))
        """,
    ),
    "written and added in an async helper": case(
        "await self.go(state, actions)",
        methods="""
            async def go(self, state, actions):
                state.count += 1 #! atomic
                actions.add(Untracked(Tell(1)))
        """,
    ),
    # --- hidden
    "self": case("self.last = 1 #! hidden"),
    "a container of self": case("self.seen.append(1) #! hidden", attributes="seen = []"),
    "a global": case(
        """
            global LAST
            LAST = 1 #! hidden
        """,
        top="LAST = 0",
    ),
    "a global container": case("SEEN.add(input) #! hidden", top="SEEN = set()"),
    "a global table": case("CACHE[1] = 2 #! hidden", top="CACHE = {}"),
    "a class": case("M.last = 1 #! hidden"),
    "type(self)": case("type(self).last = 1 #! hidden"),
    "a function's attribute": case("_f.calls = 1 #! hidden", after="def _f(): pass"),
    "a module's attribute": case("config.rate = 1 #! hidden", top="import config"),
    "a mutable default": case(
        "_f(1)",
        after="""
            def _f(n, seen=[]): #! hidden
                return seen
        """,
    ),
    "a list in an action": case("actions.add(Tracked(1, Charge(state.queue))) #! hidden"),
    "an item in an action": case("""
            item = state.items[1]
            actions.add(Untracked(Tell(item))) #! hidden
        """),
    "a list of an item in an action": case(
        """
            charge = Charge(what=state.items[1].tags) #! hidden
            actions.add(Tracked(1, charge))
        """
    ),
    "the decimal context": case("""
            from decimal import getcontext
            getcontext().prec = 3 #! hidden
        """),
    # --- restore, invariants
    "restore writes": case("pass", restore="state.count += 1 #! restore"),
    "restore empties": case(
        "pass",
        restore="""
            for item in state.items.values():
                item.done = True #! restore
        """,
    ),
    "restore's helper writes": case(
        "pass",
        restore="_r(state)",
        after="""
            def _r(s):
                s.queue.clear() #! restore
        """,
    ),
    "an invariant writes": case(
        "pass",
        methods="""
            @invariant
            def fine(self, state):
                state.queue.sort() #! invariant
                return True
        """,
    ),
    # --- completion
    "a completion is ignored": case(
        """
            match input:
                case Normal(Go(n)):
                    state.count += n
                case TrackedActionCompleted():
                    pass #! completion
        """
    ),
    "by an if": case("""
            if isinstance(input, TrackedActionCompleted):
                return #! completion
            state.count += 1
        """),
    "a result is ignored": case(
        """
            match input:
                case TrackedActionCompleted(id, result):
                    match result:
                        case Yes():
                            del state.items[id]
                        case No():
                            pass #! completion
        """
    ),
    "in a helper of its own": case(
        """
            match input:
                case TrackedActionCompleted(id, result):
                    _answered(state, id, result)
        """,
        after="""
            def _answered(state, id, result):
                match result:
                    case Yes():
                        del state.items[id]
                    case No():
                        return #! completion
        """,
    ),
    "only told of": case(
        """
            match input:
                case TrackedActionCompleted(id, result):
                    if result == No():
                        actions.add(Untracked(Tell('no'))) #! completion
                    else:
                        del state.items[id]
        """
    ),
    "a file of the module": case(
        "state.name = PATH.read_text() #! reads",
        top="""
            from pathlib import Path
            PATH = Path('x')
        """,
    ),
    "a file written": case(
        """
            with PATH.open('a') as f: #! effects
                f.write('x')
        """,
        top="""
            from pathlib import Path
            PATH = Path('x')
        """,
    ),
    "in the pattern": case(
        """
            match input:
                case TrackedActionCompleted(id, No()):
                    pass #! completion
                case _:
                    state.count += 1
        """
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_and_nothing_else(name: str, source: Any, marked: Any, said: Any) -> None:
    body, parts = WRONG[name]
    text = source(body, **parts)
    assert marked(text)
    assert said(text) == marked(text)


def test_there_are_enough_of_them() -> None:
    assert len(WRONG) >= 50
