"""Calling a function in a process that has done nothing before: a fork of this one, which only ever forks."""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from fasm_cli.errors import FasmError

T = TypeVar("T")


def in_fork(function: Callable[..., T], *args: Any) -> T:
    """`function(*args)` in a child, its result by way of pickle; an exception there is raised here.

    Where the platform cannot fork, the call is made here: what another call left behind may then go unnoticed.
    """
    if not hasattr(os, "fork"):
        return function(*args)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(writing, function, args)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    if not data:
        raise RuntimeError("the machine ended the process it ran in")
    worked, result = pickle.loads(data)  # written by our own child
    if worked:
        answer: T = result
        return answer
    raise result


def _answer(pipe: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """The whole life of the child."""
    end_with_parent()
    try:
        try:
            told = pickle.dumps((True, function(*args)))
        except FasmError as error:
            told = pickle.dumps((False, error))
        except BaseException as error:
            told = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
        with os.fdopen(pipe, "wb") as out:
            out.write(told)
    finally:
        os._exit(0)


def end_with_parent() -> None:
    """Have this process ended when its parent is killed: it would wait for work, or work for nobody, for ever."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
