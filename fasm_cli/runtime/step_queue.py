"""The steps of a machine that runs for real, one after another: where they are taken, and how many at once.

What was asked for while others were on their way is taken together, in one transaction, and nobody gets an answer
before that is committed: the disk is waited for once. Steps are taken on a thread, so that the event loop of the
handlers waits for no disk and no server; except where they have shown to be over before a thread would have been woken.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any, TypeVar

from fasm_cli.contract.state_machine import Action, Tracked
from fasm_cli.engine.events import Completion, Event, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process
from fasm_cli.engine.step_result import Outcome, StepDetails, StepResult
from fasm_cli.stores.durable_store import CommitMeta, CommitUnknown, DurableStore, OutboxPosition

MAX_BATCH = 64  # steps that are taken together; the first of them waits for the last
INLINE_LIMIT_S = 0.001  # seconds that the event loop can do without
T = TypeVar("T")
Call = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


@dataclass(slots=True)  # made for every step, and frozen it would take thrice as long
class Submitted:
    """A step that was taken; `waiting` is whether the action that a result was for is pending still, `again` whether
    an input with this key was accepted before, and nothing was done."""

    step: StepResult
    key: str = ""
    still_pending: bool = False
    duplicate: bool = False


@dataclass(slots=True)
class PendingStep:
    """A step that somebody waits for: with a future, or by taking it."""

    event: Event
    key: str
    sent: Iterable[OutboxPosition]
    answer: "Submitted | BaseException | None" = None  # until there is one
    answered: "asyncio.Future[None] | None" = None


@dataclass(frozen=True, slots=True)
class Start:
    """What there is to do at first: what `restore` emitted, and what only the outbox knows of."""

    restored: StepResult | None  # None where the state is new
    orphaned_actions: dict[OutboxPosition, Action]


class StepExecutor:
    """A machine's process in a store, which `open` opens on the thread it will be used on."""

    def __init__(self, machine: Machine, open: Callable[[], DurableStore]) -> None:
        self._machine = machine
        self._open = open
        self._store: DurableStore | None = None  # until it is opened
        self._asked: list[PendingStep] = []
        self._taking = False  # somebody takes what is asked for, or is about to
        self._work: asyncio.Task[None] | None = None  # which does that, where nobody of those who ask does
        self._run_inline = False  # the last steps were
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="fasm-steps", daemon=True)

    async def start(self) -> Start:
        """Open the store, and restore what an earlier process left pending. Raises what `open` does."""
        self._thread.start()
        return await self._on_thread(self._start)

    async def take(self, event: Event, key: str = "", sent: Iterable[OutboxPosition] = ()) -> Submitted:
        """Let `event` happen. Who asks first takes it for all others too, where that keeps the event loop only shortly;
        a task for it would take longer than the step."""
        asked = PendingStep(event, key, sent)
        self._asked.append(asked)
        if self._taking or not self._run_inline:
            asked.answered = asyncio.get_running_loop().create_future()
            if not self._taking:
                self._begin()
            await asked.answered
        else:
            self._taking = True
            try:
                await asyncio.sleep(0)  # not at once: others may ask in this turn too
            except BaseException:  # cancelled: what was asked for happens all the same
                self._begin()
                raise
            await self._take_asked()
        if isinstance(asked.answer, Submitted):
            return asked.answer
        assert asked.answer is not None, "it was answered"
        raise asked.answer

    async def stop(self, sent: Iterable[OutboxPosition]) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.shutdown.set()
        while self._taking:
            await (asyncio.sleep(0) if self._work is None else self._work)
        await self._on_thread(lambda: self._stop(sent))
        self._calls.put(None)

    def _begin(self) -> None:
        self._taking = True
        self._work = asyncio.create_task(self._take_asked())

    async def _take_asked(self) -> None:
        asked, self._asked = self._asked[:MAX_BATCH], self._asked[MAX_BATCH:]
        try:
            took = self._take_all(asked) if self._run_inline else await self._on_thread(lambda: self._take_all(asked))
        except BaseException as error:  # nobody is left to wait for what will not come
            for each in [*asked, *self._asked]:
                _answer(each, error)
            self._asked, self._work, self._taking = [], None, False
            raise
        for each, taken in zip(asked, took, strict=True):
            _answer(each, taken)
        self._taking, self._work = False, None
        if self._asked:
            self._begin()

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

    # --- on the thread, or in its place -------------------------------------------------------------------------

    def _start(self) -> Start:
        self._store = store = self._open()
        self._process = process = Process(self._machine, store)
        if store.created:
            return Start(None, {})
        process.state.running = False
        number = store.version + 2  # a crash, and this
        restored = process.step(Restore(), number)
        if restored.outcome is Outcome.COMMITTED:
            store.log_restart(restored.actions)
        ids = [action.id for action in restored.actions if type(action) is Tracked]
        left = {
            place: action
            for place, action in store.outbox().items()
            if type(action) is not Tracked or action.id not in ids
        }
        return Start(restored, left)

    def _take_all(self, asked: list[PendingStep]) -> list[Submitted | BaseException]:
        """What became of each of them."""
        assert self._store is not None, "it was started"
        begun = perf_counter()
        took = self._take_together(self._store, asked) if len(asked) > 1 else []
        if not took:
            took = [self._take_alone(self._store, each) for each in asked]
        self._run_inline = self._store.in_process and perf_counter() - begun < INLINE_LIMIT_S
        return took

    def _take_together(self, store: DurableStore, asked: list[PendingStep]) -> list[Submitted | BaseException]:
        """All of them in one transaction; nothing where that cannot be, and none of them has happened."""
        before = self._process.state.copy()
        settled = False
        store.begin_batch()
        try:
            took = [self._take(store, each) for each in asked]
            if not any(each.step.outcome is Outcome.ABORTED for each in took):
                settled = store.commit_batch()
        except CommitUnknown as doubt:  # they may have happened: to take them again could be once too often
            why = str(doubt)
            return [
                Submitted(
                    StepResult(store.version, each.event, Outcome.ABORTED, details=StepDetails(reason=why)), each.key
                )
                for each in asked
            ]
        except Exception:  # whose it is gets it when each is taken by itself
            return []
        finally:
            if not settled:
                store.rollback_batch()
                self._process.state = before
        return [*took] if settled else []

    def _take_alone(self, store: DurableStore, asked: PendingStep) -> Submitted | BaseException:
        try:
            return self._take(store, asked)
        except Exception as error:
            return error

    def _take(self, store: DurableStore, asked: PendingStep) -> Submitted:
        event, key, process = asked.event, asked.key, self._process
        before = store.find_idempotency_key(key) if key else None
        if before is not None:
            return Submitted(StepResult(before, event, Outcome.COMMITTED), key, duplicate=True)
        store.entry = CommitMeta(event, key, asked.sent)
        step = process.step(event, store.version + 1)
        return Submitted(step, key, type(event) is Completion and event.id in process.pending)

    def _stop(self, sent: Iterable[OutboxPosition]) -> None:
        if self._store is not None:
            self._store.mark_sent(sent)
            self._store.close()


def _answer(asked: PendingStep, answer: Submitted | BaseException) -> None:
    asked.answer = answer
    if asked.answered is not None and not asked.answered.done():  # else nobody waits for it any more
        asked.answered.set_result(None)


def _tell(future: "asyncio.Future[Any]", tell: Callable[[Any], None], result: Any) -> None:
    if not future.cancelled():
        tell(result)
