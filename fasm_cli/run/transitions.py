"""The one thread on which a machine that runs for real takes its steps, one after another.

The event loop of the handlers never waits for a disk, and a step is the same step as anywhere else.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from fasm_cli.core.event import Complete, Event, Restore
from fasm_cli.core.machine import Machine
from fasm_cli.core.model import Action, Tracked
from fasm_cli.core.outcome import Outcome, Step
from fasm_cli.core.step import Process
from fasm_cli.state.durable import Durable, Entry, Place

T = TypeVar("T")
Call = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken; `waiting` is whether the action that a result was for is pending still, `again` whether
    an input with this key was accepted before, and nothing was done."""

    step: Step
    key: str = ""
    waiting: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """What there is to do at first: what `restore` emitted, and what only the outbox knows of."""

    restored: Step | None  # None where the state is new
    left: dict[Place, Action]


class Transitions:
    """A machine's process in a store, which `open` opens on the thread it will be used on."""

    def __init__(self, machine: Machine, open: Callable[[], Durable]) -> None:
        self._machine = machine
        self._open = open
        self._store: Durable | None = None  # until it is opened
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="fasm-steps", daemon=True)

    async def start(self) -> Start:
        """Open the store, and restore what an earlier process left pending. Raises what `open` does."""
        self._thread.start()
        return await self._on_thread(self._start)

    async def take(self, event: Event, key: str = "", sent: Iterable[Place] = ()) -> Taken:
        """Let `event` happen."""
        return await self._on_thread(lambda: self._take(event, key, sent))

    async def stop(self, sent: Iterable[Place]) -> None:
        """Close the store."""
        await self._on_thread(lambda: self._stop(sent))
        self._calls.put(None)

    async def _on_thread(self, call: Callable[[], T]) -> T:
        """A pool of one thread would do the same, at twice the price for each step."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put((call, future, loop))
        return await future

    def _serve(self) -> None:
        """The whole life of the thread."""
        while (asked := self._calls.get()) is not None:
            call, future, loop = asked
            try:
                tell, result = future.set_result, call()
            except BaseException as error:
                tell, result = future.set_exception, error
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(_tell, future, tell, result)

    # --- on the thread ----------------------------------------------------------------------------------------

    def _start(self) -> Start:
        self._store = store = self._open()
        self._process = process = Process(self._machine, store)
        if store.fresh:
            return Start(None, {})
        process.up = False
        number = store.version + 2  # a crash, and this
        restored = process.step(Restore(), number)
        if restored.outcome is Outcome.COMMITTED:
            store.restarted(restored.actions)
        ids = [action.id for action in restored.actions if type(action) is Tracked]
        left = {
            place: action
            for place, action in store.outbox().items()
            if type(action) is not Tracked or action.id not in ids
        }
        return Start(restored, left)

    def _take(self, event: Event, key: str, sent: Iterable[Place]) -> Taken:
        store, process = self._store, self._process
        assert store is not None, "it was started"
        before = store.accepted_at(key) if key else None
        if before is not None:
            return Taken(Step(before, event, Outcome.COMMITTED), key, again=True)
        store.entry = Entry(event, key, sent)
        step = process.step(event, store.version + 1)
        return Taken(step, key, type(event) is Complete and event.id in process.pending)

    def _stop(self, sent: Iterable[Place]) -> None:
        if self._store is not None:
            self._store.sent(sent)
            self._store.close()


def _tell(future: "asyncio.Future[Any]", tell: Callable[[Any], None], result: Any) -> None:
    if not future.cancelled():
        tell(result)
