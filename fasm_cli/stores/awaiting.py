"""Runs coroutines whose state can be awaited: statements in a database, and methods of the author's own classes.

An STF may await whatever it reaches through its state, and nothing else. Each await that suspends is a point at which
a fault can be injected.
"""

import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import CodeType, FrameType
from typing import Any, Protocol

from fasm_cli.contract.database import ConnectionLost, Database
from fasm_cli.engine.coroutines import ContractViolation, Suspended, close, resume
from fasm_cli.engine.events import AWAIT_FAULTS, Crash, FaultKind, InjectedFault
from fasm_cli.engine.purity_latch import LATCH, Breach, awaiting, suspended_at
from fasm_cli.stores.transaction import Statement, Transaction, law_broken_by
from fasm_cli.types.fields import field_names


class Waiter(Protocol):
    """An event loop, as far as a transition needs one."""

    def run_until(self, future: Any) -> None:
        """Run callbacks until `future` is done."""
        ...


OpenLoop = Callable[[], AbstractContextManager[Waiter | None]]


def _open_virtual_loop() -> AbstractContextManager[Waiter | None]:
    if "asyncio" not in sys.modules:  # a machine that has not imported it cannot sleep
        return nullcontext()
    from fasm_cli.stores.virtual_loop import virtual_loop

    return virtual_loop()


class AwaitPolicy:
    """Runs the transitions of one store, and decides what they may await.

    transaction: the database in the state, if it has one.
    open_loop: gives the event loop that futures of the state are awaited in; the virtual one by default.
    """

    def __init__(self, transaction: Transaction | None = None, open_loop: OpenLoop = _open_virtual_loop) -> None:
        self._transaction = transaction
        self._open_loop = open_loop
        self._state: Any = None
        self._fault: InjectedFault | None = None
        self._awaits = 0  # of this transition, until now

    def run(
        self, coroutine: Coroutine[Any, Any, Any], state: Any, fault: Crash | InjectedFault | None = None
    ) -> BaseException | None:
        """Run an STF or a restore over `state` to its end, and return the exception it ended with, or None. `fault` is
        injected at one of its awaits."""
        self._state, self._awaits = state, 0
        self._fault = fault if type(fault) is InjectedFault and fault.kind in AWAIT_FAULTS else None
        with self._open_loop() as loop:
            LATCH.exempt = self._is_state_method
            try:
                return self._run(coroutine, loop)
            finally:
                LATCH.exempt = self._state = None

    def _run(self, coroutine: Coroutine[Any, Any, Any], loop: Waiter | None) -> BaseException | None:
        advance: Callable[[Any], Any] = coroutine.send
        value: Any = None
        while True:
            reached = resume(advance, value)
            value = None
            if not isinstance(reached, Suspended):
                try:
                    return reached
                finally:
                    del reached  # breaks a cycle: the traceback of an injected exception holds this frame
            if reached.breach is not None:
                return close(coroutine, reached.breach)
            try:
                advance, value = coroutine.send, self._answer(coroutine, reached.awaited, loop)
            except (Breach, ContractViolation) as wrong:
                return close(coroutine, wrong)
            except KeyboardInterrupt:
                coroutine.close()
                raise
            except BaseException as error:  # from the store, or an injected fault: the machine sees it
                advance, value = coroutine.throw, error

    def _answer(self, coroutine: Coroutine[Any, Any, Any], awaited: Any, loop: Waiter | None) -> Any:
        """The value that `coroutine` gets for `awaited`. Raises what it gets instead, or a `Breach`."""
        statement = awaited if type(awaited) is Statement and awaited.transaction is self._transaction else None
        if statement is None and not any(map(self._is_state_method, _frames(coroutine))):
            raise awaiting(coroutine, awaited)
        self._awaits += 1
        if self._fault is not None and self._fault.nth == self._awaits:
            raise self._injected(self._fault.kind)
        if statement is not None:
            law, word = law_broken_by(statement.sql)
            if law:
                file, line, _ = suspended_at(coroutine)
                raise Breach(law, word, file, line, "says")
            return statement.transaction.perform(statement)
        if awaited is not None:  # a bare yield, as in `sleep(0)`, lets other tasks run first, and there are none
            if loop is None or getattr(awaited, "_asyncio_future_blocking", None) is None:
                raise awaiting(coroutine, awaited)
            awaited._asyncio_future_blocking = False  # as a task does, so that the future can be awaited again
            loop.run_until(awaited)
        return None

    def _is_state_method(self, frame: FrameType) -> bool:
        """Whether `frame` runs a method of the state, or of a value in it."""
        code = frame.f_code
        owner = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
        return _is_method(code, type(owner)) and any(owner is part for part in _parts(self._state))

    def _injected(self, kind: FaultKind) -> BaseException:
        if kind is FaultKind.CANCEL:
            from asyncio import CancelledError

            return CancelledError(f"cancelled at await {self._awaits}")
        reason = f"the connection was lost at await {self._awaits}"
        return ConnectionLost(reason) if self._transaction is None else self._transaction.drop_connection(reason)


def _is_method(code: CodeType, owner: type) -> bool:
    """Whether a method of the class runs `code`. A function that takes the state as its argument is not a method."""
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
    """`state` and every value that can be reached from it, each once, breadth first."""
    seen = {id(state)}
    queue = [state]
    for part in queue:
        yield part
        for inner in _inside(part):
            if id(inner) not in seen:
                seen.add(id(inner))
                queue.append(inner)


def _inside(part: Any) -> Iterator[Any]:
    if isinstance(part, dict):
        yield from part.values()
    elif isinstance(part, list | tuple):
        yield from part
    elif not isinstance(part, Database):
        for name in field_names(type(part)):
            yield getattr(part, name, None)
