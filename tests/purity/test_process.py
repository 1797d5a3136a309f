"""The guard changes nothing outside transitions, and uninstalling it restores the process."""

import asyncio
import copy
import datetime
import gc
import inspect
import io
import logging
import multiprocessing
import os
import pickle
import random
import shutil
import subprocess
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fasm_cli.engine.coroutines import run_coroutine
from fasm_cli.engine.purity_latch import LATCH, Breach
from fasm_cli.purity import install as guard
from fasm_cli.purity.forbidden_calls import CALLS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unguarded() -> None:
    guard.uninstall()  # another test may have run a command in this process


@pytest.fixture
def guarded(unguarded: None) -> Iterator[None]:
    guard.install()
    yield
    guard.uninstall()


def in_transition(act: Any) -> BaseException | None:
    async def stf() -> None:
        act()

    return run_coroutine(stf())


def test_wrapped_functions_return_the_same(guarded: None) -> None:
    assert type(time.time()) is float
    assert type(random.random()) is float
    assert type(os.getpid()) is int
    assert uuid.uuid4().version == 4
    assert os.environ["PATH"]
    assert os.path.exists(__file__)  # noqa: PTH110 - the function under test
    with redirect_stdout(io.StringIO()) as out:
        print("text")
    assert out.getvalue() == "text\n"


def test_datetime_keeps_its_identity(guarded: None) -> None:
    now = datetime.datetime.now(datetime.UTC)
    assert type(now) is datetime.datetime
    assert isinstance(now, datetime.date)
    assert pickle.loads(pickle.dumps(now)) == now == copy.deepcopy(now)
    assert type(datetime.date.today()) is datetime.date
    sub = type("Sub", (datetime.datetime,), {})
    assert type(sub.now()) is sub
    with pytest.raises(TypeError):
        datetime.datetime.now(1, 2)  # type: ignore[call-arg]


def test_wrappers_look_like_their_originals() -> None:
    before = {name: (name.__name__, name.__doc__, repr(name)) for name in (time.time, os.stat, random.randint)}
    text = str(inspect.signature(os.stat)), str(inspect.signature(uuid.uuid4)), str(inspect.signature(print))
    originals = list(before)
    guard.install()
    try:
        for original, wrapper in zip(originals, (time.time, os.stat, random.randint), strict=True):
            assert wrapper is not original
            assert (wrapper.__name__, wrapper.__doc__, repr(wrapper)) == before[original]
            assert wrapper == original
            assert hash(wrapper) == hash(original)
        assert (
            str(inspect.signature(os.stat)),
            str(inspect.signature(uuid.uuid4)),
            str(inspect.signature(print)),
        ) == text
        assert os.stat in os.supports_dir_fd
        assert pickle.loads(pickle.dumps(time.time)) is time.time
    finally:
        guard.uninstall()


def test_a_function_on_a_class_does_not_bind(guarded: None) -> None:
    class Clock:
        read = time.time

    assert type(Clock().read()) is float


def test_uninstall_restores_every_original() -> None:
    def snapshot() -> dict[str, Any]:
        found = {}
        for module, rows in CALLS.items():
            for path in " ".join(row.names for row in rows).split():
                owner: Any = sys.modules.get(module)
                first, _, rest = path.partition(".")
                value = getattr(owner, "__dict__", {}).get(first)
                found[f"{module}.{path}"] = vars(value).get(rest) if rest and value is not None else value
        return found

    before = snapshot()
    guard.install()
    during = snapshot()
    guard.install()
    assert [name for name, value in snapshot().items() if value is not during[name]] == []  # not wrapped twice
    guard.uninstall()
    assert [name for name, value in before.items() if snapshot()[name] is not value] == []
    replaced = [name for name, value in before.items() if value is not None and during[name] is value]
    assert replaced == []
    assert not LATCH.installed


def test_nothing_is_reported_after_uninstall(guarded: None) -> None:
    early = time.time
    guard.uninstall()
    assert in_transition(early) is None
    guard.install()
    assert isinstance(in_transition(time.time), Breach)


def test_rebind_replaces_names_bound_earlier() -> None:
    source = (
        "from time import time\nfrom datetime import datetime\nnow = datetime.now\n"
        "class Clock:\n    read = time\ndef late(at=time, *, by=time): return at() and by()\n"
    )
    module = ModuleType("bound_early")
    exec(source, vars(module))  # the text above
    guard.install()
    try:
        names = ("time", "now", "late", "Clock")
        assert not isinstance(in_transition(module.time), Breach)
        guard.rebind(module)
        found = {name: in_transition(getattr(vars(module)[name], "read", vars(module)[name])) for name in names}
        calls = {name: breach.call for name, breach in found.items() if isinstance(breach, Breach)}
        assert calls == {"time": "time.time()", "now": "datetime.now()", "late": "time.time()", "Clock": "time.time()"}
    finally:
        guard.uninstall()


