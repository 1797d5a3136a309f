"""A database of an older version of a machine: it is refused, or migrated as a whole."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fasm_cli import Database, Handler, Tables, Tracked, invariant
from fasm_cli.engine.machine import Machine
from fasm_cli.errors import MachineError, SessionError
from fasm_cli.reports.sessions import MigratedDatabase
from fasm_cli.runtime.runtime import Runtime
from fasm_cli.stores.open import read_journal
from fasm_cli.usecases.migrate_database import migrate_stored
from tests.runtime.notes import Note, Notes, Print, Printed
from tests.runtime.shop import Buy, Charge, Charged, Receipt, Shop


@dataclass
class Ask:
    """Asks whether a charge was made; this version cannot charge any more."""

    order: int


@dataclass
class Till:
    waiting: dict[int, Decimal] = field(default_factory=dict)
    paid: dict[int, Decimal] = field(default_factory=dict)
    next_id: int = 1


class Newer(Shop):
    version = 2
    State = Till
    TrackedAction = Ask
    ActionResult = Charged

    def initial(self) -> Till:
        return Till()

    def migrate(self, version: int, data: Any) -> Any:
        assert version == 1
        del data["refused"]
        return {**data, **{part: {id: str(cents) for id, cents in data[part].items()} for part in ("waiting", "paid")}}

    async def restore(self, state: Till, actions: Any) -> None:
        for id in state.waiting:
            actions.add(Tracked(id, Ask(id)))


Newer.__name__ = "Shop"
NEWER = "version 1, and this is version 2: TrackedAction: Charge -> Ask; ActionResult: Charged | Refused -> Charged"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of an older version: one order is paid, and one waits for a provider that is down."""

    async def charge(id: int, action: Charge) -> Charged:
        if id > 1:
            raise ConnectionError("down")
        return Charged()

    async def go() -> None:
        async with Runtime(Shop, f"sqlite:///{path}", history=True, shutdown_timeout=0) as runtime:
            await runtime.submit(Buy(5), "a")
            await runtime.wait_idle()
            await runtime.submit(Buy(7), "b")

    async def receipt(action: Receipt) -> None: ...

    path = tmp_path / "shop.db"
    monkeypatch.setattr(Shop, "handlers", {Charge: Handler(charge, backoff=60), Receipt: receipt})
    asyncio.run(go())
    return path


def over(machine: Any, file: Path, *, dry_run: bool = False) -> MigratedDatabase:
    return migrate_stored(Machine(machine), f"sqlite:///{file}", dry_run=dry_run)


