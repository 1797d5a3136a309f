"""Batches of steps: one commit for all, no answer before it, and one by one if that is impossible."""

import asyncio
import sqlite3
import sys
import threading
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from shipped import machine_class

from fasm_cli import StateMachine, TransitionError
from fasm_cli.contract.database import ConnectionLost, DatabaseError, SerializationConflict
from fasm_cli.engine.events import InputReceived
from fasm_cli.engine.machine import Machine
from fasm_cli.engine.step_result import Outcome
from fasm_cli.runtime import runtime as queue
from fasm_cli.runtime.runtime import Runtime, Submitted
from fasm_cli.stores.sqlite import SqliteConnection
from fasm_cli.stores.transaction import RELEASE, ROLLBACK_TO, SAVEPOINT
from tests.runtime.notes import Note, Notes, Print, Printed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notes.db"


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of changes before each commit."""
    found: list[int] = []
    commit = SqliteConnection.commit

    def counted(self: SqliteConnection) -> None:
        if self._in_transaction:
            found.append(self.changes)
        commit(self)

    monkeypatch.setattr(SqliteConnection, "commit", counted)
    return found


async def taken(runtime: Runtime, *about: int) -> list[Submitted]:
    return await asyncio.gather(*(runtime.submit(Note(each)) for each in about))


def taken_at(file: Path, *about: int) -> list[str]:
    """The outcomes of notes that were submitted concurrently."""

    async def go() -> list[str]:
        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            steps = await taken(runtime, *about)
            await runtime.wait_idle()
            assert runtime._executor._process.pending == {}
        return [str(each.step.outcome) for each in steps]

    return asyncio.run(go())


def rows(file: Path, table: str = "notes") -> list[Any]:
    db = sqlite3.connect(file)
    try:
        return db.execute(f"SELECT * FROM {table}").fetchall()
    finally:
        db.close()


@pytest.fixture
def printing(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Handlers print only after this event is set."""
    may_begin = asyncio.Event()

    async def print_it(id: int, action: Print) -> Printed:
        await may_begin.wait()
        return Printed()

    monkeypatch.setattr(Notes, "handlers", {Print: print_it})
    return may_begin


def test_concurrent_inputs_are_committed_together(file: Path, commits: list[int], printing: asyncio.Event) -> None:
    async def go() -> None:
        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            before = len(commits)
            steps = await taken(runtime, 1, 1, 1, 1, 1)
            assert [each.step.number for each in steps] == [1, 2, 3, 4, 5]
            assert len(commits) == before + 1
            printing.set()
            await runtime.wait_idle()
            assert len(commits) == before + 2  # the results came at once too

    asyncio.run(go())
    assert rows(file) == [(id, 1) for id in (1, 2, 3, 4, 5)]


def test_a_batch_has_a_maximum_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_BATCH", 2)
    take, sizes = queue.StepExecutor._execute_batch, []

    def counted(self: Any, asked: list[Any]) -> Any:
        sizes.append(len(asked))
        return take(self, asked)

    monkeypatch.setattr(queue.StepExecutor, "_execute_batch", counted)
    assert taken_at(file, 1, 1, 1, 1, 1) == ["committed"] * 5
    assert (sizes[:2], max(sizes), sum(sizes)) == ([2, 2], 2, 10)


def test_no_step_is_answered_before_the_batch_is_committed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, go_on, answered = SqliteConnection.commit, threading.Event(), []

    async def go() -> None:
        loop, reached = asyncio.get_running_loop(), asyncio.Event()

        def waiting(self: SqliteConnection) -> None:
            loop.call_soon_threadsafe(reached.set)
            assert go_on.wait(10)
            commit(self)

        async def one(runtime: Runtime) -> None:
            await runtime.submit(Note(1))
            answered.append(len(rows(file)))

        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            monkeypatch.setattr(SqliteConnection, "commit", waiting)
            asking = asyncio.gather(one(runtime), one(runtime), one(runtime))
            await reached.wait()
            for _ in range(10):
                await asyncio.sleep(0)
            assert answered == []
            go_on.set()
            await asking
            await runtime.wait_idle()

    asyncio.run(go())
    assert answered == [3, 3, 3]


