"""Executes functions in other processes: a pool of workers, and forks that have done nothing before.

Workers have a fixed hash seed, so that a machine that depends on it gives the same report wherever it is simulated.
They ignore Ctrl-C from their first moment: the parent process gets it, reports what is done, and ends them.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Protocol, TypeVar

from fasm_cli.errors import FasmError, MachineError

T = TypeVar("T")
Setup = Callable[..., None]

FIXED_HASH_SEED = {"PYTHONHASHSEED": "0"}  # of every worker that makes runs, so that all of them agree


class Executor(Protocol):
    """Processes that were set up for one machine, on this computer or on others."""

    def map_ordered(self, function: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        """Yield the results of `calls` in their order; a few are under way at a time."""
        ...

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call `function` in one of the processes and wait for its result."""
        ...


class RecordingContext(SpawnContext):
    """Starts processes as the spawn context does, and remembers them: `ProcessPoolExecutor` can end its workers only
    from Python 3.14 on."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[BaseProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:  # type: ignore[override]  # noqa: N802
        process = multiprocessing.get_context("spawn").Process(*args, **kwargs)
        self.started.append(process)
        return process


class Pool:
    """`jobs` processes, each of which calls `setup(*arguments)` once. `environment` is added to their environment
    variables, for example a hash seed and a time zone."""

    def __init__(self, jobs: int, environment: Mapping[str, str], setup: Setup, *arguments: Any) -> None:
        self._jobs = jobs
        self._environment = environment
        self._context = RecordingContext()
        self._pool = ProcessPoolExecutor(jobs, self._context, initializer=_start, initargs=(setup, arguments))

    def map_ordered(self, function: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        return in_order((self.submit(function, *call) for call in calls), self._jobs)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        return result_of(self.submit(function, *arguments))

    def submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Call `function` in one of the processes without waiting for its result."""
        with _environment(self._environment), _block_sigint():  # this call may start a process
            return self._pool.submit(function, *arguments)

    def close(self) -> None:
        """Kill the processes, whatever they are doing."""
        for process in self._context.started:
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)  # its thread notices that they are gone, and ends too

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def in_order(futures: "Iterable[Future[T]]", ahead: int) -> Iterator[T]:
    """Yield the results of `futures` in their order, and ask for `ahead` of them before waiting for the first."""
    waiting: deque[Future[T]] = deque()
    for future in futures:
        waiting.append(future)
        if len(waiting) > ahead:
            yield result_of(waiting.popleft())
    while waiting:
        yield result_of(waiting.popleft())


def result_of(future: "Future[T]") -> T:
    """Wait for the result of a call in another process. Raises `MachineError` if the process is gone."""
    try:
        return future.result()
    except BrokenExecutor:
        why = "killed, out of memory, or by the machine itself"
        raise MachineError(f"a process that ran the machine ended: {why}") from None


def _start(setup: Setup, arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = sys.stderr  # what a machine prints is no result
    end_with_parent()
    setup(*arguments)


@contextmanager
def _environment(changed: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _block_sigint() -> Iterator[None]:
    """Delay an interrupt until the block ends. Processes that start in the block never receive one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def ignore_sigpipe() -> Iterator[None]:
    """Turn a broken pipe into an exception: this process must not end because a worker died."""
    if not hasattr(signal, "SIGPIPE") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


# --- forks ---------------------------------------------------------------------------------------------------------


def in_fork(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call `function` in a forked child of this process. Its result, or its exception, is pickled and comes back.

    On a platform without fork the call is made in this process; what an earlier call left behind may then be visible.
    """
    if not hasattr(os, "fork"):
        return function(*args, **kwargs)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _run_child(writing, function, args, kwargs)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    if not data:
        raise RuntimeError("the machine ended the process it ran in")
    succeeded, result = pickle.loads(data)  # written by our own child
    if succeeded:
        answer: T = result
        return answer
    raise result


def _run_child(pipe: int, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Call `function`, write its result to `pipe`, and end the process."""
    end_with_parent()
    try:
        try:
            answer = pickle.dumps((True, function(*args, **kwargs)))
        except FasmError as error:
            answer = pickle.dumps((False, error))
        except BaseException as error:
            answer = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
        with os.fdopen(pipe, "wb") as out:
            out.write(answer)
    finally:
        os._exit(0)


def end_with_parent() -> None:
    """Have the system kill this process when its parent dies: it would wait for work, or work for nobody, for ever."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
