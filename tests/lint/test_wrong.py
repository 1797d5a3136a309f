"""Snippets that break a law: each line marked `#! law` is found, and no other."""

from typing import Any

import pytest

Case = tuple[str, dict[str, str]]


def case(body: str, **parts: str) -> Case:
    return body, parts


WRONG: dict[str, Case] = {
    # --- clock
    "time.time": case("import time\nstate.count = int(time.time()) #! clock"),
    "import as": case("state.count = t.monotonic_ns() #! clock", top="import time as t"),
    "from import": case("state.count = time() #! clock", top="from time import time"),
    "from import as": case("state.count = now() #! clock", top="from time import perf_counter as now"),
    "datetime.now": case("state.name = str(datetime.now()) #! clock", top="from datetime import datetime"),
    "datetime.utcnow": case("state.name = str(datetime.datetime.utcnow()) #! clock", top="import datetime"),
    "date.today": case("state.name = str(date.today()) #! clock", top="from datetime import date"),
    "an alias": case("state.count = clock() #! clock", top="import time\nclock = time.time"),
    "a local alias": case("import time\nclock = time.time #! clock\nstate.count = clock() #! clock"),
    "getattr": case("import time\nstate.count = getattr(time, 'time')() #! clock"),
    "__import__": case("state.count = __import__('time').time() #! clock"),
    "passed on": case("state.count = next(iter(time.time, None)) #! clock", top="import time"),
    "localtime without a time": case("state.name = time.strftime('%H') #! clock", top="import time"),
    "a default": case("""
        import time
        def late(now=time.time()): #! clock
            return now
        state.count = late()
    """),
    "evaluated at import": case("state.count = START", top="import time\nSTART = time.time() #! clock"),
    "a class attribute": case("state.count = self.start", attributes="start = time.time() #! clock", top="import time"),
    "a default factory": case(
        "state.name = str(Stamp())",
        top="from datetime import datetime\n@dataclass\nclass Stamp:\n"
        "    at: datetime = field(default_factory=datetime.now) #! clock",
    ),
    "in a helper": case("_help(state)", after="import time\ndef _help(state):\n    state.count = time.time() #! clock"),
    "in a helper's helper": case(
        "_a(state)", after="import time\ndef _a(s): _b(s)\ndef _b(s):\n    s.count = time.time() #! clock"
    ),
    "in a method": case("self.help(state)", methods="def help(self, state):\n    state.count = time() #! clock", top="from time import time"),
    "in a method of the state": case(
        "state.stamp()", fields="def stamp(self):\n    self.count = time() #! clock", top="from time import time"
    ),
    "in a property of the state": case(
        "state.count = state.now",
        fields="@property\ndef now(self):\n    return time() #! clock",
        top="from time import time",
    ),
    "in restore": case("pass", restore="import time\nactions.add(Untracked(Tell(time.time()))) #! clock"),
    "in an invariant": case(
        "pass", methods="@invariant\ndef early(self, state):\n    return time() < 9 #! clock", top="from time import time"
    ),
    "in a lambda": case("state.queue = sorted(state.queue, key=lambda n: time()) #! clock", top="from time import time"),
    "handed on as a function": case(
        "state.queue.sort(key=_key)", after="import time\ndef _key(n):\n    return time.time() #! clock"
    ),
    "through a base class": case("self.help()", top="import time\nclass Base(StateMachine):\n    def help(self):\n"
        "        return time.time() #! clock", after="class N(M, Base): pass"),
    # --- random
    "random.random": case("import random\nstate.count = random.randint(1, 6) #! random"),
    "from random": case("state.count = choice([1, 2]) #! random", top="from random import choice"),
    "shuffle": case("import random\nrandom.shuffle(state.queue) #! random"),
    "Random without a seed": case("import random\nstate.count = random.Random().getrandbits(8) #! random"),
    "a generator of the module": case("state.count = RNG.randrange(6) #! random", top="import random\nRNG = random.Random(7)"),
    "a generator of the class": case(
        "state.count = self.rng.random() #! random", attributes="rng = random.Random(7)", top="import random"
    ),
    "uuid4": case("state.name = str(uuid.uuid4()) #! random", top="import uuid"),
    "urandom": case("import os\nstate.name = os.urandom(4).hex() #! random"),
    "secrets": case("import secrets\nstate.name = secrets.token_hex() #! random"),
    # --- effects
    "print": case("print('hi') #! effects"),
    "open to write": case("open('log', 'a').write('x') #! effects"),
    "socket": case("import socket\nsocket.create_connection(('a', 1)) #! effects"),
    "subprocess": case("import subprocess\nsubprocess.run(['ls']) #! effects"),
    "requests": case("requests.post('http://x') #! effects", top="import requests"),
    "urllib": case("urlopen('http://x') #! effects", top="from urllib.request import urlopen"),
    "os.system": case("import os\nos.system('ls') #! effects"),
    "logging": case("logging.info('x') #! effects", top="import logging"),
    "a logger": case("log.warning('x') #! effects", top="import logging\nlog = logging.getLogger(__name__)"),
    "threading": case("import threading\nthreading.Thread(target=None) #! effects"),
    "sqlite": case("import sqlite3\ndb = sqlite3.connect(':memory:') #! effects"),
    "asyncio.sleep": case("import asyncio\nawait asyncio.sleep(1) #! effects"),
    "gather": case("from asyncio import gather\nawait gather() #! effects"),
    "time.sleep": case("import time\ntime.sleep(1) #! effects"),
    "write_text": case("Path('x').write_text('y') #! effects", top="from pathlib import Path"),
    # --- reads
    "environ": case("import os\nstate.name = os.environ['HOME'] #! reads"),
    "environ imported": case("state.name = environ.get('HOME') #! reads", top="from os import environ"),
    "getenv": case("import os\nstate.name = os.getenv('HOME') #! reads"),
    "getcwd": case("import os\nstate.name = os.getcwd() #! reads"),
    "open to read": case("state.name = open('x').read() #! reads"),
    "read_text": case("p = Path('x')\nstate.name = p.read_text() #! reads", top="from pathlib import Path"),
    "configuration read at import": case("state.count = LIMIT", top="import os\nLIMIT = int(os.environ['LIMIT']) #! reads"),
    "a global that changes": case(
        "state.count = RATE #! reads", top="RATE = 1\ndef set_rate(n):\n    global RATE\n    RATE = n"
    ),
    "a table that changes": case(
        "state.count = RATES['a'] #! reads", top="RATES = {'a': 1}\ndef learn(n):\n    RATES['a'] = n"
    ),
    "a class attribute that changes": case(
        "state.count = M.rate #! reads", attributes="rate = 1", after="def set_rate(n):\n    M.rate = n"
    ),
    "local time": case("state.name = str(at.astimezone()) #! reads", top="from datetime import datetime\nat = datetime(2020, 1, 1)"),
    # --- deterministic
    "a loop over a set": case("for n in state.ids: #! deterministic\n    actions.add(Untracked(Tell(n)))"),
    "a loop over a local set": case("found = {1, 2}\nfor n in found: #! deterministic\n    state.queue.append(n)"),
    "list of a set": case("state.queue = list(state.ids) #! deterministic"),
    "a comprehension": case("state.queue = [n + 1 for n in state.ids] #! deterministic"),
    "next(iter)": case("state.count = next(iter(state.ids)) #! deterministic"),
    "pop": case("actions.add(Untracked(Tell(state.ids.pop()))) #! deterministic atomic" if False else "first = state.ids.pop() #! deterministic"),
    "join": case("state.name = ','.join({str(n) for n in state.queue}) #! deterministic"),
    "an f-string": case("state.name = f'{state.ids}' #! deterministic"),
    "set algebra": case("state.queue = list(state.ids - {1}) #! deterministic"),
    "ids given in the order of a set": case("for n in state.ids: #! deterministic\n    state.count += 1\n    state.items[n] = Item(state.count, [])"),
    "a set handed to a helper": case(
        "_all(state.ids, actions)", after="def _all(ids, actions):\n    for n in ids: #! deterministic\n        actions.add(Untracked(Tell(n)))"
    ),
    "hash": case("state.count = hash(state.name) #! deterministic"),
    "id": case("state.count = id(state) #! deterministic"),
    # --- atomic
    "written before add": case("state.count += 1 #! atomic\nactions.add(Untracked(Tell(1)))"),
    "written before a refusal": case("state.count += 1 #! atomic\nif state.count > 9:\n    raise Refused()"),
    "an item before add": case("item = state.items.get(1)\nitem.done = True #! atomic\nactions.add(Untracked(Tell(1)))"),
    "a container before add": case("state.queue.append(1) #! atomic\nactions.add(Untracked(Tell(1)))"),
    "deleted before add": case("del state.items[1] #! atomic\nactions.add(Untracked(Tell(1)))"),
    "written in one branch": case("if state.name:\n    state.name = '' #! atomic\nactions.add(Untracked(Tell(1)))"),
    "the second round of a loop": case("for n in state.queue:\n    actions.add(Tracked(n, Charge(n)))\n    state.count += 1 #! atomic"),
    "written by a helper": case(
        "_count(state) #! atomic\nactions.add(Untracked(Tell(1)))", after="def _count(state):\n    state.count += 1"
    ),
    "a helper that refuses": case(
        "state.count += 1 #! atomic\n_check(state)", after="def _check(state):\n    if state.count > 9:\n        raise Refused()"
    ),
    "in a helper": case("_go(state, actions)", after="def _go(state, actions):\n    state.count += 1 #! atomic\n    actions.add(Untracked(Tell(1)))"),
    "in an async helper": case("await self.go(state, actions)", methods="async def go(self, state, actions):\n    state.count += 1 #! atomic\n    actions.add(Untracked(Tell(1)))"),
    # --- hidden
    "self": case("self.last = 1 #! hidden"),
    "a container of self": case("self.seen.append(1) #! hidden", attributes="seen = []"),
    "a global": case("global LAST\nLAST = 1 #! hidden", top="LAST = 0"),
    "a global container": case("SEEN.add(input) #! hidden", top="SEEN = set()"),
    "a global table": case("CACHE[1] = 2 #! hidden", top="CACHE = {}"),
    "a class": case("M.last = 1 #! hidden"),
    "type(self)": case("type(self).last = 1 #! hidden"),
    "a function's attribute": case("_f.calls = 1 #! hidden", after="def _f(): pass"),
    "a module's attribute": case("config.rate = 1 #! hidden", top="import config"),
    "a mutable default": case("_f(1)", after="def _f(n, seen=[]): #! hidden\n    return seen"),
    "a list in an action": case("actions.add(Tracked(1, Charge(state.queue))) #! hidden"),
    "an item in an action": case("item = state.items[1]\nactions.add(Untracked(Tell(item))) #! hidden"),
    "a list of an item in an action": case("charge = Charge(what=state.items[1].tags) #! hidden\nactions.add(Tracked(1, charge))"),
    "the decimal context": case("from decimal import getcontext\ngetcontext().prec = 3 #! hidden"),
    # --- restore, invariants
    "restore writes": case("pass", restore="state.count += 1 #! restore"),
    "restore empties": case("pass", restore="for item in state.items.values():\n    item.done = True #! restore"),
    "restore's helper writes": case("pass", restore="_r(state)", after="def _r(s):\n    s.queue.clear() #! restore"),
    "an invariant writes": case("pass", methods="@invariant\ndef fine(self, state):\n    state.queue.sort() #! invariant\n    return True"),
    # --- completion
    "a completion is ignored": case("match input:\n    case Normal(Go(n)):\n        state.count += n\n    case TrackedActionCompleted():\n        pass #! completion"),
    "by an if": case("if isinstance(input, TrackedActionCompleted): #! completion\n    return\nstate.count += 1"),
    "a result is ignored": case("match input:\n    case TrackedActionCompleted(id, result):\n        match result:\n            case Yes():\n                del state.items[id]\n            case No():\n                pass #! completion"),
    "in a helper of its own": case(
        "match input:\n    case TrackedActionCompleted(id, result):\n        _answered(state, id, result)",
        after="def _answered(state, id, result):\n    match result:\n        case Yes():\n            del state.items[id]\n        case No():\n            return #! completion",
    ),
    "and only said": case("match input:\n    case TrackedActionCompleted(id, result):\n        match result:\n            case Yes():\n                state.count = 1\n            case No():\n                pass #! completion\n        actions.add(Untracked(Tell(1)))\n    case _:\n        state.count += 1" if False else "match input:\n    case TrackedActionCompleted(id, No()):\n        pass #! completion\n    case _:\n        state.count += 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_and_nothing_else(name: str, source: Any, marked: Any, said: Any) -> None:
    body, parts = WRONG[name]
    text = source(body, **parts)
    assert marked(text)
    assert said(text) == marked(text)


def test_there_are_enough_of_them() -> None:
    assert len(WRONG) >= 50
