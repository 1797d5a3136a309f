"""Event loops for states that await futures: one with a virtual clock for simulating, a real one for production."""

import asyncio
from abc import ABC, abstractmethod
from asyncio import events
from collections import deque
from collections.abc import Callable
from contextvars import Context
from heapq import heappop, heappush
from itertools import count
from typing import Any, Self, cast

from fasm_cli.engine.coroutines import ContractViolation


class TransitionLoop(ABC):
    """The loop that `asyncio` finds running in this thread within a `with` block. It replaces another one."""

    def __enter__(self) -> Self:  # not a generator, because it is entered for every step
        self._outer = events._get_running_loop()
        events._set_running_loop(self._as_loop)
        return self

    def __exit__(self, *error: object) -> None:
        events._set_running_loop(self._outer)

    @property
    @abstractmethod
    def _as_loop(self) -> asyncio.AbstractEventLoop: ...

    @abstractmethod
    def run_until(self, future: Any) -> None:
        """Run callbacks until `future` is done. Raises `ContractViolation` if it never will be."""


class VirtualLoop(TransitionLoop):
    """The loop that `asyncio` finds running during a transition: what a state awaits comes at once, and in the same
    order every time.

    It has timers, futures and tasks, but no sockets, threads or signals. The clock starts at 0 for every transition and
    jumps to the next timer when nothing else is left to do.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = count()

    def run_until(self, future: Any) -> None:
        while not future.done():
            if not self._ready:
                if not self._timers:
                    raise ContractViolation("awaits something of the state that never comes")
                self._now = max(self._now, self._timers[0][0])
                while self._timers and self._timers[0][0] <= self._now:
                    self._ready.append(heappop(self._timers)[2])
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"{name}: the loop of a transition has no outside; its effects are actions")

    @property
    def _as_loop(self) -> asyncio.AbstractEventLoop:
        return cast("asyncio.AbstractEventLoop", self)

    def time(self) -> float:
        return self._now

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self._as_loop, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self._as_loop, context)
        heappush(self._timers, (when, next(self._order), timer))
        return timer

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self._as_loop)

    def create_task(self, coro: Any, **named: Any) -> "asyncio.Task[Any]":
        return asyncio.Task(coro, loop=self._as_loop, **named)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Ignore the failure of a task that nobody awaits."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Nothing to do: a cancelled timer stays in the heap and is skipped."""

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False


class RealLoop(TransitionLoop):
    """An event loop in which time passes: for states that wait for something real."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    @property
    def _as_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def run_until(self, future: Any) -> None:
        events._set_running_loop(None)
        try:
            self._loop.run_until_complete(asyncio.wait([future]))
        finally:
            events._set_running_loop(self._loop)

    def close(self) -> None:
        self._loop.close()
