"""Running a coroutine of a machine's to its end, without an event loop and under the guard."""

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from fasm_cli.core.guard import LATCH, awaiting


class Defect(Exception):
    """A fault of the machine that is not an exception of its own: what it did and what to write."""


def drive(coroutine: Coroutine[Any, Any, Any]) -> BaseException | None:
    """Run an STF or a restore to its end without an event loop; gives the exception it ended with, if any.

    An STF over state in memory has nothing to wait for: its first `send` is its last. One that suspends waits for
    something that is not the state. The latch is armed while the machine's code runs; a breach that was caught there is
    what the call ended with, whatever its author made of the exception.
    """
    latch = LATCH
    try:
        latch.armed = latch.installed
        awaited = coroutine.send(None)
    except StopIteration as done:  # not `finally`, which costs more than all the rest
        latch.armed = False
        if latch.caught is not None and (breach := latch.take()) is not None:
            return breach
        if done.value is None:
            return None
        return Defect(f"returned {done.value!r}; change the state in place and return None")
    except KeyboardInterrupt:
        latch.armed = False
        latch.take()
        raise
    except BaseException as error:
        latch.armed = False
        return error if latch.caught is None else latch.take() or error
    latch.armed = False
    breach = latch.take() or awaiting(coroutine, awaited)
    with suppress(Exception):  # it may swallow GeneratorExit, or raise; it is a breach already
        coroutine.close()
    return breach
