"""A machine that runs for real: inputs in, actions carried out, their results fed back, nothing lost by a crash.

    async with Runtime(Ledger, "sqlite:///ledger.db") as runtime:
        taken = await runtime.submit(Transfer(source=1, target=2, amount=50), key="order-7")

Each step is one transaction with the actions it emits, so an action is carried out if and only if its step was
committed: at least once, under an id that stays the same. Its result is applied once.
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
from fasm_cli.stores.durable_store import OutboxPosition
from fasm_cli.stores.open import open_durable
from fasm_cli.stores.urls import file_of
from fasm_cli.types.codec import format_value

log = logging.getLogger("fasm")

RETRY_DELAYS = 0.1, 30.0  # seconds until a step that could not be taken is tried again, at first and at most
MAX_STORE_RETRIES = 5  # of an input whose store has gone away


class Runtime:
    """A machine with its state at `url`: `sqlite:///file`, or `sqlite://` for one that is gone with the process.

    Up to `room` handlers are at work at a time; when it stops, those have `grace` seconds to end. With `history`, the
    committed events are kept too. Raises `MachineError` where an action has no handler.
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
        self._hands = HandlerPool(self.machine, concurrency)
        self._transitions = StepExecutor(self.machine, lambda: open_durable(self.machine, url, history=history))
        self._lock = lock_of(url)
        self._grace = shutdown_timeout
        self._working: dict[asyncio.Task[None], None] = {}
        self._acknowledged: list[OutboxPosition] = []  # untracked actions that were carried out since the last commit
        self._told: asyncio.Queue[Submitted | None] | None = None

    async def __aenter__(self) -> "Runtime":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()

    # --- what its user calls ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the store and go on where an earlier process was. Raises `SessionError` where another process has it
        or it holds something else, and `MachineError` where restore fails."""
        if self._lock is not None:
            self._lock.acquire()
        try:
            start = await self._transitions.start()
            restored = start.restored
            if restored is not None and restored.outcome is not Outcome.COMMITTED:
                raise MachineError(f"{self.machine.name}: restore failed: {restored.error}")
        except BaseException:
            await self._close()
            raise
        if restored is None:
            return
        self._tell(Submitted(restored))
        self._emit(restored)
        for (step, place), action in start.orphaned_actions.items():
            if type(action) is Tracked:
                told = {"action": format_value(action), "step": step}
                log.error("restore does not emit a pending action; taken from the outbox", extra={"fasm": told})
            self._begin(action, ActionRef(step, place))

    async def submit(self, value: Any, key: str = "") -> Submitted:
        """Let an input happen; with a `key`, at most once, however often it is submitted. Raises `InputError` for what
        is no input of the machine."""
        value = self.machine.codec.validate(self.machine.input_schema, value)
        wait = RETRY_DELAYS[0]
        for _ in range(MAX_STORE_RETRIES - 1):
            taken = await self._take(InputReceived(value), key)
            if taken.step.outcome is not Outcome.ABORTED:
                return taken
            await asyncio.sleep(wait)
            wait *= 2
        return await self._take(InputReceived(value), key)

    async def wait_idle(self) -> None:
        """Wait until nothing is in the hands of a handler."""
        while self._working:
            await asyncio.wait(list(self._working))

    async def steps(self) -> AsyncIterator[Submitted]:
        """Every step that is taken from here on, until the runtime stops."""
        queue: asyncio.Queue[Submitted | None] = asyncio.Queue()
        self._told = queue
        while (taken := await queue.get()) is not None:
            yield taken

    async def stop(self) -> None:
        """Let the handlers that are at work end, apply their results, and close the store. What is not done by then is
        pending when it starts again."""
        if self._working:
            await asyncio.wait(list(self._working), timeout=self._grace)
        for task in self._working:
            task.cancel()
        if self._working:
            await asyncio.wait(list(self._working))
        await self._close()
        if self._told is not None:
            self._told.put_nowait(None)

    async def _close(self) -> None:
        await self._transitions.stop(self._acknowledged)
        if self._lock is not None:
            self._lock.release()

    # --- a step and what follows from it -----------------------------------------------------------------------

    async def _take(self, event: InputReceived | Completion, key: str = "") -> Submitted:
        sent, self._acknowledged = self._acknowledged, []
        taken = await self._transitions.take(event, key, tuple(sent))
        if taken.step.outcome is not Outcome.COMMITTED or taken.duplicate:
            self._acknowledged += sent  # it was not said
        self._tell(taken)
        if not taken.duplicate:
            self._emit(taken.step)
        return taken

    def _tell(self, taken: Submitted) -> None:
        if self._told is not None:
            self._told.put_nowait(taken)

    def _emit(self, step: StepResult) -> None:
        for index, action in enumerate(step.actions, 1):
            self._begin(action, ActionRef(step.number, index))

    def _begin(self, action: Tracked | Untracked, of: ActionRef) -> None:
        work = self._await_result(action, of) if isinstance(action, Tracked) else self._send(action, of)
        task = asyncio.create_task(work)
        self._working[task] = None
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._working[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an action is left pending", exc_info=error)

    async def _send(self, action: Untracked, of: ActionRef) -> None:
        await self._hands.run_untracked(action)
        self._acknowledged.append((of.step, of.index))

    async def _await_result(self, tracked: Tracked, of: ActionRef) -> None:
        try:
            result = await self._hands.run_tracked(tracked)
        except InputError as wrong:
            told = {"action": format_value(tracked), "error": wrong.message}
            log.error("a handler gave what is no result; the action stays pending", extra={"fasm": told})
            return
        event, wait = Completion(of, tracked.id, result), RETRY_DELAYS[0]
        while True:
            taken = await self._take(event)
            if taken.step.outcome is Outcome.COMMITTED or not taken.still_pending:
                return
            told = {
                "action": format_value(tracked),
                "result": format_value(result),
                "why": str(taken.step.error or taken.step.details.reason),
            }
            log.warning("a result was not accepted; it is kept and tried again", extra={"fasm": told})
            await asyncio.sleep(wait)
            wait = min(2 * wait, RETRY_DELAYS[1])


def lock_of(url: str) -> FileLock | None:
    """The lock on the file at `url`, where it is one: two processes would carry out every action twice."""
    file = file_of(url)
    return None if file is None else FileLock(file)