def test_a_rejected_step_is_rolled_back_alone(file: Path, commits: list[int]) -> None:
    assert taken_at(file, 1, 0, 1) == ["committed", "rejected", "committed"]
    assert rows(file) == [(1, 1), (2, 1)]


def test_a_step_that_cannot_be_committed_affects_no_other(file: Path) -> None:
    assert taken_at(file, 1, 99, 1) == ["committed", "defect", "committed"]
    assert rows(file) == [(1, 1), (2, 1)]
    assert rows(file, "fasm_outbox") == []


def test_a_batch_whose_transaction_is_lost_is_executed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full, SQLite rolls back by itself, at any statement."""
    execute, ended = SqliteConnection.execute, False
    said: list[str] = []

    def full(self: SqliteConnection, sql: str, args: tuple[Any, ...]) -> Any:
        said.append(sql)
        if len(said) == strike:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise DatabaseError("the disk is full")
        return execute(self, sql, args)

    for at in count(1):
        said.clear()
        file, strike = tmp_path / f"{at}.db", 0

        async def go(file: Path = file, at: int = at) -> None:
            nonlocal strike, ended
            async with Runtime(Notes, f"sqlite:///{file}", history=True) as runtime:
                monkeypatch.setattr(SqliteConnection, "execute", full)
                said.clear()
                strike = at
                steps = await taken(runtime, 1, 0, 1)
                strike, ended = 0, len(said) < at
                assert [str(each.step.outcome) for each in steps] == ["committed", "rejected", "committed"], said
                assert [each.step.number for each in steps if each.step.actions] == [1, 2]
                await runtime.wait_idle()
                assert runtime._executor._process.pending == {}

        asyncio.run(go())
        monkeypatch.setattr(SqliteConnection, "execute", execute)
        assert rows(file) == [(1, 1), (2, 1)]
        assert [step for step, *_ in rows(file, "fasm_journal")] == [0, 1, 2, 3, 4]
        assert rows(file, "fasm_outbox") == []
        if ended:
            break
    assert {RELEASE, ROLLBACK_TO} < set(said)
    assert at > 12


def test_an_unanswered_commit_of_a_batch_is_not_repeated(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, lose = SqliteConnection.commit, False

    def unanswered(self: SqliteConnection) -> None:
        nonlocal lose
        commit(self)
        if lose:
            lose = False
            raise ConnectionLost("no answer")

    monkeypatch.setattr(SqliteConnection, "commit", unanswered)

    async def go() -> None:
        nonlocal lose
        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            lose = True
            assert [each.step.number for each in await taken(runtime, 1, 1, 1)] == [1, 2, 3]
            await runtime.wait_idle()

    asyncio.run(go())
    assert rows(file) == [(1, 1), (2, 1), (3, 1)]


@pytest.mark.parametrize("together", [1, 3])
def test_an_unknown_commit_is_queried_until_the_database_answers(
    together: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server commits, and is gone before it can answer, and for a while after that."""
    commit, execute, gone = SqliteConnection.commit, SqliteConnection.execute, 0

    def unanswered(self: SqliteConnection) -> None:
        nonlocal gone
        commit(self)
        if gone < 0:
            gone = 2
            raise ConnectionLost("no answer")

    def refused(self: SqliteConnection, sql: str, args: tuple[Any, ...]) -> Any:
        nonlocal gone
        if gone > 0:
            gone -= 1
            raise ConnectionLost("no server")
        return execute(self, sql, args)

    monkeypatch.setattr(SqliteConnection, "commit", unanswered)
    monkeypatch.setattr(SqliteConnection, "execute", refused)

    async def go() -> None:
        nonlocal gone
        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            waits: list[float] = []
            monkeypatch.setattr(runtime._executor._store.shutdown, "wait", waits.append)  # type: ignore[union-attr]
            gone = -1
            assert [each.step.number for each in await taken(runtime, *[1] * together)] == [1, 2, 3][:together]
            assert waits == [0.05, 0.1]
            await runtime.wait_idle()

    asyncio.run(go())
    assert rows(file) == [(id, 1) for id in range(1, together + 1)]


