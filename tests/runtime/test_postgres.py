"""The runtime on a real PostgreSQL: restarts, a second process, and lost connections."""

import asyncio
from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from postgres_server import running_server

from fasm_cli import Handler
from fasm_cli.errors import SessionError
from fasm_cli.runtime.runtime import Runtime
from fasm_cli.stores.postgres import PostgresConnection
from tests.runtime.notes import Note, Notes
from tests.runtime.shop import Buy, Charge, Charged, Receipt, Shop
from tests.runtime.test_database_migration import migrate_notes


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own."""
    with running_server() as url:
        yield url


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """A schema for one test."""
    name = request.node.name.lower()
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"CREATE SCHEMA {name}".encode())
    return f"{server}&options=-csearch_path%3D{name}"


@pytest.fixture
def charged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    done: list[int] = []

    async def charge(id: int, action: Charge) -> Charged:
        done.append(id)
        return Charged()

    async def receipt(action: Receipt) -> None:
        """Nobody reads it."""

    monkeypatch.setattr(Shop, "handlers", {Charge: Handler(charge, backoff=0.001), Receipt: receipt})
    return done


def rows(url: str, sql: str) -> list[Any]:
    with psycopg.connect(url) as db:
        return db.execute(sql.encode()).fetchall()


def test_a_restart_continues(url: str, charged: list[int]) -> None:
    async def go(*keys: str) -> list[bool]:
        async with Runtime(Shop, url, history=True) as runtime:
            taken = [await runtime.submit(Buy(5), key) for key in keys]
            await runtime.wait_idle()
        return [each.duplicate for each in taken]

    assert asyncio.run(go("a", "b")) == [False, False]
    assert asyncio.run(go("b", "c")) == [True, False]
    assert charged == [1, 2, 3]
    assert rows(url, "SELECT count(*) FROM fasm_outbox WHERE id IS NOT NULL") == [(0,)]
    assert rows(url, "SELECT max(version) FROM fasm_state") == rows(url, "SELECT max(step) FROM fasm_journal")


def test_a_second_process_on_a_server_is_refused(url: str, charged: list[int]) -> None:
    async def go() -> None:
        async with Runtime(Shop, url):
            with pytest.raises(SessionError, match="another process runs the machine"):
                await Runtime(Shop, url).start()

    asyncio.run(go())


def test_a_restart_does_not_wait_for_the_server_to_notice_a_closed_connection(
    url: str, charged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Any] = []

    def leave(self: PostgresConnection) -> None:
        left.append(self._db)
        self._db = None

    async def go() -> None:
        async with Runtime(Shop, url) as runtime:
            await runtime.submit(Buy(5))
            await runtime.wait_idle()

    monkeypatch.setattr(PostgresConnection, "drop", leave)
    try:
        asyncio.run(go())
        asyncio.run(go())
    finally:
        for db in left:
            db.close()
    assert charged == [1, 2]


def test_a_lost_connection_is_opened_again(url: str, charged: list[int]) -> None:
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )

    async def go() -> list[str]:
        outcomes = []
        async with Runtime(Shop, url) as runtime:
            for _ in range(5):
                await asyncio.to_thread(rows, url, others)
                outcomes.append(str((await runtime.submit(Buy(5))).step.outcome))
            await runtime.wait_idle()
        return outcomes

    assert asyncio.run(go()) == ["committed"] * 5
    assert charged == [1, 2, 3, 4, 5]


def test_a_batch_survives_a_connection_killed_at_any_statement(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fasm_cli.runtime.runtime.FIRST_RETRY_DELAY_S", 0.001)

    async def go(runtime: Runtime, other: "psycopg.Connection[Any]", at: int) -> bool:
        """Whether there were so many statements and commits."""
        connection: Any = runtime._executor._store._batch._connection  # type: ignore[union-attr]
        execute, commit, said = connection.execute, connection.commit, 0

        def strike() -> None:
            nonlocal said
            said += 1
            if said == at:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection._db.info.backend_pid])

        connection.execute = lambda *args: (strike(), execute(*args))[1]
        connection.commit = lambda: (strike(), commit())[1]
        steps = await asyncio.gather(*(runtime.submit(Note(about)) for about in (1, 0, 1)))
        connection.execute, connection.commit = execute, commit
        await runtime.wait_idle()
        assert [str(each.step.outcome) for each in steps] == ["committed", "rejected", "committed"]
        assert runtime._executor._process.pending == {}
        return said >= at

    async def at_each() -> int:
        with psycopg.connect(url, autocommit=True) as other:
            async with Runtime(Notes, url, history=True) as runtime:
                for at in count(1):
                    injected = await go(runtime, other, at)
                    written = rows(url, "SELECT count(*), max(id) FROM notes") + rows(url, "SELECT * FROM fasm_outbox")
                    assert written == [(2 * at, 2 * at)]
                    if not injected:
                        return at
        raise AssertionError

    assert asyncio.run(at_each()) > 12
    assert rows(url, "SELECT max(version) FROM fasm_state") == rows(url, "SELECT count(*) - 1 FROM fasm_journal")


def test_a_database_is_migrated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert migrate_notes(url, monkeypatch) == [1, 2]
    assert rows(url, "SELECT state_json FROM fasm_state") == [('{"next_id":3,"unprinted":[],"title":"old notes"}',)]
    assert rows(url, "SELECT id FROM notes ORDER BY id") == [(1,), (2,)]
