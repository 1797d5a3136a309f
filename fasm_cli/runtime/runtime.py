"""Runs a machine in production: accepts inputs, executes actions, feeds their results back, and survives crashes.

    async with Runtime(Ledger, "sqlite:///ledger.db") as runtime:
        submitted = await runtime.submit(Transfer(source=1, target=2, amount=50), key="order-7")

A step and the actions that it emits are one transaction (transactional outbox), so an action is executed if and only if
its step was committed: at least once, under an id that stays the same. Its result is applied once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from random import random
from threading import Thread
from time import perf_counter
from typing import Any, TypeVar

from fasm_cli.contract.state_machine import Action, Handler, StateMachine, Tracked, Untracked
from fasm_cli.engine.events import ActionRef, Completion, Event, InputReceived, Restore
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.process import Process, ProcessState
from fasm_cli.engine.step_result import Outcome, StepDetails, StepResult
from fasm_cli.errors import InputError, MachineError
from fasm_cli.locks import FileLock
from fasm_cli.stores.open import file_of, open_durable
from fasm_cli.stores.state_store import CommitMeta, CommitUnknown, DurableStore, OutboxPosition
from fasm_cli.types.codec import format_value
from fasm_cli.types.fields import record
from fasm_cli.types.schema import variants

log = logging.getLogger("fasm")

FIRST_RETRY_DELAY_S, MAX_RETRY_DELAY_S = 0.1, 30.0  # of a step that was aborted or refused
MAX_SUBMIT_ATTEMPTS = 5  # of an input while the store is unavailable
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


class Runtime:
    """A machine with its state at `url`: `sqlite:///file`, `postgresql://…`, or `sqlite://` for a state in memory.

    concurrency: the number of handlers that run at the same time.
    shutdown_timeout: seconds that running handlers get to finish when the runtime stops.
    history: keep a journal of the committed events.

    Raises `MachineError` if the handlers do not match the actions, `UsageError` for the URL.
    """

    def __init__(
        self,
        machine: type[StateMachine] | Machine,
        url: str = "sqlite://",
        *,
        concurrency: int = 16,
        shutdown_timeout: float = 10.0,
        history: bool = False,
    ) -> None:
        self.machine = machine if isinstance(machine, Machine) else Machine(machine)
        self._handlers = HandlerPool(self.machine, concurrency)
        self._executor = StepExecutor(self.machine, lambda: open_durable(self.machine, url, history=history))
        self._lock = lock_of(url)
        self._shutdown_timeout = shutdown_timeout
        self._running: dict[asyncio.Task[None], None] = {}
        self._unacknowledged: list[OutboxPosition] = []  # untracked actions executed since the last commit
        self._subscriber: asyncio.Queue[Submitted | None] | None = None

    async def __aenter__(self) -> "Runtime":
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    # --- public -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the store, and continue where an earlier process stopped. Raises `SessionError` if another process has
        it or it does not fit the machine, `MachineError` if `restore` fails."""
        if self._lock is not None:
            self._lock.acquire()
        try:
            restored, orphaned = await self._executor.start()
            if restored is not None and restored.outcome is not Outcome.COMMITTED:
                raise MachineError(f"{self.machine.name}: restore failed: {restored.error}")
        except BaseException:
            await self._close()
            raise
        if restored is None:
            return
        self._publish(Submitted(restored))
        self._dispatch_all(restored)
        for (step, position), action in orphaned.items():
            if type(action) is Tracked:
                details = {"action": format_value(action), "step": step}
                log.error("restore did not emit a pending action; using the outbox", extra={"fasm": details})
            self._dispatch(action, ActionRef(step, position))

    async def submit(self, value: Any, key: str = "") -> Submitted:
        """Execute an input. With a `key` it is accepted at most once, however often it is submitted. An aborted step
        is retried up to 4 times. Raises `InputError` if `value` is not an input of the machine."""
        event = InputReceived(self.machine.codec.validate(self.machine.input_schema, value))
        delay = FIRST_RETRY_DELAY_S
        for _ in range(MAX_SUBMIT_ATTEMPTS - 1):
            submitted = await self._execute(event, key)
            if submitted.step.outcome is not Outcome.ABORTED:
                return submitted
            await asyncio.sleep(delay)
            delay *= 2
        return await self._execute(event, key)

    async def wait_idle(self) -> None:
        """Wait until no handler runs."""
        while self._running:
            await asyncio.wait(self._running)

    async def steps(self) -> AsyncIterator[Submitted]:
        """Every step from now on, until the runtime stops."""
        queue: asyncio.Queue[Submitted | None] = asyncio.Queue()
        self._subscriber = queue
        while (submitted := await queue.get()) is not None:
            yield submitted

    async def stop(self) -> None:
        """Let running handlers finish, apply their results, and close the store. Actions that have not finished within
        the shutdown timeout are pending at the next start."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._shutdown_timeout)
        for task in self._running:
            task.cancel()
        await self.wait_idle()
        await self._close()
        if self._subscriber is not None:
            self._subscriber.put_nowait(None)

    async def _close(self) -> None:
        await self._executor.stop(self._unacknowledged)
        if self._lock is not None:
            self._lock.release()

    # --- a step and its actions -------------------------------------------------------------------------------

    async def _execute(self, event: InputReceived | Completion, key: str = "") -> Submitted:
        sent, self._unacknowledged = self._unacknowledged, []
        submitted = await self._executor.execute(event, key, tuple(sent))
        if submitted.step.outcome is not Outcome.COMMITTED or submitted.duplicate:
            self._unacknowledged += sent  # not written, because nothing was committed
        self._publish(submitted)
        if not submitted.duplicate:
            self._dispatch_all(submitted.step)
        return submitted

    def _publish(self, submitted: Submitted) -> None:
        if self._subscriber is not None:
            self._subscriber.put_nowait(submitted)

    def _dispatch_all(self, step: StepResult) -> None:
        for index, action in enumerate(step.actions, 1):
            self._dispatch(action, ActionRef(step.number, index))

    def _dispatch(self, action: Tracked | Untracked, ref: ActionRef) -> None:
        work = self._run_tracked(action, ref) if isinstance(action, Tracked) else self._run_untracked(action, ref)
        task = asyncio.create_task(work)
        self._running[task] = None
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an action stays pending", exc_info=error)

    async def _run_untracked(self, action: Untracked, ref: ActionRef) -> None:
        await self._handlers.run_untracked(action)
        self._unacknowledged.append((ref.step, ref.index))

    async def _run_tracked(self, tracked: Tracked, ref: ActionRef) -> None:
        try:
            result = await self._handlers.run_tracked(tracked)
        except InputError as wrong:
            details = {"action": format_value(tracked), "error": wrong.message}
            message = "a handler returned a value that is not a result; the action stays pending"
            log.error(message, extra={"fasm": details})
            return
        event, delay = Completion(ref, tracked.id, result), FIRST_RETRY_DELAY_S
        while True:
            submitted = await self._execute(event)
            if submitted.step.outcome is Outcome.COMMITTED or not submitted.still_pending:
                return
            reason = str(submitted.step.error or submitted.step.details.reason)
            details = {"action": format_value(tracked), "result": format_value(result), "reason": reason}
            log.warning("a result was not accepted; will retry", extra={"fasm": details})
            await asyncio.sleep(delay)
            delay = min(2 * delay, MAX_RETRY_DELAY_S)


def lock_of(url: str) -> FileLock | None:
    """The lock on the SQLite file at `url`, or None. Without it, two processes would execute every action twice."""
    file = file_of(url)
    return None if file is None else FileLock(file)


# --- handlers -------------------------------------------------------------------------------------------------------


class HandlerPool:
    """Executes the actions of `machine`, at most `max_concurrency` at a time. Raises `MachineError` if the handlers do
    not match the actions."""

    def __init__(self, machine: Machine, max_concurrency: int) -> None:
        self._machine = machine
        self._handlers = handlers_of(machine)
        self._slots = asyncio.Semaphore(max_concurrency)

    async def run_tracked(self, tracked: Tracked) -> Any:
        """Execute a tracked action, and return its result. Raises `InputError` if the handler returns a value that is
        not a result of the machine: the effect has happened, so another attempt would not help."""
        assert self._machine.result_schema is not None
        handler = self._handlers[type(tracked.action)]
        result = await self._call_with_retry(handler, tracked, tracked.id, tracked.action)
        return self._machine.codec.validate(self._machine.result_schema, result)

    async def run_untracked(self, untracked: Untracked) -> None:
        """Execute an untracked action. A final failure is logged."""
        handler = self._handlers[type(untracked.action)]
        await self._call_with_retry(handler, untracked, untracked.action)

    async def _call_with_retry(self, handler: Handler, action: Tracked | Untracked, *arguments: Any) -> Any:
        wait = handler.backoff
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._slots, asyncio.timeout(handler.timeout):
                    return await handler.call(*arguments)
            except Exception as error:
                last = handler.max_attempts == attempt
                _log_failure(action, attempt, error, last=last)
                if last:
                    return None if handler.on_exhausted is None else handler.on_exhausted(error)
            await asyncio.sleep(wait * (0.5 + random() / 2))  # jitter, so that not all actions are retried at once
            wait = min(2 * wait, handler.max_backoff)


def _log_failure(action: Tracked | Untracked, attempt: int, error: Exception, *, last: bool) -> None:
    what = "timed out" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
    details = {"action": format_value(action), "attempt": attempt, "error": what}
    log.warning("action failed; no attempts left" if last else "action failed; will retry", extra={"fasm": details})


def handlers_of(machine: Machine) -> dict[type, Handler]:
    """The handler of every class of action. Raises `MachineError` if one is missing, superfluous or incomplete."""
    given: Mapping[Any, Any] = machine.cls.handlers
    tracked = _classes(machine.tracked_schema)
    known = tracked | _classes(machine.untracked_schema)
    missing = [name for name, cls in known.items() if cls not in given]
    if missing:
        raise MachineError(
            f"{machine.name} has no handler for {', '.join(missing)}",
            f"write handlers = {{{missing[0]}: an async function, …}}; without them it can only be simulated",
        )
    handlers = {}
    for cls, value in given.items():
        if cls not in known.values():
            raise MachineError(f"{machine.name}.handlers: {cls!r} is not an action", f"actions: {', '.join(known)}")
        handlers[cls] = handler = value if isinstance(value, Handler) else Handler(value)
        if not callable(handler.call):
            raise MachineError(f"{machine.name}.handlers: {handler.call!r} cannot be called", "give an async function")
        if handler.max_attempts and handler.on_exhausted is None and cls in tracked.values():
            raise MachineError(
                f"{machine.name}.handlers: {cls.__name__} has max_attempts={handler.max_attempts} and no on_exhausted",
                "give on_exhausted=…, which makes a result of the last exception; or max_attempts=0 for no limit",
            )
    return handlers


def _classes(schema: Any) -> dict[str, Any]:
    return {} if schema is None else {name: variant.cls for name, variant in variants(schema).items()}


# --- the queue of steps ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class PendingStep:
    """A step that was submitted and has no answer yet."""

    event: Event
    key: str
    sent: Iterable[OutboxPosition]
    answer: "Submitted | BaseException | None" = None
    answered: "asyncio.Future[None] | None" = None  # None if its caller executes the batch


class StepExecutor:
    """Executes the steps of one machine, one after another, and commits those that wait as one batch.

    Steps that are submitted while others run are committed together (group commit): the disk is waited for once, and
    nobody gets an answer before the commit. Steps run on a thread of their own, so that the event loop of the handlers
    waits for no disk and no server. If recent steps took less time than waking a thread, they run on the event loop.

    `open` opens the store, on the thread that will use it.
    """

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

    async def start(self) -> tuple[StepResult | None, dict[OutboxPosition, Action]]:
        """Open the store, and restore what an earlier process left pending. Returns the step of `restore` (None if the
        state is new), and the actions in the outbox that it did not emit. Raises what `open` raises."""
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
        batch, self._queue = self._queue[:MAX_BATCH], self._queue[MAX_BATCH:]
        try:
            execute = partial(self._execute_batch, batch)
            answers = execute() if self._run_inline else await self._on_thread(execute)
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
        while (item := self._calls.get()) is not None:
            call, future, loop = item
            try:
                resolve, result = future.set_result, call()
            except BaseException as error:
                resolve, result = future.set_exception, error
            with suppress(RuntimeError):  # the loop was closed, so nobody waits
                loop.call_soon_threadsafe(_resolve, future, resolve, result)

    # --- on the thread, or inline -----------------------------------------------------------------------------

    def _start(self) -> tuple[StepResult | None, dict[OutboxPosition, Action]]:
        self._store = store = self._open()
        self._process = process = Process(self._machine, store, ProcessState(running=store.created))
        if store.created:
            return None, {}
        restored = process.step(Restore(), store.version + 2)  # after the crash of the earlier process
        if restored.outcome is Outcome.COMMITTED:
            store.log_restart(restored.actions)
        ids = {action.id for action in restored.actions if type(action) is Tracked}
        orphaned = {
            position: action
            for position, action in store.outbox().items()
            if type(action) is not Tracked or action.id not in ids
        }
        return restored, orphaned

    def _execute_batch(self, batch: list[PendingStep]) -> list[Submitted | BaseException]:
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
            results = [StepResult(store.version, each.event, Outcome.ABORTED, details=details) for each in batch]
            return [Submitted(result, each.key) for result, each in zip(results, batch, strict=True)]
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
        event, key = pending.event, pending.key
        accepted_at = store.find_idempotency_key(key) if key else None
        if accepted_at is not None:
            return Submitted(StepResult(accepted_at, event, Outcome.COMMITTED), key, duplicate=True)
        store.meta = CommitMeta(event, key, pending.sent)
        step = self._process.step(event, store.version + 1)
        return Submitted(step, key, type(event) is Completion and event.id in self._process.pending)

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
