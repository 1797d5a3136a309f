"""Executes the steps of a machine in production, one after another, and commits those that wait as one batch.

Steps that are submitted while others run are committed together (group commit): the disk is waited for once, and nobody
gets an answer before the commit. Steps run on a thread of their own, so that the event loop of the handlers waits for
no disk and no server. If recent steps took less time than waking a thread, they run on the event loop instead.
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
from fasm_cli.engine.process_state import ProcessState
from fasm_cli.engine.step_result import Outcome, StepDetails, StepResult
from fasm_cli.stores.state_store import CommitMeta, CommitUnknown, DurableStore, OutboxPosition
from fasm_cli.types.fields import record

MAX_BATCH = 64  # steps in one transaction; the first of them waits for the last
INLINE_LIMIT_S = 0.001  # a batch that takes longer does not run on the event loop
T = TypeVar("T")
Call = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


@record
class Submitted:
    """A step that was executed.

    still_pending: the event was a result, and its action is still pending.
    duplicate: an input with this key was accepted before; nothing was executed.
    """

    step: StepResult
    key: str = ""
    still_pending: bool = False
    duplicate: bool = False


@dataclass(slots=True)
class PendingStep:
    """A step that was submitted and has no answer yet."""

    event: Event
    key: str
    sent: Iterable[OutboxPosition]
    answer: "Submitted | BaseException | None" = None
    answered: "asyncio.Future[None] | None" = None  # None if its caller executes the batch


@dataclass(frozen=True, slots=True)
class Start:
    """What is left of an earlier process: the step of `restore` (None if the state is new), and the actions in the
    outbox that `restore` did not emit."""

    restored: StepResult | None
    orphaned_actions: dict[OutboxPosition, Action]


class StepExecutor:
    """The queue of one machine. `open` opens its store, on the thread that will use it."""

    def __init__(self, machine: Machine, open: Callable[[], DurableStore]) -> None:
        self._machine = machine
        self._open = open
        self._store: DurableStore | None = None
        self._queue: list[PendingStep] = []
        self._executing = False  # somebody executes the queue, or is about to
        self._task: asyncio.Task[None] | None = None  # that executes it, if no caller does
        self._run_inline = False  # the last batch was short enough
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._thread = Thread(target=self._serve, name="fasm-steps", daemon=True)

    async def start(self) -> Start:
        """Open the store, and restore what an earlier process left pending. Raises what `open` raises."""
        self._thread.start()
        return await self._on_thread(self._start)

    async def execute(self, event: Event, key: str = "", sent: Iterable[OutboxPosition] = ()) -> Submitted:
        """Execute `event`, with the idempotency key of an input. `sent` are the untracked actions that were executed
        since the last commit.

        If recent steps were short, the first caller executes the whole batch inline: scheduling a task would cost more
        than the step.
        """
        pending = PendingStep(event, key, sent)
        self._queue.append(pending)
        if self._executing or not self._run_inline:
            pending.answered = asyncio.get_running_loop().create_future()
            if not self._executing:
                self._start_task()
            await pending.answered
        else:
            self._executing = True
            try:
                await asyncio.sleep(0)  # other tasks may submit in this turn of the event loop
            except BaseException:  # cancelled; the step is executed all the same
                self._start_task()
                raise
            await self._execute_queue()
        if isinstance(pending.answer, Submitted):
            return pending.answer
        assert pending.answer is not None
        raise pending.answer

    async def stop(self, sent: Iterable[OutboxPosition]) -> None:
        """Wait for the queue, and close the store."""
        if self._store is not None:
            self._store.shutdown.set()
        while self._executing:
            await (asyncio.sleep(0) if self._task is None else self._task)
        await self._on_thread(lambda: self._stop(sent))
        self._calls.put(None)

    def _start_task(self) -> None:
        self._executing = True
        self._task = asyncio.create_task(self._execute_queue())

    async def _execute_queue(self) -> None:
        """Execute one batch, and start a task for the next one."""
        batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
        try:
            if self._run_inline:
                answers = self._execute_batch(batch)
            else:
                answers = await self._on_thread(lambda: self._execute_batch(batch))
        except BaseException as error:  # without an answer, callers would wait for ever
            for pending in [*batch, *self._queue]:
                _answer(pending, error)
            self._queue, self._task, self._executing = [], None, False
            raise
        for pending, answer in zip(batch, answers, strict=True):
            _answer(pending, answer)
        self._executing, self._task = False, None
        if self._queue:
            self._start_task()

    async def _on_thread(self, call: Callable[[], T]) -> T:
        """The result of `call` on the thread. A `ThreadPoolExecutor` would take twice as long for each step."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._calls.put((call, future, loop))
        return await future

    def _serve(self) -> None:
        """The main function of the thread."""
        while (item := self._calls.get()) is not None:
            call, future, loop = item
            try:
                resolve, result = future.set_result, call()
            except BaseException as error:
                resolve, result = future.set_exception, error
            with suppress(RuntimeError):  # the loop was closed, so nobody waits
                loop.call_soon_threadsafe(_resolve, future, resolve, result)

    # --- on the thread, or inline -----------------------------------------------------------------------------

    def _start(self) -> Start:
        self._store = store = self._open()
        self._process = process = Process(self._machine, store, ProcessState(running=store.created))
        if store.created:
            return Start(None, {})
        number = store.version + 2  # after the crash of the earlier process
        restored = process.step(Restore(), number)
        if restored.outcome is Outcome.COMMITTED:
            store.log_restart(restored.actions)
        ids = {action.id for action in restored.actions if type(action) is Tracked}
        orphaned = {
            position: action
            for position, action in store.outbox().items()
            if type(action) is not Tracked or action.id not in ids
        }
        return Start(restored, orphaned)

    def _execute_batch(self, batch: list[PendingStep]) -> list[Submitted | BaseException]:
        """The answer to each of them."""
        assert self._store is not None
        begin = perf_counter()
        answers = self._execute_together(self._store, batch) if len(batch) > 1 else []
        if not answers:
            answers = [self._execute_alone(self._store, pending) for pending in batch]
        self._run_inline = self._store.in_process and perf_counter() - begin < INLINE_LIMIT_S
        return answers

    def _execute_together(self, store: DurableStore, batch: list[PendingStep]) -> list[Submitted | BaseException]:
        """Execute all of them in one transaction. An empty list if that is impossible; then none has happened."""
        before = self._process.state.copy()
        committed = False
        store.begin_batch()
        try:
            steps = [self._execute(store, pending) for pending in batch]
            if not any(each.step.outcome is Outcome.ABORTED for each in steps):
                committed = store.commit_batch()
        except CommitUnknown as unknown:  # they may have been committed, so they must not be executed again
            details = StepDetails(reason=str(unknown))
            return [
                Submitted(StepResult(store.version, each.event, Outcome.ABORTED, details=details), each.key)
                for each in batch
            ]
        except Exception:  # raised again for its own caller when each is executed alone
            return []
        finally:
            if not committed:
                store.rollback_batch()
                self._process.state = before
        return [*steps] if committed else []

    def _execute_alone(self, store: DurableStore, pending: PendingStep) -> Submitted | BaseException:
        try:
            return self._execute(store, pending)
        except Exception as error:
            return error

    def _execute(self, store: DurableStore, pending: PendingStep) -> Submitted:
        event, key, process = pending.event, pending.key, self._process
        accepted_at = store.find_idempotency_key(key) if key else None
        if accepted_at is not None:
            return Submitted(StepResult(accepted_at, event, Outcome.COMMITTED), key, duplicate=True)
        store.meta = CommitMeta(event, key, pending.sent)
        step = process.step(event, store.version + 1)
        return Submitted(step, key, type(event) is Completion and event.id in process.pending)

    def _stop(self, sent: Iterable[OutboxPosition]) -> None:
        if self._store is not None:
            self._store.mark_sent(sent)
            self._store.close()


def _answer(pending: PendingStep, answer: Submitted | BaseException) -> None:
    pending.answer = answer
    if pending.answered is not None and not pending.answered.done():  # a cancelled caller does not wait any more
        pending.answered.set_result(None)


def _resolve(future: "asyncio.Future[Any]", resolve: Callable[[Any], None], result: Any) -> None:
    if not future.cancelled():
        resolve(result)
