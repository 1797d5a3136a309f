"""What a transition may await: statements in its database, and coroutine methods of its own state.

An STF may await whatever it reaches through its state, and nothing else. Each await that suspends is a point at which
a fault can be injected. A statement is an await like any other: the STF hands it to the await policy, which executes it
and hands back the result. The STF cannot reach the connection itself. It may read and write rows; beginning and
committing belong to the engine.
"""

import re
import sys
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FrameType, coroutine
from typing import TYPE_CHECKING, Any, Protocol

from fasm_cli.contract.database import ConnectionLost, Database, DatabaseError, Row, Tables
from fasm_cli.engine.coroutines import ContractViolation, Suspended, close, resume
from fasm_cli.engine.events import AWAIT_FAULTS, Crash, FaultKind, InjectedFault
from fasm_cli.engine.purity_latch import LATCH, Breach, awaiting, suspended_at
from fasm_cli.types.fields import field_names, record

if TYPE_CHECKING:
    from fasm_cli.stores.loops import TransitionLoop


@record
class QueryResult:
    """The rows that a statement returned, and the number of rows that it wrote."""

    rows: list[Row]
    count: int


class Connection(Protocol):
    """A connection to one database. A transaction begins with the first statement. All methods may raise
    `DatabaseError`.
    """

    @property
    def changes(self) -> int:
        """A number that differs whenever a row was written in between."""
        ...

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult: ...

    def tables(self) -> Tables:
        """Every row of the author's tables."""
        ...

    def load(self, tables: Tables) -> None:
        """Replace the rows of the author's tables by `tables`, in the open transaction. Raises `DatabaseError` if a
        durable database holds a state already."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def drop(self) -> None:
        """Lose the connection, with what is not committed. The next statement opens another one."""
        ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Statement:
    """A statement that an STF awaits."""

    transaction: "Transaction"
    sql: str
    args: tuple[Any, ...]


class Transaction(Database):
    """The database as one transition sees it.

    committed: the committed rows; None if they may be many, so that only those that are asked for are read.
    failed: a statement was refused, so that only a rollback is left.
    """

    __slots__ = ("_at", "_committed", "connection", "failed")

    def __init__(self, connection: Connection, committed: Tables | None) -> None:
        self.connection = connection
        self.failed = False
        self._committed = committed
        self._at = connection.changes

    async def execute(self, sql: str, *args: Any) -> int:
        return (await _await(Statement(self, sql, args))).count

    async def fetch(self, sql: str, *args: Any) -> list[Row]:
        return (await _await(Statement(self, sql, args))).rows

    def snapshot(self) -> Tables:
        return self.connection.tables() if self._committed is None or self.has_writes else self._committed

    @property
    def has_writes(self) -> bool:
        """Whether a row was written since the last commit."""
        return self.connection.changes != self._at

    def mark_committed(self, tables: Tables) -> None:
        """Remember that `tables` are committed."""
        self._committed = tables
        self._at = self.connection.changes

    def perform(self, statement: Statement) -> QueryResult:
        """Execute a statement that the STF awaits. Raises `DatabaseError`."""
        if self.failed:
            raise DatabaseError("an earlier statement of this transition failed: it can only be undone")
        try:
            return self.connection.execute(statement.sql, statement.args)
        except DatabaseError:
            self.failed = True
            raise

    def drop_connection(self, reason: str) -> ConnectionLost:
        """Lose the connection, and return the exception that the STF sees."""
        self.connection.drop()
        self.failed = True
        return ConnectionLost(reason)

    def rollback(self) -> None:
        """Go back to the committed rows."""
        self.connection.rollback()
        self.failed = False
        self._at = self.connection.changes


@coroutine
def _await(statement: Statement) -> Generator[Statement, QueryResult, QueryResult]:
    return (yield statement)


# --- group commit -------------------------------------------------------------------------------------------------

SAVEPOINT, RELEASE, ROLLBACK_TO = (f"{verb}SAVEPOINT fasm_step" for verb in ("", "RELEASE ", "ROLLBACK TO "))


class BatchedConnection:
    """A connection that can commit several transactions as one, so that they wait for the disk once (group commit).

    Between `begin_batch` and `commit_batch`, each transaction is a savepoint: one that fails is rolled back alone.
    Callers must not acknowledge any of them before `commit_batch` returns.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.tables, self.load, self.drop, self.close = (
            connection.tables,
            connection.load,
            connection.drop,
            connection.close,
        )
        self._batching = False
        self._in_savepoint = False
        self._broken = False  # the transaction of the batch is gone, and its savepoints with it

    @property
    def changes(self) -> int:
        return self._connection.changes

    def begin_batch(self) -> None:
        """Collect the following transactions until `commit_batch` or `rollback_batch`."""
        self._batching = True

    def commit_batch(self) -> None:
        """Commit all of them. Raises `DatabaseError` if the transaction is gone or the commit was refused."""
        broken = self._broken
        self._end_batch()
        if broken:
            self._connection.rollback()
            raise ConnectionLost("the transaction is gone")
        self._connection.commit()

    def rollback_batch(self) -> None:
        """Roll back all of them, in whatever state they are."""
        self._end_batch()
        self._connection.rollback()

    def _end_batch(self) -> None:
        self._batching = self._in_savepoint = self._broken = False

    def execute(self, sql: str, args: tuple[Any, ...]) -> QueryResult:
        if self._batching and not self._in_savepoint:
            if self._broken:  # a new transaction would commit without the rows of this one
                raise ConnectionLost("the transaction is gone")
            self._broken = True  # until there is a savepoint
            self._connection.execute(SAVEPOINT, ())
            self._in_savepoint, self._broken = True, False
        return self._connection.execute(sql, args)

    def commit(self) -> None:
        if not self._batching:
            self._connection.commit()
        elif self._in_savepoint:
            self._connection.execute(RELEASE, ())
            self._in_savepoint = False

    def rollback(self) -> None:
        if not self._batching:
            self._connection.rollback()
        elif self._in_savepoint:
            self._in_savepoint = False
            try:
                self._connection.execute(ROLLBACK_TO, ())
                self._connection.execute(RELEASE, ())
            except DatabaseError:  # a full disk or a lost connection has rolled back the whole batch
                self._broken = True


