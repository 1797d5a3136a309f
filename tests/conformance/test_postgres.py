"""A real server: its connections are killed at every statement, and another client writes in between."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fasm_cli.contract.database import ConnectionLost, SerializationConflict
from fasm_cli.engine.events import Crash, FaultKind, InjectedFault, Restore
from fasm_cli.engine.process import MAX_CONFLICT_RETRIES
from fasm_cli.engine.step_result import Outcome
from fasm_cli.errors import UsageError
from fasm_cli.stores.postgres import connect_scratch, scratch_names, to_pyformat

HELD, PAID = "Book(seat=1, guest='ann')", ("1", "Paid()")


class Before:
    """Does something with the server before the `at`-th statement of a connection, commits among them."""

    def __init__(self, connection, at, act):
        self.statements = 0
        self._real = connection.execute, connection.commit
        self._at, self._act = at, act
        connection.execute, connection.commit = self.execute, self.commit

    def execute(self, sql, args):
        self._count()
        return self._real[0](sql, args)

    def commit(self):
        self._count()
        self._real[1]()

    def _count(self):
        self.statements += 1
        if self._at in (self.statements, 0):
            self._act()


@pytest.fixture
def house(at):
    made = at("booking_db", "postgres")
    made.step(HELD)
    return made


@pytest.fixture
def other(server):
    with psycopg.connect(server, autocommit=True) as client:
        yield client


def connection_of(stepped):
    return stepped.process.store._connection


@pytest.mark.parametrize("statement", range(1, 7))
def test_a_connection_killed_at_a_statement_leaves_state_and_pending_unchanged(house, other, statement):
    connection = connection_of(house)
    before, pending = house.digest, dict(house.process.pending)
    kill = lambda: other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection._db.info.backend_pid])  # noqa: E731
    hook = Before(connection, statement, kill)
    step = house.step(*PAID)
    if statement > hook.statements:  # there are no more
        assert statement == 6
        assert step.outcome is Outcome.COMMITTED
        return
    assert (step.outcome, step.details.state_leaked) == (Outcome.ABORTED, False)
    assert "the connection was lost" in step.details.reason
    assert (house.digest, house.process.pending) == (before, pending)
    again = house.step(*PAID)
    assert again.outcome is Outcome.COMMITTED
    assert (house.state.takings, house.state.db.table("bookings")[1]["status"], house.process.pending) == (
        45,
        "paid",
        {},
    )


def test_a_restart_reads_everything_from_the_server(house):
    house.process.step(Crash())
    assert [action.id for action in house.process.step(Restore()).actions] == [1]


def test_an_unanswered_commit_is_found_in_the_database(house):
    connection = connection_of(house)
    real = connection.commit

    def unanswered():
        real()
        connection.commit = real
        raise ConnectionLost("no answer")

    connection.commit = unanswered
    assert house.step(*PAID).outcome is Outcome.COMMITTED
    house.process.step(Crash())
    assert house.state.takings == 45


def test_a_transition_after_a_conflict_is_executed_again(house, other):
    connection = connection_of(house)
    rename = f"UPDATE {connection._name}.bookings SET guest = 'eve' WHERE seat = 1"
    hook = Before(connection, 2, lambda: other.execute(rename))
    step = house.step(*PAID)
    assert step.outcome is Outcome.COMMITTED
    assert step.actions[0].action.guest == "eve"  # the second time it was read
    assert hook.statements > 4


def test_fields_of_another_process_are_read_before_a_retry(house, other):
    connection = connection_of(house)
    write = (
        f"UPDATE {connection._name}.fasm_state SET version = version + 1, state_json = replace(state_json, '2', '7') "
        "WHERE state_json LIKE '%:2,%'"
    )
    Before(connection, 1, lambda: other.execute(write))
    step = house.step("Book(seat=2, guest='bob')")
    assert (step.outcome, step.actions[0].id, house.state.next_charge) == (Outcome.COMMITTED, 7, 8)


def test_a_disconnect_fault_loses_the_connection(house):
    connection = connection_of(house)
    before = connection._db.info.backend_pid
    house.process.step(InjectedFault(FaultKind.DISCONNECT, 1))
    assert house.step(*PAID).outcome is Outcome.ABORTED
    assert house.step(*PAID).outcome is Outcome.COMMITTED
    assert connection._db.info.backend_pid != before


def test_a_transition_that_always_conflicts_is_aborted(house, other):
    connection = connection_of(house)
    before = house.digest
    update = f"UPDATE {connection._name}.fasm_state SET version = version + 1"
    hook = Before(connection, 0, lambda: other.execute(update))
    step = house.step("Book(seat=2, guest='bob')")
    assert (step.outcome, type(step.error)) == (Outcome.ABORTED, SerializationConflict)
    assert hook.statements >= MAX_CONFLICT_RETRIES
    assert house.digest == before


def test_scratch_schemas_of_a_killed_process_are_removed(server, at):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    engine = at("booking_db", "postgres").engine
    own = [name for name in scratch_names(server) if name.endswith(f"_{os.getpid()}")]
    assert own
    left = own[0].removesuffix(str(os.getpid())) + str(ended.pid)
    connect_scratch(server, "", left).drop()
    assert left in scratch_names(server)
    engine.close()
    assert left not in scratch_names(server)


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from postgres_server import running_server
from urllib.parse import parse_qs, urlsplit
with running_server() as url:
    folder = parse_qs(urlsplit(url).query)["host"][0]
    print(open(os.path.join(folder, "postmaster.pid")).readline(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for a process that is no child")
def test_the_server_stops_when_its_tests_are_killed():
    helpers = Path(__file__).parents[1] / "helpers"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(helpers)], stdout=subprocess.PIPE, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    try:
        server = os.pidfd_open(int(killed.stdout))
    except ProcessLookupError:
        return
    ended = select.poll()
    ended.register(server, select.POLLIN)
    assert ended.poll(30_000)
    os.close(server)


def test_a_missing_server_is_a_usage_error(at, tmp_path):
    with pytest.raises(UsageError, match="no PostgreSQL at postgresql:///x"):
        connect_scratch(f"postgresql:///x?host={tmp_path}", "", "fasm_scratch_x")


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("SELECT ? + ?", "SELECT %s + %s"),
        ("SELECT '?', \"a?\", 5 % ?", "SELECT '?', \"a?\", 5 %% %s"),
        ("SELECT ? -- really?\n, /* ? */ ?", "SELECT %s -- really?\n, /* ? */ %s"),
        ("SELECT 'it''s ?', ?", "SELECT 'it''s ?', %s"),
        ("SELECT '?", "SELECT '?"),
    ],
)
def test_question_marks_become_placeholders(sql, written):
    assert to_pyformat(sql) == written
