"""The hands of a machine: its handlers, called with bounded concurrency, in time, and again where they fail."""

import asyncio
import logging
from collections.abc import Mapping
from random import random
from typing import Any

from fasm_cli.contract.handler import Handler, as_handler
from fasm_cli.contract.state_machine import Tracked, Untracked
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import format_value
from fasm_cli.types.schema import variants

log = logging.getLogger("fasm")


class HandlerPool:
    """Carries out the actions of `machine`, `room` of them at a time."""

    def __init__(self, machine: Machine, room: int) -> None:
        self._machine = machine
        self._handlers = handlers_of(machine)
        self._room = asyncio.Semaphore(room)

    async def run_tracked(self, tracked: Tracked) -> Any:
        """What a tracked action came to, however long that takes. Raises `InputError` where its handler gives something
        that is no result: what was done is done, and doing it again would not help."""
        assert self._machine.result_schema is not None
        handler = self._handlers[type(tracked.action)]
        result = await self._call_with_retry(handler, tracked, tracked.id, tracked.action)
        return self._machine.codec.validate(self._machine.result_schema, result)

    async def run_untracked(self, untracked: Untracked) -> None:
        """Do what nobody waits for; what fails for good is logged."""
        handler = self._handlers[type(untracked.action)]
        await self._call_with_retry(handler, untracked, untracked.action)

    async def _call_with_retry(self, handler: Handler, action: Tracked | Untracked, *arguments: Any) -> Any:
        wait = handler.backoff
        attempt = 0
        while True:
            attempt += 1
            try:
                async with self._room, asyncio.timeout(handler.timeout):
                    return await handler.call(*arguments)
            except Exception as error:
                last = handler.max_attempts == attempt
                _tell(action, attempt, error, given_up=last)
                if last:
                    return None if handler.on_exhausted is None else handler.on_exhausted(error)
            await asyncio.sleep(wait * (0.5 + random() / 2))  # not all at once when what they call comes back
            wait = min(2 * wait, handler.max_backoff)


def _tell(action: Tracked | Untracked, attempt: int, error: Exception, *, given_up: bool) -> None:
    what = "took too long" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
    told = {"action": format_value(action), "attempt": attempt, "error": what}
    log.warning("given up" if given_up else "to be tried again", extra={"fasm": told})


def handlers_of(machine: Machine) -> dict[type, Handler]:
    """The handler of every type of action. Raises `MachineError` where one is missing or there is one too many."""
    given: Mapping[Any, Any] = machine.cls.handlers
    tracked = _names(machine.tracked_schema)
    known = tracked | _names(machine.untracked_schema)
    missing = [name for name, kind in known.items() if kind not in given]
    if missing:
        raise MachineError(
            f"{machine.name} has no handler for {', '.join(missing)}",
            f"write handlers = {{{missing[0]}: an async function, …}}; without them it can only be simulated",
        )
    made = {}
    for kind, each in given.items():
        if kind not in known.values():
            raise MachineError(f"{machine.name}.handlers: {kind!r} is no action", f"actions: {', '.join(known)}")
        made[kind] = handler = as_handler(each)
        if not callable(handler.call):
            raise MachineError(f"{machine.name}.handlers: {handler.call!r} cannot be called", "give an async function")
        if handler.max_attempts and handler.on_exhausted is None and kind in tracked.values():
            raise MachineError(
                f"{machine.name}.handlers: {kind.__name__} has max_attempts={handler.max_attempts} and no on_exhausted",
                "give on_exhausted=…, which makes a result of the last exception; or max_attempts=0 for no limit",
            )
    return made


def _names(shape: Any) -> dict[str, Any]:
    return {} if shape is None else {name: kind.cls for name, kind in variants(shape).items()}