def test_a_warning_names_its_caller(guarded: None) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("here", stacklevel=1)
        line = sys._getframe().f_lineno - 1

        def deeper() -> None:
            warnings.warn("there", stacklevel=2)

        deeper()
    assert [(Path(one.filename).name, one.lineno) for one in caught] == [
        (Path(__file__).name, line),
        (Path(__file__).name, line + 6),
    ]


def test_a_log_record_names_its_caller(guarded: None, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("guard").warning("here")
    assert [record.filename for record in caplog.records] == [Path(__file__).name]


def test_other_threads_are_not_guarded(guarded: None) -> None:
    def work() -> None:
        while not stop.is_set():
            seen.append(time.time())
            os.path.exists("/")  # noqa: PTH110

    seen: list[float] = []
    stop = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()

    def spin() -> None:
        while len(seen) < 100:
            pass

    assert in_transition(spin) is None
    stop.set()
    thread.join()


def test_finalizers_of_other_objects_are_not_reported(guarded: None) -> None:
    class Held:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            gone.append(time.time())

    gone: list[float] = []
    gc.disable()
    for _ in range(10):
        Held()
    gc.enable()

    def make_garbage() -> None:
        for _ in range(200_000):
            kept: list[Any] = []
            kept.append(kept)

    assert in_transition(make_garbage) is None
    assert len(gone) == 10
    assert LATCH.armed is False


def test_no_callback_stays_in_the_garbage_collector(guarded: None) -> None:
    assert in_transition(time.time) is not None
    assert [each for each in gc.callbacks if "fasm" in str(getattr(each, "__module__", "fasm"))] == []


def test_a_debugger_is_not_reported(guarded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "breakpointhook", lambda: sys.__stdout__ and time.time())
    assert in_transition(breakpoint) is None


def test_an_interrupt_clears_the_latch(guarded: None) -> None:
    def interrupted() -> None:
        try:
            time.time()
        finally:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_transition(interrupted)
    assert (LATCH.armed, LATCH.caught) == (False, None)
    assert in_transition(int) is None


def test_a_running_event_loop_survives_a_transition(guarded: None) -> None:
    async def main() -> bool:
        loop = asyncio.get_running_loop()
        assert isinstance(in_transition(asyncio.get_running_loop().time), BaseException | None)
        await asyncio.sleep(0)
        return asyncio.get_running_loop() is loop

    assert asyncio.run(main())


def test_files_and_processes_work_outside_transitions(guarded: None, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    shutil.rmtree(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    assert subprocess.check_output([sys.executable, "-c", "print(1)"]).strip() == b"1"


def test_a_forked_worker_is_guarded(guarded: None) -> None:
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12: there may be threads
        with context.Pool(1) as pool:
            assert pool.apply(worker) == "calls time.time() at test_process.py"


def worker() -> str:
    return str(in_transition(lambda: time.time())).partition(":")[0]


FRESH = """
import sys
from fasm_cli.engine.coroutines import run_coroutine
from fasm_cli.purity import install as guard
listed = {"random", "secrets", "uuid", "sqlite3", "platform", "asyncio", "urllib.request"}
before = listed & set(sys.modules)
guard.install()
print(sorted((listed & set(sys.modules)) - before), file=sys.stderr)
module = type(sys)("fresh_machine")
exec(compile('''
from random import random
from secrets import token_hex
from uuid import uuid4
from sqlite3 import connect
from platform import node
from asyncio import sleep
from urllib.request import urlopen
async def one(): random()
async def two(): token_hex()
async def three(): uuid4()
async def four(): connect(":memory:")
async def five(): node()
async def six():
    try: await sleep(1)
    except BaseException: pass
async def seven(): urlopen("http://localhost:1")
''', "/there/fresh.py", "exec"), vars(module))
for name in ("one", "two", "three", "four", "five", "six", "seven"):
    error = run_coroutine(vars(module)[name]())
    print(error.law, error)
"""


def test_modules_are_patched_when_they_are_first_imported() -> None:
    done = subprocess.run([sys.executable, "-X", "dev", "-c", FRESH], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "random calls random.random() at fresh.py:9",
        "random calls secrets.token_hex() at fresh.py:10",
        "random calls uuid.uuid4() at fresh.py:11",
        "effects calls sqlite3.connect() at fresh.py:12",
        "reads calls platform.node() at fresh.py:13",
        "effects calls asyncio.sleep() at fresh.py:15",
        "effects calls urllib.request.urlopen() at fresh.py:17",
    ]
    assert done.stderr == "[]\n"  # the guard imports no module itself, and shutdown is silent
