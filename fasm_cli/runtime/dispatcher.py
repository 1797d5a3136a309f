"""Dispatches actions to a machine's handlers: with bounded concurrency, timeouts, and retries with backoff."""

import asyncio
import logging
from collections.abc import Mapping
from random import random
from typing import Any

from fasm_cli.contract.state_machine import Handler, Tracked, Untracked
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import format_value
from fasm_cli.types.schema import variants

log = logging.getLogger("fasm")


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
