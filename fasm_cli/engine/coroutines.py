"""Resumes a machine's coroutines, with the purity latch armed exactly while the machine's code runs.

`run_coroutine` runs an STF over a state in memory: without an event loop, because it has nothing to await. `resume` is
one step of a coroutine that may await its state; the loop around it is in `stores.transaction`.
"""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fasm_cli.engine.events import Crash, InjectedFault
from fasm_cli.engine.purity_latch import LATCH, awaiting


class ContractViolation(Exception):
    """A fault of the machine that is not an exception of its own. The text says what it did and what to write."""


Runner = Callable[[Coroutine[Any, Any, Any], Any, Crash | InjectedFault | None], BaseException | None]
"""Runs an STF or a restore over a state to its end, and returns the exception it ended with, or None. The third
argument is the fault that is injected into this call, if there is one."""


def run_coroutine(
    coroutine: Coroutine[Any, Any, Any], state: Any = None, fault: Crash | InjectedFault | None = None
) -> BaseException | None:
    """Run an STF or a restore over a state in memory. Returns the exception it ended with, or None.

    The first `send` finishes such a coroutine. If it suspends, it awaits something that is not its state, which is a
    breach. A breach that the latch caught is the result, even if the author's code swallowed the exception. `fault` is
    ignored: there is no await into which it could be injected.
    """
    latch = LATCH
    try:
        latch.armed = latch.installed
        awaited = coroutine.send(None)
    except StopIteration as done:  # repeated in each branch, because `finally` costs more than all the rest
        latch.armed = False
        if latch.caught is not None and (breach := latch.collect()) is not None:
            return breach
        if done.value is None:
            return None
        return _returned(done.value)
    except KeyboardInterrupt:
        latch.armed = False
        latch.collect()
        raise
    except BaseException as error:
        latch.armed = False
        return error if latch.caught is None else latch.collect() or error
    latch.armed = False
    return close(coroutine, latch.collect() or awaiting(coroutine, awaited))


@dataclass(slots=True)
class Suspended:
    """A coroutine that has suspended on `awaited`; `breach` is what the latch caught until then, if anything."""

    awaited: Any
    breach: BaseException | None


def resume(advance: Callable[[Any], Any], value: Any) -> Suspended | BaseException | None:
    """Continue a coroutine with `advance(value)`, where `advance` is its `send` or `throw`.

    Returns `Suspended`, or the exception that the coroutine ended with, or None if it ended well.
    """
    latch = LATCH
    try:
        latch.armed = latch.installed
        awaited = advance(value)
    except StopIteration as done:
        latch.armed = False
        breach = None if latch.caught is None else latch.collect()
        return breach or (None if done.value is None else _returned(done.value))
    except KeyboardInterrupt:
        latch.armed = False
        latch.collect()
        raise
    except BaseException as error:
        latch.armed = False
        value = None  # breaks a cycle: a thrown exception's traceback holds this frame, and so the state and its store
        return latch.collect() or error
    latch.armed = False
    return Suspended(awaited, None if latch.caught is None else latch.collect())


RUNNER_CODE = frozenset({run_coroutine.__code__, resume.__code__})
"""The code above which all frames of a machine are."""


def close(coroutine: Coroutine[Any, Any, Any], error: BaseException) -> BaseException:
    """End a suspended coroutine because of `error`, which is returned."""
    with suppress(Exception):  # it may swallow GeneratorExit or raise; `error` is reported anyway
        coroutine.close()
    return error


def _returned(value: Any) -> ContractViolation:
    return ContractViolation(f"returned {value!r}; change the state in place and return None")