def everything(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as db:
        return list(db.iterdump())


def test_an_older_database_is_refused_with_the_types_that_differ(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Newer, "handlers", {Ask: print, Receipt: print})
    with pytest.raises(SessionError) as error:
        asyncio.run(Runtime(Newer, f"sqlite:///{file}").start())
    assert error.value.message.startswith(f"the database holds Shop {NEWER}")
    assert error.value.hint == "`fasm migrate TARGET --db URL` migrates it"


def test_a_migrated_machine_continues_where_the_older_one_stopped(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = over(Newer, file)
    assert (done.versions, done.needed, done.pending) == ((1, 2), True, ["Tracked(id=2, action=Ask(order=2))"])
    assert "Till.waiting: dict[int, int] -> dict[int, Decimal]" in done.types
    asked: list[Ask] = []

    async def ask(id: int, action: Ask) -> Charged:
        asked.append(action)
        return Charged()

    async def receipt(action: Receipt) -> None: ...

    async def go() -> None:
        async with Runtime(Newer, f"sqlite:///{file}", history=True) as runtime:
            assert (await runtime.submit(Buy(7), "b")).duplicate  # the keys are still known
            await runtime.wait_idle()

    monkeypatch.setattr(Newer, "handlers", {Ask: ask, Receipt: receipt})
    asyncio.run(go())
    assert asked == [Ask(2)]
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT state_json FROM fasm_state").fetchone() == (
            '{"waiting":{},"paid":{"1":"5","2":"7"},"next_id":3}',
        )
        assert db.execute("SELECT count(*) FROM fasm_outbox WHERE id IS NOT NULL").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM fasm_journal").fetchone() == (8,)  # what came before is still there
    past = read_journal(Machine(Newer), f"sqlite:///{file}")
    assert [each.event["type"] for each in past] == ["state", "crash", "restore", "completion"]
    assert past[0].event["state"]["waiting"] == {"2": "7"}


def test_a_dry_run_reports_the_same_and_writes_nothing(file: Path) -> None:
    before = everything(file)
    dry = over(Newer, file, dry_run=True)
    assert everything(file) == before
    assert over(Newer, file) == replace(dry, written=True)
    assert everything(file) != before
    url = f"sqlite:///{file}"
    assert over(Newer, file) == MigratedDatabase(url, "Shop", (2, 2), [], [], needed=False, written=False)


async def broken_restore(self: Any, state: Till, actions: Any) -> None:
    raise RuntimeError("not today")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"never_in_two": invariant(lambda self, state: not state.paid)}, "breaks invariant:never_in_two: it is false"),
        ({"restore": broken_restore}, "restore failed: not today"),
        ({"migrate": lambda self, version, data: {}}, r"migrate\(1, …\) does not return a state of version 2"),
        ({"version": 1}, r"states of version 1 do not fit Shop: "),
        ({"UntrackedAction": None}, "1.1 is not finished, and Shop no longer declares it"),
    ],
)
def test_a_failed_migration_changes_nothing(file: Path, members: dict[str, Any], message: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        receipt = '{"type":"Untracked","action":{"type":"Receipt","order":1}}'
        db.execute("INSERT OR REPLACE INTO fasm_outbox VALUES (1, 1, NULL, ?)", (receipt,))
        db.commit()
    before = everything(file)
    with pytest.raises((MachineError, SessionError), match=message):
        over(type("Shop", (Newer,), members), file)
    assert everything(file) == before


def test_another_machine_cannot_be_migrated(file: Path, tmp_path: Path) -> None:
    over(Newer, file)
    with pytest.raises(SessionError, match="holds Shop version 2, and this is version 1, which is older"):
        over(Shop, file)
    with pytest.raises(SessionError, match="holds the state of Shop, not of Notes"):
        over(Notes, file)
    with pytest.raises(SessionError, match=r"no machine has run at .*nothing\.db"):
        over(Shop, tmp_path / "nothing.db")
    assert not (tmp_path / "nothing.db").exists()


def test_a_database_with_a_fingerprint_only_is_migrated(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE fasm_meta SET types = ?", (Machine(Shop).fingerprint,))
        db.commit()
    url = f"sqlite:///{file}"
    assert over(Shop, file) == MigratedDatabase(url, "Shop", (1, 1), [], [], needed=False, written=False)
    assert over(Newer, file).types == []


def test_a_new_version_with_the_same_types_is_migrated(file: Path) -> None:
    asked: list[int] = []

    def migrate(self: Any, version: int, data: Any) -> Any:
        asked.append(version)
        return data

    shop = type("Shop", (Shop,), {"version": 2, "migrate": migrate})
    with pytest.raises(SessionError, match=r"holds Shop version 1, and this is version 2\Z"):
        asyncio.run(Runtime(shop, f"sqlite:///{file}").start())
    assert over(shop, file).needed
    assert asked == [1]


@dataclass
class Titled:
    db: Database
    next_id: int = 1
    unprinted: list[int] = field(default_factory=list)
    title: str = "notes"


class TitledNotes(Notes):
    version = 2
    State = Titled

    def initial(self) -> Titled:
        return Titled(Tables())

    def migrate(self, version: int, data: Any) -> Any:
        assert data["db"] == {}
        return {**data, "title": "old notes"}


TitledNotes.__name__ = "Notes"


def migrate_notes(url: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Write a note without a title, migrate, and write another one; returns the printed notes."""
    printed: list[Any] = []

    async def print_it(id: int, action: Print) -> Printed:
        printed.append(action.note)
        return Printed()

    async def go(machine: Any) -> None:
        async with Runtime(machine, url) as runtime:
            await runtime.submit(Note(1))
            await runtime.wait_idle()

    monkeypatch.setattr(Notes, "handlers", {Print: print_it})
    asyncio.run(go(Notes))
    assert migrate_stored(Machine(TitledNotes), url, dry_run=False).needed
    asyncio.run(go(TitledNotes))
    return printed


def test_a_migration_keeps_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "notes.db"
    assert migrate_notes(f"sqlite:///{file}", monkeypatch) == [1, 2]
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT * FROM notes").fetchall() == [(1, 1), (2, 1)]
        ((fields,),) = db.execute("SELECT state_json FROM fasm_state")
    assert fields == '{"next_id":3,"unprinted":[],"title":"old notes"}'
