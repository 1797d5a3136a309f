"""The latch, and the decisions of the guard that need a stack or a module of a special kind."""

import decimal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest

from fasm_cli.engine.coroutines import run_coroutine
from fasm_cli.engine.purity_latch import Breach, Latch
from fasm_cli.purity import install as guard
from fasm_cli.purity.patches import Patches, WrappedCallable


@pytest.fixture
def guarded() -> Iterator[None]:
    guard.uninstall()  # another test may have run a command in this process
    guard.install()
    yield
    guard.uninstall()


def breach_in(source: str, file: str, **names: Any) -> object:
    """The breach of the STF that `source` defines in `file`."""
    namespace = {"__name__": "machine", "time": time, **names}
    exec(compile(source, file, "exec"), namespace)
    stf: Any = namespace["stf"]
    return run_coroutine(stf())


def test_the_first_breach_is_kept_and_collected_once() -> None:
    latch = Latch()
    for call in ("time.time()", "print()"):
        with pytest.raises(Breach):
            latch.breach(Breach("clock", call, "shop.py", 1))
    collected = latch.collect()
    assert collected is not None
    assert collected.call == "time.time()"
    assert latch.collect() is None


def test_a_breach_belongs_to_the_thread_that_made_it() -> None:
    latch, collected = Latch(), []

    def work() -> None:
        with pytest.raises(Breach):
            latch.breach(Breach("clock", "time.time()", "shop.py", 1))
        made.set()
        checked.wait()
        collected.append(latch.collect())

    made, checked = threading.Event(), threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    made.wait()
    assert latch.collect() is None
    checked.set()
    thread.join()
    assert [type(each) for each in collected] == [Breach]


def test_a_machine_may_be_in_an_installed_package(guarded: None) -> None:
    library: dict[str, Any] = {"__name__": "helpers", "time": time}
    exec(compile("def now(): return time.time()", "/lib/site-packages/helpers/clock.py", "exec"), library)
    source = "async def stf():\n    return now()"
    breach = breach_in(source, "/lib/site-packages/shop.py", now=library["now"])
    assert isinstance(breach, Breach)
    assert breach.place == "shop.py:2"


@pytest.mark.parametrize("package", ["pdb", "pydevd", "coverage"])
def test_a_debugger_inside_the_machine_is_not_reported(guarded: None, package: str) -> None:
    debugger: dict[str, Any] = {"__name__": f"{package}.tracer", "time": time}
    exec(compile("def trace(): return time.time()", "/lib/site-packages/tracer.py", "exec"), debugger)
    assert breach_in("async def stf():\n    trace()", "shop.py", trace=debugger["trace"]) is None


def test_a_changed_decimal_context_is_reported_and_restored(guarded: None) -> None:
    source = (
        "async def stf():\n    context = decimal.getcontext()\n    context.prec = 3\n"
        "    context.traps[decimal.Inexact] = not context.traps[decimal.Inexact]"
    )
    with decimal.localcontext() as context:
        context.prec = 17
        before = dict(context.traps)
        breach = breach_in(source, "shop.py", decimal=decimal)
        assert (context.prec, dict(context.traps)) == (17, before)
    assert isinstance(breach, Breach)
    assert (breach.law, breach.call, breach.place) == ("effects", "decimal.getcontext()", "shop.py:2")


def test_a_module_is_patched_after_its_body_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    guard.uninstall()
    module = ModuleType("secrets")
    module.__spec__ = ModuleSpec("secrets", None)
    monkeypatch.setattr(module.__spec__, "_initializing", True, raising=False)
    monkeypatch.setitem(sys.modules, "secrets", module)
    patches = Patches()
    try:
        patches.patch_loaded()
        vars(module)["choice"] = len
        monkeypatch.setattr(module.__spec__, "_initializing", False)
        patches.patch_loaded()
        assert isinstance(vars(module)["choice"], WrappedCallable)
    finally:
        patches.undo()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="warnings.warn has skip_file_prefixes since 3.12")
def test_a_warning_may_skip_files(guarded: None) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("here", skip_file_prefixes=("/nowhere",))  # type: ignore[call-arg,unused-ignore]
        line = sys._getframe().f_lineno - 1
    assert [(each.filename, each.lineno) for each in caught] == [(__file__, line)]
