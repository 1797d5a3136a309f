"""What an STF may say in its transaction, and what it gets to hear."""

import sqlite3
from contextlib import suppress

import pytest

from fasm_cli import ConnectionLost, ConstraintError, DatabaseError, Sqlite, Tables, TransitionError, Untracked
from fasm_cli.contract.database import redact_url
from fasm_cli.engine.events import Crash, FaultKind, InjectedFault
from fasm_cli.engine.laws import first_violation
from fasm_cli.engine.purity_latch import Breach
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import MachineError
from fasm_cli.stores.transaction import first_word
from tests.stores.conftest import Said, running


def rows(process):
    return process.store.committed.db.rows("notes")


def test_a_transition_reads_its_own_writes(go):
    async def stf(self, state, input, actions):
        assert await state.db.execute("INSERT INTO notes VALUES (?, ?)", 2, "zwölf") == 1
        assert await state.db.fetch("SELECT * FROM notes ORDER BY id") == [
            {"id": 1, "text": "first"},
            {"id": 2, "text": "zwölf"},
        ]
        assert await state.db.fetch_one("SELECT text FROM notes WHERE id = ?", 9) is None
        assert await state.db.fetch_value("SELECT text FROM notes WHERE id = ?", 9) is None
        assert await state.db.fetch_value("SELECT count(*) FROM notes") == 2
        state.count += 1

    process = running(stf)
    assert go(process).outcome is Outcome.COMMITTED
    assert rows(process) == [{"id": 1, "text": "first"}, {"id": 2, "text": "zwölf"}]


@pytest.mark.parametrize(
    ("sql", "law", "word"),
    [
        ("COMMIT", "atomic", "COMMIT"),
        ("  -- now\n /* and */ begin immediate", "atomic", "BEGIN"),
        ("SAVEPOINT s", "atomic", "SAVEPOINT"),
        ("ROLLBACK", "atomic", "ROLLBACK"),
        ("PRAGMA foreign_keys = OFF", "effects", "PRAGMA"),
        ("ATTACH 'other.db' AS other", "effects", "ATTACH"),
        ("CREATE TABLE more (id INTEGER PRIMARY KEY)", "effects", "CREATE"),
        ("", "effects", "an empty statement"),
        ("SELECT * FROM notes ORDER BY random()", "random", "random"),
        ("INSERT INTO notes VALUES (3, CURRENT_TIMESTAMP)", "clock", "CURRENT_TIMESTAMP"),
        ("INSERT INTO notes VALUES (3, datetime('now'))", "clock", "'now'"),
        ("SELECT Now ()", "clock", "Now"),
    ],
)
def test_a_statement_that_is_not_about_rows_is_a_breach(go, sql, law, word):
    async def stf(self, state, input, actions):
        await state.db.execute("INSERT INTO notes VALUES (2, 'x')")
        await state.db.execute(sql)

    process = running(stf)
    step = go(process)
    line = stf.__code__.co_firstlineno + 2
    assert str(step.error) == f"says {word} at test_transaction.py:{line}"
    assert first_violation(process, step, process.store.committed).law == law
    assert len(rows(process)) == 1


def test_a_breach_cannot_be_caught(go):
    async def stf(self, state, input, actions):
        try:
            await state.db.execute("COMMIT")
        except BaseException:
            state.count = 7

    assert isinstance(go(running(stf)).error, Breach)


def test_two_statements_in_one_are_refused(go):
    async def stf(self, state, input, actions):
        await state.db.execute("INSERT INTO notes VALUES (2, 'x'); COMMIT")

    process = running(stf)
    step = go(process)
    assert (step.outcome, type(step.error)) == (Outcome.DEFECT, DatabaseError)
    assert len(rows(process)) == 1


def test_a_violated_constraint_is_a_defect_unless_it_is_caught(go):
    class Taken(TransitionError): ...

    async def careless(self, state, input, actions):
        await state.db.execute("INSERT INTO notes VALUES (2, 'first')")

    async def careful(self, state, input, actions):
        try:
            await careless(self, state, input, actions)
        except ConstraintError:
            raise Taken from None

    step = go(running(careless))
    assert (step.outcome, str(step.error)) == (Outcome.DEFECT, "UNIQUE constraint failed: notes.text")
    assert go(running(careful)).outcome is Outcome.REJECTED


def test_continuing_after_a_failed_statement_is_a_defect(go):
    async def stf(self, state, input, actions):
        with suppress(ConstraintError):
            await state.db.execute("INSERT INTO notes VALUES (2, 'first')")

    async def twice(self, state, input, actions):
        await stf(self, state, input, actions)
        await state.db.fetch("SELECT 1")

    process = running(stf)
    step = go(process)
    assert step.outcome is Outcome.DEFECT
    assert str(step.error).startswith("a statement failed and the transition went on")
    assert str(go(running(twice)).error) == "an earlier statement of this transition failed: it can only be undone"
    assert len(rows(process)) == 1


@pytest.mark.parametrize("value", [1j, object(), [1], 2**63, "\ud800"])
def test_a_value_that_cannot_be_stored_is_a_defect(go, value):
    async def stf(self, state, input, actions):
        await state.db.execute("INSERT INTO notes VALUES (2, ?)", value)

    step = go(running(stf))
    assert (step.outcome, type(step.error)) == (Outcome.DEFECT, DatabaseError)


