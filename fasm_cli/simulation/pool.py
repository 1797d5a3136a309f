"""Where runs are executed: a pool of processes.

They have a hash seed of their own, so that a machine that depends on it gives the same report wherever it is simulated.
They are deaf to Ctrl-C from their first moment: their parent gets it, says what is done, and ends them.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, TypeVar

from fasm_cli.errors import MachineError
from fasm_cli.simulation.fork import end_with_parent

T = TypeVar("T")
Setup = Callable[..., None]


class Executor(Protocol):
    """Processes that were set up for one machine, wherever they are."""

    def map_ordered(self, function: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        """The results of `calls` in their order, a few being under way at a time."""
        ...

    def call(self, function: Callable[..., T], *arguments: Any) -> T: ...


FIXED_HASH_SEED = {"PYTHONHASHSEED": "0"}  # of every process that runs, so that all come to the same


class Pool:
    """`jobs` processes, each set up once; `environment` is what differs in theirs: the hash seed, the time zone."""

    def __init__(self, jobs: int, environment: Mapping[str, str], setup: Setup, *arguments: Any) -> None:
        self._jobs = jobs
        self._environment = environment
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(setup, arguments))

    def map_ordered(self, function: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        return in_order((self._submit(function, call) for call in calls), self._jobs)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        return result_of(self._submit(function, arguments))

    def submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        """As `one`, without waiting."""
        return self._submit(function, arguments)

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)  # its thread sees that they are gone, and ends too

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _submit(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> "Future[T]":
        with _environment(self._environment), _block_sigint():  # a process of the pool may be started by this call
            return self._pool.submit(function, *arguments)


def in_order(futures: "Iterable[Future[T]]", ahead: int) -> Iterator[T]:
    """The results of `futures`, which are asked for one by one, `ahead` of them before the first is waited for."""
    waiting: deque[Future[T]] = deque()
    for future in futures:
        waiting.append(future)
        if len(waiting) > ahead:
            yield result_of(waiting.popleft())
    while waiting:
        yield result_of(waiting.popleft())


def result_of(future: "Future[T]") -> T:
    """What a call in another process came to. Raises `MachineError` where the process is gone."""
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
    """An interrupt waits until this is over; processes that start meanwhile never hear of one."""
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
    """A broken pipe is an exception and not the end of this process, while it talks to processes that may die."""
    if not hasattr(signal, "SIGPIPE") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)