@pytest.mark.parametrize("together", [1, 3])
def test_a_stop_does_not_wait_for_an_unknown_commit(together: int, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that may have been committed is not executed again."""
    commit, lose = SqliteConnection.commit, False

    def gone(*_: Any) -> None:
        raise ConnectionLost("no server")

    def unanswered(self: SqliteConnection) -> None:
        nonlocal lose
        commit(self)
        if lose:
            lose = False
            gone()

    monkeypatch.setattr(SqliteConnection, "commit", unanswered)

    async def go() -> None:
        nonlocal lose
        runtime = Runtime(Notes, f"sqlite:///{file}")
        await runtime.start()
        asked, loop, store = asyncio.Event(), asyncio.get_running_loop(), runtime._executor._store
        assert store is not None
        wait = store.shutdown.wait
        monkeypatch.setattr(store.shutdown, "wait", lambda _: (loop.call_soon_threadsafe(asked.set), wait(10))[1])
        monkeypatch.setattr(store, "_read_row", gone)
        lose = True
        taking = [asyncio.create_task(runtime._executor.execute(InputReceived(Note(1)))) for _ in range(together)]
        await asked.wait()
        await runtime.stop()
        assert [(await each).step.outcome for each in taking] == [Outcome.ABORTED] * together

    asyncio.run(go())
    assert rows(file) == [(id, 1) for id in range(1, together + 1)]


def test_conflicting_steps_are_executed_in_transactions_of_their_own(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction sees the rows of its beginning, however often a savepoint in it is repeated."""
    execute, begun = SqliteConnection.execute, "whole"

    def contended(self: SqliteConnection, sql: str, args: tuple[Any, ...]) -> Any:
        nonlocal begun
        if not self._in_transaction:
            begun = sql
        if sql.startswith("INSERT INTO notes") and begun == SAVEPOINT:
            raise SerializationConflict("another came first")
        return execute(self, sql, args)

    monkeypatch.setattr(SqliteConnection, "execute", contended)

    async def go() -> list[str]:
        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            take = runtime._executor.execute
            found = await asyncio.gather(take(InputReceived(Note(1))), take(InputReceived(Note(1))))
        return [str(each.step.outcome) for each in found]

    assert asyncio.run(go()) == ["committed", "committed"]


@pytest.mark.parametrize(("short", "here"), [(60.0, True), (0.0, False)])
def test_short_steps_run_on_the_event_loop(
    short: float, here: bool, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "INLINE_LIMIT_S", short)
    assert threads(Notes, f"sqlite:///{file}", Note(1), monkeypatch) == [False, here]


def threads(machine: type[StateMachine], url: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each of two steps ran on the thread of the event loop."""
    found: list[bool] = []
    take = queue.StepExecutor._execute

    def noted(self: Any, *args: Any) -> Submitted:
        found.append(threading.current_thread() is threading.main_thread())
        return take(self, *args)

    monkeypatch.setattr(queue.StepExecutor, "_execute", noted)

    async def go() -> None:
        async with Runtime(machine, url) as runtime:
            for _ in range(2):
                await runtime.submit(value)
            await runtime.wait_idle()

    asyncio.run(go())
    return found[:2]


@dataclass
class Slow:
    count: int = 0

    async def add(self) -> None:
        await asyncio.sleep(0)
        self.count += 1


class Slowly(StateMachine):
    State, Input = Slow, Note

    def initial(self) -> Slow:
        return Slow()

    async def stf(self, state: Slow, input: Any, actions: Any) -> None:
        await state.add()

    async def restore(self, state: Slow, actions: Any) -> None: ...


def test_an_awaitable_state_runs_on_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "INLINE_LIMIT_S", 60.0)
    assert threads(Slowly, "sqlite://", Note(1), monkeypatch) == [False, False]


@pytest.fixture
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps count as short, so that the first caller executes them."""
    monkeypatch.setattr(queue, "INLINE_LIMIT_S", 60.0)


def test_the_first_caller_executes_the_batch(
    short_steps: None, file: Path, commits: list[int], printing: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MAX_BATCH", 3)

    async def go() -> None:
        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            await runtime.submit(Note(1))
            before = len(commits)
            steps = await taken(runtime, *[1] * 7)
            assert [each.step.number for each in steps] == [2, 3, 4, 5, 6, 7, 8]
            assert len(commits) == before + 3  # three, three and one
            printing.set()
            await runtime.wait_idle()

    asyncio.run(go())
    assert rows(file) == [(id, 1) for id in range(1, 9)]


def test_a_cancelled_first_caller_leaves_nobody_waiting(short_steps: None, file: Path) -> None:
    async def go() -> None:
        async with Runtime(Notes, f"sqlite:///{file}") as runtime:
            await runtime.submit(Note(1))
            await runtime.wait_idle()
            first, second = (asyncio.create_task(runtime._executor.execute(InputReceived(Note(1)))) for _ in range(2))
            await asyncio.sleep(0)
            first.cancel()
            assert (await second).step.outcome is Outcome.COMMITTED
            assert first.cancelled()
            await runtime.wait_idle()

    asyncio.run(go())
    assert rows(file) == [(1, 1), (2, 1), (3, 1)]  # that of the first too: it was asked for


def test_a_stop_waits_for_a_batch_that_is_about_to_run(short_steps: None, file: Path) -> None:
    async def go() -> None:
        runtime = Runtime(Notes, f"sqlite:///{file}")
        await runtime.start()
        await runtime.submit(Note(1))
        await runtime.wait_idle()
        steps = [asyncio.create_task(runtime._executor.execute(InputReceived(Note(1)))) for _ in range(2)]
        stopping = asyncio.create_task(runtime._executor.stop(()))
        assert [(await each).step.outcome for each in steps] == [Outcome.COMMITTED] * 2
        await stopping
        runtime._lock.release()  # type: ignore[union-attr]

    asyncio.run(go())
    assert rows(file) == [(1, 1), (2, 1), (3, 1)]


class Hasty(StateMachine):
    """Changes the state before it rejects an input."""

    State, Input = Slow, Note

    def initial(self) -> Slow:
        return Slow()

    async def stf(self, state: Slow, input: Any, actions: Any) -> None:
        state.count += input.value.about
        if state.count > 9:
            raise TransitionError


def test_a_rejected_step_restores_the_last_committed_fields() -> None:
    async def go() -> None:
        async with Runtime(Hasty) as runtime:
            outcomes = [(await runtime.submit(Note(about))).step.outcome for about in (1, 2, 0, 99, 3)]
            assert [str(each) for each in outcomes] == ["committed", "committed", "committed", "rejected", "committed"]
            store = runtime._executor._store
            assert store is not None
            assert store.working.count == store.committed.count == store.full_state().count == 6

    asyncio.run(go())


def test_a_submitted_input_enters_at_most_eleven_modules(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the caller to the disk and back, so that a reader can follow a step in production."""
    monkeypatch.setattr(queue, "INLINE_LIMIT_S", 60.0)
    package, entered = Path(queue.__file__).parents[1], set()

    def note(frame: Any, event: str, arg: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and package in path.parents:
            entered.add(str(path.relative_to(package)))

    async def go() -> None:
        ledger = Machine(machine_class("ledger"))
        transfer = ledger.codec.parse(ledger.input_schema, "Transfer(source=1, target=2, amount=1)")
        async with Runtime(ledger, f"sqlite:///{file}") as runtime:
            await runtime.submit(transfer)
            await runtime.wait_idle()
            sys.setprofile(note)
            await runtime.submit(transfer)
            sys.setprofile(None)

    asyncio.run(go())
    assert len(entered) <= 11, sorted(entered)
