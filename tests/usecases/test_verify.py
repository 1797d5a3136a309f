"""Tests `verify`: it re-executes a session in a fresh process and reports the first step that differs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fasm_cli.debugger import navigate
from fasm_cli.debugger.open import open_session
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Event
from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import StepDifference
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.timeline import TakenStep, Timeline
from fasm_cli.usecases import sessions
from fasm_cli.usecases.verify import JournalReplay, strict_diff, verify

WriteTill = Callable[..., None]

FILE = Path("sessions/till.toml")


@pytest.fixture
def till(project: Project, write_till: WriteTill) -> Project:
    write_till()
    sessions.create(project, "till", "till")
    with open_session(project, "till")[0] as session:
        for _ in range(18):
            session.submit("Pay(5)")
            session.complete(f"{session.timeline.head}.1", "Paid()")
            session.submit("Pay(0)")
            navigate.back(session)
        session.crash()
        session.restore()
    return project


def test_unchanged_machine_has_no_difference(till: Project, write_till: WriteTill) -> None:
    report = verify(till, "till")
    assert (report.path, report.machine, report.finding) == (str(FILE), "till", None)
    assert (report.steps, report.snapshots) == (56, 1)


def test_changed_machine_is_reported(till: Project, write_till: WriteTill) -> None:
    write_till(("state.cents += 5", "state.cents += 5 if state.next_id < 10 else 6"))
    assert verify(till, "till").finding == StepDifference(26, "change 1", "cents: 40 -> 45", "cents: 40 -> 46")


def test_wrong_snapshot_is_reported(till: Project, write_till: WriteTill) -> None:
    """Opening a session starts from the snapshot and does not execute the steps before it."""
    stored = read_session(FILE)
    wrong = {50: {**stored.snapshots[50], "cents": 86}}
    FILE.write_text(render_session(stored.header, stored.records, wrong, stored.head), encoding="utf-8")
    kept, now = ({"cents": cents, "waiting": None, "next_id": 18} for cents in (86, 85))
    assert verify(till, "till").finding == StepDifference(50, "state", repr(kept), repr(now))


def test_unusable_files_are_reported_without_a_process(till: Project, write_till: WriteTill) -> None:
    write_till(("    cents: int = 0", "    cents: float = 0"))
    with pytest.raises(SessionError, match=r"changed since: Till\.cents: int -> float"):
        verify(till, "till")
    FILE.write_text("hello\n")
    with pytest.raises(SessionError, match="is not TOML"):
        verify(till, "till")


def test_each_step_is_executed_once_and_its_snapshot_evicted(till: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    executed, execute = [], Timeline.execute

    def count(self: Timeline, recorded: Record, event: Event) -> TakenStep:
        executed.append(recorded.n)
        return execute(self, recorded, event)

    monkeypatch.setattr(Timeline, "execute", count)
    engine, stored = Engine(import_machine(till, "till")), read_session(FILE)
    rerun = JournalReplay(engine, stored.journal(), engine.decode_state(stored.header.machine.state), strict_diff)
    assert max(len(rerun.timeline._snapshots) for _ in rerun.steps()) == 3
    assert rerun.difference is None
    assert executed == list(stored.journal())


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ({}, None),
        ({"violated_law": "atomic"}, None),
        ({"outcome": "rejected"}, ("outcome", "committed", "rejected")),
        ({"error": "Busy(2)"}, ("error", "Busy(1)", "Busy(2)")),
        ({"event": {"type": "crash", "point": "between"}}, ("event", "Pay(cents=5)", "crash")),
        ({"actions": []}, ("action 1", "Tracked(id=1, action=Charge(cents=5))", "")),
        ({"unrestored_ids": [7]}, ("unrestored id 1", "", "7")),
        ({"changed_paths": ["a", "c", "d"]}, ("change 2", "b", "c")),
        ({"digest": "e"}, ("digest", "d", "e")),
    ],
)
def test_the_first_difference_of_a_step(changed: dict[str, object], difference: tuple[str, str, str] | None) -> None:
    event = {"type": "input", "value": {"type": "Pay", "cents": 5}}
    charge = {"type": "Tracked", "id": 1, "action": {"type": "Charge", "cents": 5}}
    values = {"error": "Busy(1)", "actions": [charge], "changed_paths": ["a", "b"], "digest": "d"}
    old = Record(3, 2, event, "committed", **json.loads(json.dumps(values)))
    new = Record(**{name: getattr(old, name) for name in Record.__slots__} | changed)
    assert strict_diff(old, new) == (None if difference is None else StepDifference(3, *difference))
