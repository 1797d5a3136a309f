"""Runs a machine in production: accepts inputs, executes actions, feeds their results back, and survives crashes.

    async with Runtime(Ledger, "sqlite:///ledger.db") as runtime:
        submitted = await runtime.submit(Transfer(source=1, target=2, amount=50), key="order-7")

A step and the actions that it emits are one transaction (transactional outbox), so an action is executed if and only if
its step was committed: at least once, under an id that stays the same. Its result is applied once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any

from fasm_cli.contract.state_machine import StateMachine, Tracked, Untracked
from fasm_cli.engine.events import ActionRef, Completion, InputReceived
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.step_result import Outcome, StepResult
from fasm_cli.errors import InputError, MachineError
from fasm_cli.locks import FileLock
from fasm_cli.runtime.dispatcher import HandlerPool
from fasm_cli.runtime.step_queue import StepExecutor, Submitted
from fasm_cli.stores.open import file_of, open_durable
from fasm_cli.stores.state_store import OutboxPosition
from fasm_cli.types.codec import format_value

log = logging.getLogger("fasm")

FIRST_RETRY_DELAY_S, MAX_RETRY_DELAY_S = 0.1, 30.0  # of a step that was aborted or refused
MAX_SUBMIT_ATTEMPTS = 5  # of an input while the store is unavailable


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

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()

    # --- public -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the store, and continue where an earlier process stopped. Raises `SessionError` if another process has
        it or it does not fit the machine, `MachineError` if `restore` fails."""
        if self._lock is not None:
            self._lock.acquire()
        try:
            start = await self._executor.start()
            restored = start.restored
            if restored is not None and restored.outcome is not Outcome.COMMITTED:
                raise MachineError(f"{self.machine.name}: restore failed: {restored.error}")
        except BaseException:
            await self._close()
            raise
        if restored is None:
            return
        self._publish(Submitted(restored))
        self._dispatch_all(restored)
        for (step, position), action in start.orphaned_actions.items():
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
            await asyncio.wait(list(self._running))

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
            await asyncio.wait(list(self._running), timeout=self._shutdown_timeout)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(list(self._running))
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
            log.error(
                "a handler returned a value that is not a result; the action stays pending", extra={"fasm": details}
            )
            return
        event, delay = Completion(ref, tracked.id, result), FIRST_RETRY_DELAY_S
        while True:
            submitted = await self._execute(event)
            if submitted.step.outcome is Outcome.COMMITTED or not submitted.still_pending:
                return
            details = {
                "action": format_value(tracked),
                "result": format_value(result),
                "reason": str(submitted.step.error or submitted.step.details.reason),
            }
            log.warning("a result was not accepted; will retry", extra={"fasm": details})
            await asyncio.sleep(delay)
            delay = min(2 * delay, MAX_RETRY_DELAY_S)


def lock_of(url: str) -> FileLock | None:
    """The lock on the SQLite file at `url`, or None. Without it, two processes would execute every action twice."""
    file = file_of(url)
    return None if file is None else FileLock(file)
