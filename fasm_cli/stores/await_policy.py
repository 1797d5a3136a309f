"""What an STF may await: whatever it reaches through its state, and nothing else.

Each await that suspends is one place at which a fault may strike, whether it is a statement in a database or a method
of the author's own state that sleeps.
"""

import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import CodeType, FrameType
from typing import Any, Protocol

from fasm_cli.contract.database import ConnectionLost, Database
from fasm_cli.engine.coroutines import run_with_policy
from fasm_cli.engine.events import AWAIT_FAULTS, Crash, FaultKind, InjectedFault
from fasm_cli.engine.purity_latch import LATCH, Breach, awaiting, suspended_at
from fasm_cli.engine.sql_policy import law_broken_by
from fasm_cli.engine.transaction import Statement, Transaction
from fasm_cli.types.fields import field_names


class Waiter(Protocol):
    """Lets things happen."""

    def run_until(self, future: Any) -> None: ...


Clock = Callable[[], AbstractContextManager[Waiter]]


def run_awaiting(
    coroutine: Coroutine[Any, Any, Any],
    state: Any,
    ahead: Crash | InjectedFault | None = None,
    transaction: Transaction | None = None,
    clock: Clock | None = None,
) -> BaseException | None:
    """Run an STF or a restore over a `state` that it may await, perhaps with a `transaction` in it; `ahead` strikes at
    one of its awaits. What else it awaits is waited for in a loop of `clock`: the virtual one, where None."""
    if clock is not None:
        looping: Any = clock()
    elif "asyncio" in sys.modules:  # the machine cannot sleep where nobody has imported it
        from fasm_cli.stores.virtual_loop import virtual_loop

        looping = virtual_loop()
    else:
        looping = nullcontext()
    with looping as loop:
        gate = StateAwaitPolicy(state, ahead, transaction, loop)
        LATCH.exempt = gate.waits
        try:
            return run_with_policy(gate, coroutine)
        finally:
            LATCH.exempt = None


class StateAwaitPolicy:
    """The gate of one transition over `state`."""

    def __init__(
        self, state: Any, ahead: Crash | InjectedFault | None, transaction: Transaction | None, loop: Waiter | None
    ) -> None:
        self._state = state
        self._transaction = transaction
        self._loop = loop
        self._strikes = ahead if type(ahead) is InjectedFault and ahead.kind in AWAIT_FAULTS else None
        self._awaits = 0

    def answer(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> Any:
        """Let `awaited` happen, and give its answer. Raises what the store says, a fault, or a `Breach`."""
        operation = awaited if type(awaited) is Statement and awaited.transaction is self._transaction else None
        if operation is None and not any(self.waits(frame) for frame in _frames(coroutine)):
            raise awaiting(coroutine, awaited)
        self._awaits += 1
        if self._strikes is not None and self._strikes.nth == self._awaits:
            raise self._struck(self._strikes.kind)
        if operation is not None:
            law, word = law_broken_by(operation.sql)
            if law:
                file, line, _ = suspended_at(coroutine)
                raise Breach(law, word, file, line, "says")
            return operation.transaction.perform(operation)
        if awaited is not None:  # a bare yield, `sleep(0)`, lets others go first, and there are none
            self._wait_for(coroutine, awaited)
        return None

    def waits(self, frame: FrameType) -> bool:
        """Whether `frame` runs a method of the state, or of something in it."""
        code = frame.f_code
        owner = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
        return _is_method(code, type(owner)) and any(owner is part for part in _parts(self._state))

    def _wait_for(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> None:
        if self._loop is None or getattr(awaited, "_asyncio_future_blocking", None) is None:
            raise awaiting(coroutine, awaited)
        awaited._asyncio_future_blocking = False  # as a task does: the future may be awaited again
        self._loop.run_until(awaited)

    def _struck(self, failure: FaultKind) -> BaseException:
        if failure is FaultKind.CANCEL:
            from asyncio import CancelledError

            return CancelledError(f"cancelled at await {self._awaits}")
        why = f"the connection was lost at await {self._awaits}"
        return ConnectionLost(why) if self._transaction is None else self._transaction.drop_connection(why)


def _is_method(code: CodeType, owner: type) -> bool:
    """Whether `code` is what a method of the class runs: a function that is handed the state is none."""
    for cls in owner.__mro__:
        member = vars(cls).get(code.co_name)
        if getattr(getattr(member, "__wrapped__", member), "__code__", None) is code:
            return True
    return False


def _frames(coroutine: Any) -> Iterator[FrameType]:
    """The frames of a suspended coroutine, from the STF's to the innermost."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            yield frame
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def _parts(state: Any) -> Iterator[Any]:
    """`state` and all that can be reached from it, each once; the fields of the state first."""
    seen = {id(state)}
    waiting = [state]
    for part in waiting:
        yield part
        for inner in _inside(part):
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _inside(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        yield from part.values()
    elif isinstance(part, list | tuple):
        yield from part
    elif not isinstance(part, Database):
        for name in field_names(type(part)):
            yield getattr(part, name, None)