# --- the await policy ----------------------------------------------------------------------------------------------

OpenLoop = Callable[[], "AbstractContextManager[TransitionLoop | None]"]


def _open_virtual_loop() -> "AbstractContextManager[TransitionLoop | None]":
    if "asyncio" not in sys.modules:  # a machine that has not imported it cannot sleep
        return nullcontext()
    from fasm_cli.stores.loops import VirtualLoop

    return VirtualLoop()


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

    def _run(self, coroutine: Coroutine[Any, Any, Any], loop: "TransitionLoop | None") -> BaseException | None:
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

    def _answer(self, coroutine: Coroutine[Any, Any, Any], awaited: Any, loop: "TransitionLoop | None") -> Any:
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


# --- which statements an STF may execute --------------------------------------------------------------------------
# Only the text of a statement is examined. A view, a trigger or a default may still call something; a run that is
# repeated in another process finds that.

ROW_STATEMENTS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "REPLACE", "MERGE"})
CONTROL_STATEMENTS = frozenset(
    {"BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "START", "SAVEPOINT", "RELEASE", "PREPARE"}
)
_LITERALS_AND_COMMENTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"[\s(]*([A-Za-z]*)")
_NONDETERMINISTIC = {
    "random": re.compile(r"\b(random|randomblob|gen_random_\w+|uuid_generate_\w+|uuidv[47])\s*\(", re.IGNORECASE),
    "clock": re.compile(
        r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|unixepoch)\s*\("
        r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
        re.IGNORECASE,
    ),
}
_NOW = re.compile(r"'now'", re.IGNORECASE)


@lru_cache(maxsize=1000)
def first_word(sql: str) -> str:
    """The word that names the kind of a statement, in capitals; empty if there is none."""
    found = _WORD.match(_LITERALS_AND_COMMENTS.sub(" ", sql))
    return found[1].upper() if found else ""


@lru_cache(maxsize=1000)
def law_broken_by(sql: str) -> tuple[str, str]:
    """The law that a statement breaks, and the word in it that breaks it; two empty strings if it breaks none."""
    word = first_word(sql)
    if word not in ROW_STATEMENTS:
        return "atomic" if word in CONTROL_STATEMENTS else "effects", word or "an empty statement"
    bare = _LITERALS_AND_COMMENTS.sub(" ", sql)
    for law, pattern in _NONDETERMINISTIC.items():
        found = pattern.search(bare)
        if found:
            return law, next(filter(None, found.groups()))
    now = _NOW.search(sql)
    return ("clock", now[0]) if now else ("", "")