def test_fields_changed_before_a_failing_await_violate_atomic(go):
    async def stf(self, state, input, actions):
        state.count += 1
        await state.db.execute("INSERT INTO notes VALUES (2, 'x')")

    process = running(stf)
    process.step(InjectedFault(FaultKind.CANCEL, 1))
    before = process.store.committed
    step = go(process)
    assert (step.outcome, step.details.state_leaked) == (Outcome.ABORTED, True)
    violation = first_violation(process, step, before)
    assert (violation.law, violation.reason) == (
        "atomic",
        "the state was changed, and then the transition was aborted: cancelled at await 1",
    )
    assert process.store.working.count == 0


def test_a_swallowed_lost_connection_cannot_be_committed(go):
    async def stf(self, state, input, actions):
        try:
            await state.db.execute("INSERT INTO notes VALUES (2, 'x')")
        except ConnectionLost:
            state.count = 1

    process = running(stf)
    process.step(InjectedFault(FaultKind.DISCONNECT, 1))
    assert go(process).outcome is Outcome.DEFECT
    assert (len(rows(process)), process.store.working.count) == (1, 0)


def test_a_second_connection_is_a_breach(go):
    from fasm_cli.purity import install as guard

    async def stf(self, state, input, actions):
        sqlite3.connect(":memory:")

    guard.install()
    try:
        assert "sqlite3.connect()" in str(go(running(stf)).error)
    finally:
        guard.uninstall()


def test_the_transaction_of_another_process_cannot_be_awaited(go):
    async def plain(self, state, input, actions): ...

    other = running(plain)

    async def stf(self, state, input, actions):
        await other.store.working.db.fetch("SELECT 1")

    assert str(go(running(stf)).error).startswith("awaits Statement at test_transaction.py:")


def test_a_snapshot_outside_a_transition_reports_what_to_write():
    async def plain(self, state, input, actions): ...

    look = running(plain).store.committed.db
    with pytest.raises(DatabaseError, match=r"elsewhere use db\.table\(name\)"):
        look.execute("SELECT 1").send(None)
    with pytest.raises(KeyError, match="no table 'note'; the schema has notes"):
        look.table("note")


def test_a_field_changed_back_is_written(go):
    async def stf(self, state, input, actions):
        state.count = 1 - state.count

    process = running(stf)
    go(process)
    go(process)
    process.step(Crash())
    assert process.store.committed.count == 0


def test_foreign_keys_are_enforced(go):
    async def stf(self, state, input, actions):
        await state.db.execute("INSERT INTO notes VALUES (2, 'x', 9)")

    schema = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT, of INTEGER REFERENCES notes (id));"
    assert type(go(running(stf, schema=schema)).error) is ConstraintError


def test_restore_may_read_and_not_write():
    async def plain(self, state, input, actions): ...

    async def reads(self, state, actions):
        for row in await state.db.fetch("SELECT text FROM notes"):
            actions.add(Untracked(Said(row["text"])))

    async def writes(self, state, actions):
        await state.db.execute("DELETE FROM notes")

    assert running(plain, restore=reads).dry_run_restore() == ((Untracked(Said("first")),), None, False)
    process = running(plain, restore=writes)
    assert process.dry_run_restore() == ((), None, True)
    process.step(Crash())
    assert len(rows(process)) == 1


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"store": None}, "State.db is a Database, and there is no store"),
        ({"store": "sqlite://"}, "store is 'sqlite://'"),
        ({"store": Sqlite(schema="CREATE TABLE")}, "SQLite refuses the schema: incomplete input"),
        ({"store": Sqlite(schema="CREATE TABLE notes (id INTEGER)")}, "the table notes has no primary key"),
        ({"store": Sqlite(schema="CREATE TABLE other (id INTEGER PRIMARY KEY)")}, "there is no table 'notes'"),
        ({"store": Sqlite(url="mysql://here")}, "no store 'mysql://here'"),
    ],
)
def test_an_invalid_store_is_reported_when_the_machine_is_loaded(members, message):
    async def plain(self, state, input, actions): ...

    with pytest.raises(Exception, match=message.replace("(", r"\(")) as caught:
        running(plain, **members)
    assert isinstance(caught.value, MachineError) or "mysql" in message


def test_words_in_quotes_comments_and_names_are_allowed(go):
    async def stf(self, state, input, actions):
        text = "/* commit; random() */ SELECT 'now()' AS \"current_date\", id AS randomly FROM notes -- now()"
        assert await state.db.fetch(text) == [{"current_date": "now()", "randomly": 1}]

    assert go(running(stf)).error is None


def test_first_words():
    assert [first_word(sql) for sql in ("select 1", "(SELECT 1)", "/* x */-- y\nWith a", "1", "-- only")] == [
        *("SELECT", "SELECT", "WITH", "", ""),
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@host:5432/db?x=1", "postgresql://me@host:5432/db?x=1"),
        ("postgresql://postgres:@/postgres?host=/tmp", "postgresql://postgres@/postgres?host=/tmp"),
        ("postgresql://host:5432/a@b", "postgresql://host:5432/a@b"),
        ("sqlite:////a:b@c", "sqlite:////a:b@c"),
    ],
)
def test_passwords_are_redacted(url, shown):
    assert redact_url(url) == shown


def test_tables_are_equal_by_their_rows():
    assert Tables(notes=[{"id": 1}]) == Tables(notes=[{"id": 1}], others=[])
    assert Tables(notes=[{"id": 1}]) != Tables(notes=[{"id": 2}])
    assert repr(Tables(notes=[{"id": 1}], others=[])) == "Tables(notes=[{'id': 1}])"
