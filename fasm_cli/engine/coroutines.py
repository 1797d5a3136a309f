"""Running a coroutine of a machine's to its end, under the guard: without an event loop where nothing can be awaited,
and by way of a `Gate` where the state can be."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

from fasm_cli.engine.events import Crash, InjectedFault
from fasm_cli.engine.purity_latch import LATCH, Breach, awaiting


class ContractViolation(Exception):
    """A fault of the machine that is not an exception of its own: what it did and what to write."""


Runner = Callable[[Coroutine[Any, Any, Any], Any, Crash | InjectedFault | None], BaseException | None]
"""Runs an STF or a restore over a state, with the fault that may strike at one of its awaits."""


def run_coroutine(
    coroutine: Coroutine[Any, Any, Any], state: Any = None, ahead: Crash | InjectedFault | None = None
) -> BaseException | None:
    """Run an STF or a restore to its end without an event loop; gives the exception it ended with, if any.

    An STF over state in memory has nothing to wait for: its first `send` is its last. One that suspends waits for
    something that is not the state, and there is no await for a fault to strike at. The latch is armed while the
    machine's code runs; a breach that was caught there is what the call ended with, whatever its author made of the
    exception.
    """
    latch = LATCH
    try:
        latch.armed = latch.installed
        awaited = coroutine.send(None)
    except StopIteration as done:  # not `finally`, which costs more than all the rest
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
    return _closed(coroutine, latch.collect() or awaiting(coroutine, awaited))


class AwaitPolicy(Protocol):
    """Decides what may be awaited, and what comes of it."""

    def answer(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> Any:
        """What `coroutine` gets for `awaited`. Raises what it gets to see instead, or a `Breach`, which ends it."""
        ...


def run_with_policy(gate: AwaitPolicy, coroutine: Coroutine[Any, Any, Any]) -> BaseException | None:
    """As `drive`, for an STF whose state may be awaited: `gate` answers each await, with the latch open."""
    latch = LATCH
    go_on: Callable[[Any], Any] = coroutine.send
    given: Any = None
    while True:
        try:
            latch.armed = latch.installed
            awaited = go_on(given)
        except StopIteration as done:
            latch.armed = False
            return latch.collect() or (None if done.value is None else _returned(done.value))
        except KeyboardInterrupt:
            latch.armed = False
            latch.collect()
            raise
        except BaseException as error:
            latch.armed = False
            given = None  # else what was thrown in holds this frame, and this frame it, with the state and its store
            return latch.collect() or error
        latch.armed = False
        breach = latch.collect()
        if breach is not None:
            return _closed(coroutine, breach)
        try:
            go_on, given = coroutine.send, gate.answer(coroutine, awaited)
        except (Breach, ContractViolation) as wrong:
            return _closed(coroutine, wrong)
        except KeyboardInterrupt:
            coroutine.close()
            raise
        except BaseException as error:  # what the store says, or a fault: the machine gets to see it
            go_on, given = coroutine.throw, error


RUNNER_CODE = frozenset(
    {run_coroutine.__code__, run_with_policy.__code__}
)  # a machine's frames stand above one of these


def _returned(value: Any) -> ContractViolation:
    return ContractViolation(f"returned {value!r}; change the state in place and return None")


def _closed(coroutine: Coroutine[Any, Any, Any], wrong: BaseException) -> BaseException:
    with suppress(Exception):  # it may swallow GeneratorExit, or raise; it is a breach already
        coroutine.close()
    return wrong
