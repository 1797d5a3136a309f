"""The runtime in this process: inputs, handlers, results, restarts."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from fasm_cli import Handler
from fasm_cli.contract.database import SerializationConflict
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import InputError, MachineError, SessionError, UsageError
from fasm_cli.runtime.runtime import Runtime
from fasm_cli.stores.sqlite import SqliteConnection
from tests.runtime import shop
from tests.runtime.shop import Buy, Charge, Charged, Receipt, Refused, Shop, Till


class Books:
    """Handlers that record their calls, and answer as the test wants."""

    def __init__(self) -> None:
        self.charged: list[tuple[int, int]] = []
        self.receipts: list[int] = []
        self.at_work = self.most_at_work = 0
        self.answer: Callable[[int], Coroutine[Any, Any, Any]] = self.yes

    async def yes(self, id: int) -> Charged:
        return Charged()

    async def charge(self, id: int, action: Charge) -> Any:
        self.charged.append((id, action.amount))
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            return await self.answer(id)
        finally:
            self.at_work -= 1

    async def receipt(self, action: Receipt) -> None:
        self.receipts.append(action.order)


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    made = Books()
    monkeypatch.setattr(Shop, "handlers", {Charge: Handler(made.charge, backoff=0.001), Receipt: made.receipt})
    return made


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'shop.db'}"


def till(url: str) -> Till:
    db = sqlite3.connect(url.removeprefix("sqlite:///"))
    ((fields,),) = db.execute("SELECT state_json FROM fasm_state")
    db.close()
    plain = json.loads(fields)
    pairs = {name: {int(key): value for key, value in dict(plain[name]).items()} for name in ("waiting", "paid")}
    return Till(pairs["waiting"], pairs["paid"], plain["refused"], plain["next_id"])


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.001)


def test_an_input_its_action_and_its_result(books: Books, url: str) -> None:
    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            taken = await runtime.submit(Buy(5))
            assert (taken.step.number, taken.step.outcome) == (1, Outcome.COMMITTED)
            await runtime.wait_idle()

    asyncio.run(go())
    assert (books.charged, books.receipts) == ([(1, 5)], [1])
    assert till(url) == Till({}, {1: 5}, 0, 2)


def test_every_step_is_published(books: Books, url: str) -> None:
    async def go() -> list[tuple[str, str]]:
        runtime = Runtime(Shop, url)
        steps = []

        async def listen() -> None:
            async for taken in runtime.steps():
                steps.append((type(taken.step.event).__name__, str(taken.step.outcome)))

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        async with runtime:
            await runtime.submit(Buy(5))
            await runtime.wait_idle()
        await listening
        return steps

    assert asyncio.run(go()) == [("InputReceived", "committed"), ("Completion", "committed")]


def test_an_input_with_a_key_is_accepted_once(books: Books, url: str) -> None:
    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            first, second = await asyncio.gather(runtime.submit(Buy(5), "a"), runtime.submit(Buy(5), "a"))
            assert (first.duplicate, second.duplicate, second.step.number) == (False, True, first.step.number)
            await runtime.wait_idle()
        async with Runtime(Shop, url) as runtime:
            assert (await runtime.submit(Buy(5), "a")).duplicate
            assert not (await runtime.submit(Buy(5), "b")).duplicate
            await runtime.wait_idle()

    asyncio.run(go())
    assert till(url).paid == {1: 5, 2: 5}


def test_the_key_of_a_rejected_input_can_be_used_again(books: Books, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            hold = asyncio.Event()

            async def wait(id: int) -> Charged:
                await hold.wait()
                return Charged()

            books.answer = wait
            for _ in range(50):
                await runtime.submit(Buy(1))
            refused = await runtime.submit(Buy(1), "a")
            assert (refused.step.outcome, type(refused.step.error)) == (Outcome.REJECTED, shop.TooMany)
            hold.set()
            await runtime.wait_idle()
            assert (await runtime.submit(Buy(1), "a")).step.outcome is Outcome.COMMITTED
            await runtime.wait_idle()

    asyncio.run(go())
    assert len(till(url).paid) == 51


def test_an_invalid_input_is_refused(books: Books, url: str) -> None:
    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            with pytest.raises(InputError, match=r"500 is not between 1 and 100"):
                await runtime.submit(Buy(500))
            with pytest.raises(InputError, match="expected Buy, got str"):
                await runtime.submit("Buy")

    asyncio.run(go())
    assert till(url).next_id == 1


def test_a_failing_handler_is_retried(books: Books, url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def fail_twice(id: int) -> Charged:
        if len(books.charged) < 3:
            raise ConnectionError("nobody there")
        return Charged()

    books.answer = fail_twice
    asyncio.run(sold(url, 1))
    assert books.charged == [(1, 1)] * 3
    assert till(url).paid == {1: 1}
    assert [record.__dict__["fasm"] for record in caplog.records] == [
        {"action": "Tracked(id=1, action=Charge(amount=1))", "attempt": at, "error": "ConnectionError: nobody there"}
        for at in (1, 2)
    ]


async def sold(url: str, *amounts: int, **settings: Any) -> None:
    async with Runtime(Shop, url, **settings) as runtime:
        for amount in amounts:
            await runtime.submit(Buy(amount))
        await runtime.wait_idle()


def test_a_handler_that_times_out_is_retried(
    books: Books, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def never(id: int) -> Charged:
        if len(books.charged) == 1:
            await asyncio.Event().wait()
        return Charged()

    books.answer = never
    monkeypatch.setitem(Shop.handlers, Charge, Handler(books.charge, timeout=0.01, backoff=0.001))
    asyncio.run(sold(url, 1))
    assert (len(books.charged), till(url).paid) == (2, {1: 1})
    assert [record.__dict__["fasm"]["error"] for record in caplog.records] == ["timed out"]


def test_after_the_last_attempt_the_failure_is_the_result(
    books: Books, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(id: int) -> Charged:
        raise ConnectionError("nobody there")

    books.answer = fail
    handler = Handler(books.charge, max_attempts=3, backoff=0.001, on_exhausted=lambda error: Refused(str(error)))
    monkeypatch.setitem(Shop.handlers, Charge, handler)
    asyncio.run(sold(url, 1))
    assert (len(books.charged), till(url).refused) == (3, 1)


def test_an_invalid_result_leaves_the_action_pending(books: Books, url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def nonsense(id: int) -> str:
        return "fine"

    books.answer = nonsense
    asyncio.run(sold(url, 1))
    assert (len(books.charged), till(url).waiting) == (1, {1: 1})  # it was done, so it is not done again by itself
    assert [record.getMessage() for record in caplog.records] == [
        "a handler returned a value that is not a result; the action stays pending"
    ]
    books.answer = books.yes
    asyncio.run(sold(url))
    assert till(url).paid == {1: 1}


def test_at_most_so_many_handlers_run(books: Books, url: str) -> None:
    full = asyncio.Event()

    async def slow(id: int) -> Charged:
        if books.most_at_work == 3:
            full.set()
        await asyncio.wait_for(full.wait(), 10)
        await asyncio.sleep(0.002)  # room for a fourth, were it let in
        return Charged()

    books.answer = slow
    asyncio.run(sold(url, *range(1, 13), concurrency=3))
    assert (books.most_at_work, len(till(url).paid)) == (3, 12)


def test_a_stop_waits_for_running_handlers(books: Books, url: str) -> None:
    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            await runtime.submit(Buy(1))

    asyncio.run(go())
    assert till(url).paid == {1: 1}


def test_a_cancelled_handler_is_pending_at_the_next_start(books: Books, url: str) -> None:
    async def never(id: int) -> Charged:
        await asyncio.Event().wait()
        return Charged()

    async def go() -> None:
        async with Runtime(Shop, url, shutdown_timeout=0.01) as runtime:
            await runtime.submit(Buy(7))
            await until(lambda: books.at_work == 1)

    books.answer = never
    asyncio.run(go())
    assert (books.at_work, till(url).waiting) == (0, {1: 7})
    books.answer = books.yes
    asyncio.run(sold(url))
    assert (books.charged, till(url).paid) == ([(1, 7), (1, 7)], {1: 7})


def test_an_action_that_restore_forgets_comes_from_the_outbox(
    books: Books, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:

    async def never(id: int) -> Charged:
        await asyncio.Event().wait()
        return Charged()

    async def forget(self: Shop, state: Till, actions: Any) -> None:
        """A restore that breaks the law `stored`."""

    books.answer = never
    asyncio.run(sold_and_stopped(url, 7))
    monkeypatch.setattr(Shop, "restore", forget)
    books.answer = books.yes
    asyncio.run(sold(url))
    assert till(url).paid == {1: 7}
    assert [record.getMessage() for record in caplog.records] == [
        "restore did not emit a pending action; using the outbox"
    ]


async def sold_and_stopped(url: str, amount: int) -> None:
    async with Runtime(Shop, url, shutdown_timeout=0.01) as runtime:
        await runtime.submit(Buy(amount))


def test_an_untracked_action_that_was_not_executed_is_executed_after_a_restart(
    books: Books, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(action: Receipt) -> None:
        await asyncio.Event().wait()

    monkeypatch.setitem(Shop.handlers, Receipt, never)

    async def go() -> None:
        async with Runtime(Shop, url, shutdown_timeout=0.05) as runtime:
            await runtime.submit(Buy(7))

    asyncio.run(go())
    assert (till(url).paid, books.receipts) == ({1: 7}, [])
    monkeypatch.setitem(Shop.handlers, Receipt, books.receipt)
    asyncio.run(sold(url))
    assert books.receipts == [1]
    asyncio.run(sold(url))
    assert books.receipts == [1]


def test_an_untracked_action_before_a_rejected_input_is_executed_once(
    books: Books, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stf = Shop.stf

    async def reject_large(self: Shop, state: Till, input: Any, actions: Any) -> None:
        if getattr(input, "value", None) == Buy(100):
            raise shop.TooMany
        await stf(self, state, input, actions)

    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            await runtime.submit(Buy(7))
            await runtime.wait_idle()
            assert (await runtime.submit(Buy(100))).step.outcome is Outcome.REJECTED

    monkeypatch.setattr(Shop, "stf", reject_large)
    asyncio.run(go())
    asyncio.run(sold(url))
    assert books.receipts == [1]


def test_a_rejected_result_is_delivered_again(
    books: Books, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("fasm_cli.runtime.runtime.FIRST_RETRY_DELAY_S", 0.001)
    stf, refusals = Shop.stf, iter((True, True))

    async def refuse_twice(self: Shop, state: Till, input: Any, actions: Any) -> None:
        if not isinstance(getattr(input, "value", None), Buy) and next(refusals, False):
            raise shop.NotWaiting("today")
        await stf(self, state, input, actions)

    monkeypatch.setattr(Shop, "stf", refuse_twice)
    asyncio.run(sold(url, 1))
    assert (books.charged, till(url).paid) == ([(1, 1)], {1: 1})
    assert [record.__dict__["fasm"]["reason"] for record in caplog.records] == ["NotWaiting('today')"] * 2


def test_a_second_process_is_refused(books: Books, url: str) -> None:
    async def go() -> None:
        async with Runtime(Shop, url):
            with pytest.raises(SessionError, match=r"shop\.db is being written by pid"):
                await Runtime(Shop, url).start()

    asyncio.run(go())
    asyncio.run(sold(url, 1))  # the lock was given back


def test_a_foreign_database_is_refused(books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, other, changed = tmp_path / "text.db", tmp_path / "other.db", f"sqlite:///{tmp_path / 'shop.db'}"
    text.write_text("no database, and long enough to be looked at as one" * 40)
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE mine (a)")
    db.close()
    with pytest.raises(SessionError, match="file is not a database"):
        asyncio.run(sold(f"sqlite:///{text}"))
    with pytest.raises(SessionError, match=r"other\.db is a database that no machine has made"):
        asyncio.run(sold(f"sqlite:///{other}"))
    asyncio.run(sold(changed))
    monkeypatch.setattr(Shop, "version", 2)
    with pytest.raises(SessionError, match="holds Shop version 1, and this is version 2"):
        asyncio.run(sold(changed))
    with pytest.raises(UsageError, match="no store 'mysql://here'"):
        asyncio.run(sold("mysql://here"))
    with pytest.raises(SessionError, match="cannot"):
        asyncio.run(sold(f"sqlite:///{tmp_path / 'nowhere' / 'shop.db'}"))


@pytest.mark.parametrize(
    ("handlers", "message"),
    [
        ({}, "Shop has no handler for Charge, Receipt"),
        ({Charge: print, Receipt: print, Buy: print}, "is not an action; actions: Charge, Receipt"),
        ({Charge: "print", Receipt: print}, "'print' cannot be called"),
        (
            {Charge: Handler(shop.charge, max_attempts=3), Receipt: print},
            "Charge has max_attempts=3 and no on_exhausted",
        ),
    ],
)
def test_handlers_must_match_the_actions(handlers: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Shop, "handlers", handlers)
    with pytest.raises(MachineError) as error:
        Runtime(Shop)
    assert message in f"{error.value.message}; {error.value.hint}"


@pytest.mark.parametrize(
    "wrong", [{"timeout": 0}, {"backoff": -1}, {"max_backoff": "1"}, {"max_attempts": -1}, {"max_attempts": 1.5}]
)
def test_a_handler_checks_its_numbers(wrong: dict[str, Any]) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=rf"Handler\({name}={value!r}\)"):
        Handler(shop.charge, **wrong)


def test_a_retried_transition_keeps_its_number(books: Books, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, refusals = SqliteConnection.commit, iter((False, False, True, True))  # two are of opening

    def contended(self: SqliteConnection) -> None:
        if next(refusals, False):
            raise SerializationConflict("another came first")
        commit(self)

    monkeypatch.setattr(SqliteConnection, "commit", contended)

    async def go() -> None:
        async with Runtime(Shop, url, history=True) as runtime:
            taken = await runtime.submit(Buy(5), "a")
            assert (taken.step.outcome, taken.step.number) == (Outcome.COMMITTED, 1)
            assert (await runtime.submit(Buy(5), "a")).duplicate
            await runtime.wait_idle()

    asyncio.run(go())
    assert next(refusals, None) is None  # both failed
    db = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert list(db.execute("SELECT step FROM fasm_journal")) == [(0,), (1,), (2,)]
    assert list(db.execute("SELECT id FROM fasm_outbox WHERE id IS NOT NULL")) == []
    db.close()


def test_a_state_that_cannot_be_stored_is_a_defect(books: Books, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stf, wrong = Shop.stf, iter((True,))

    async def once_wrong(self: Shop, state: Till, input: Any, actions: Any) -> None:
        if next(wrong, False):
            state.refused = "many"  # type: ignore[assignment]
            return
        await stf(self, state, input, actions)

    monkeypatch.setattr(Shop, "stf", once_wrong)

    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            assert (await runtime.submit(Buy(5))).step.outcome is Outcome.DEFECT
            assert (await runtime.submit(Buy(6))).step.outcome is Outcome.COMMITTED
            await runtime.wait_idle()

    asyncio.run(go())
    assert till(url) == Till({}, {1: 6}, 0, 2)


def test_a_failed_start_releases_thread_and_lock(books: Books, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(sold(url, 1))

    async def fail(self: Shop, state: Till, actions: Any) -> None:
        raise RuntimeError("not today")

    with monkeypatch.context() as patch:
        patch.setattr(Shop, "restore", fail)
        with pytest.raises(MachineError, match="Shop: restore failed: not today"):
            asyncio.run(sold(url))
    for thread in threading.enumerate():
        if thread.name == "fasm-steps":
            thread.join(5)
            assert not thread.is_alive()
    asyncio.run(sold(url, 2))  # nor is the lock held
    assert till(url).paid == {1: 1, 2: 2}


def test_the_backoff_doubles_up_to_its_maximum(books: Books, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        if seconds:  # else it is no wait, only a turn for others
            waits.append(seconds)
        await sleep(0)

    async def fail_five_times(id: int) -> Charged:
        if len(books.charged) < 6:
            raise ConnectionError
        return Charged()

    books.answer = fail_five_times
    monkeypatch.setattr("fasm_cli.runtime.runtime.asyncio.sleep", at_once)
    monkeypatch.setattr("fasm_cli.runtime.runtime.random", lambda: 1.0)
    monkeypatch.setitem(Shop.handlers, Charge, Handler(books.charge, backoff=1, max_backoff=5))
    asyncio.run(sold(url, 1))
    assert waits == [1, 2, 4, 5, 5]
