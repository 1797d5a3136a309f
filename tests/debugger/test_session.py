"""A session stores each acknowledged step, and going back loses no step, also after reopening."""

from pathlib import Path
from typing import Any

import pytest

from fasm_cli.debugger import navigate
from fasm_cli.debugger.open import open_session
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Crash, CrashPoint
from fasm_cli.errors import InputError, SessionError, UsageError
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.sessions.model import SNAPSHOT_EVERY
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile
from fasm_cli.usecases import sessions


@pytest.fixture
def shop(project: Project) -> str:
    sessions.create(project, "coffee_shop", "shop")
    return "shop"


def opened(project: Project, name: str) -> DebugSession:
    session, dropped = open_session(project, name)
    assert dropped == ""
    return session


def snapshot(session: DebugSession) -> tuple[Any, ...]:
    """Everything a user can see of a session."""
    return session.state(), session.pending(), navigate.log(session)


def test_each_step_is_on_disk_before_it_is_reported(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        for steps, text in enumerate(("RedeemPoints(10)", "CancelOrder()", "CancelOrder()"), 1):
            report = session.submit(text)
            assert read_session(Path("sessions/shop.toml")).records[-1] == report.record
            assert report.record.n == steps


def test_reopening_restores_the_session(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        session.submit("RedeemPoints(100)")
        session.crash()
        session.restore()
        session.complete("3.1", "Pending()")
        seen = snapshot(session)
    with opened(project, shop) as session:
        assert snapshot(session) == seen
        assert session.complete("1", "Success(100)").record.outcome == "committed"


def test_a_crashed_process_is_crashed_after_reopening(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        session.submit("RedeemPoints(100)")
        session.crash()
    with opened(project, shop) as session:
        assert not session.pending().running
        assert session.submit("CancelOrder()").record.outcome == "skipped"


def test_an_armed_crash_survives_reopening(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        session.crash(CrashPoint.BEFORE_COMMIT)
    with opened(project, shop) as session:
        assert session.submit("RedeemPoints(10)").record.outcome == "aborted"
        assert not session.timeline.now.running


def test_back_and_goto_are_stored(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        for text in ("RedeemPoints(10)", "CancelOrder()"):
            session.submit(text)
        assert (navigate.back(session).start, session.timeline.head) == (2, 1)
    with opened(project, shop) as session:
        assert session.timeline.head == 1
        assert session.crash().record.parent == 1
        assert navigate.goto(session, 0).changes == [
            "pending_redemption: Redemption(id=1, points=10, phase=Phase.REQUESTED) -> None",
            "next_redemption_id: 2 -> 1",
        ]
    with opened(project, shop) as session:
        assert session.timeline.head == 0
        assert session.submit("RedeemPoints(20)").record.parent == 0
        seen = snapshot(session)
        assert [(line.record.n, line.record.parent, line.on_path) for line in navigate.log(session).lines] == [
            (1, 0, False),
            (2, 1, False),
            (3, 1, False),
            (4, 0, True),
        ]
    with opened(project, shop) as session:
        assert snapshot(session) == seen


def test_goto_the_head_writes_nothing(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        session.submit("RedeemPoints(10)")
        before = Path("sessions/shop.toml").read_bytes()
        assert navigate.goto(session, 1).changes == []
        for count in (0, 2, -1):
            with pytest.raises(UsageError):
                navigate.back(session, count)
        for step in (2, -1):
            with pytest.raises(UsageError):
                navigate.goto(session, step)
        assert Path("sessions/shop.toml").read_bytes() == before


def test_many_steps_open_from_a_snapshot(project: Project) -> None:
    sessions.create(project, "counter", "long")
    with opened(project, "long") as session:
        for _ in range(SNAPSHOT_EVERY + 3):
            session.submit("Increment")
    assert set(read_session(Path("sessions/long.toml")).snapshots) == {SNAPSHOT_EVERY}
    with opened(project, "long") as session:
        assert session.state().data == {"counter": SNAPSHOT_EVERY + 3}
        assert navigate.goto(session, 7).end == 7
        assert session.state().data == {"counter": 7}


class Refusing(SessionFile):
    """A file that cannot be written."""

    def append(self, record: Any, state: Any = None) -> None:
        raise SessionError("the disk is full")


def test_a_step_that_cannot_be_written_is_undone(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        session.submit("RedeemPoints(10)")
        seen, file = snapshot(session), session.file
        assert file is not None
        file.__class__ = Refusing
        for take in (
            lambda: session.submit("CancelOrder()"),
            session.crash,
            lambda: session.complete("1", "Pending()"),
        ):
            with pytest.raises(SessionError):
                take()
            assert snapshot(session) == seen
        file.__class__ = SessionFile
        assert session.submit("CancelOrder()").record.n == 2


def test_a_preview_is_not_stored(project: Project, shop: str) -> None:
    with opened(project, shop) as session:
        seen = snapshot(session)
        report = session.preview("RedeemPoints(10)")
        assert (report.saved, report.record.outcome, len(report.actions)) == (False, "committed", 3)
        assert snapshot(session) == seen
    assert read_session(Path("sessions/shop.toml")).records == []


def test_find_action_by_ref_and_by_id(project: Project) -> None:
    session = DebugSession.fresh(Engine(import_machine(project, "payment")))
    session.submit("Process(10, 'a')")
    session.submit("Process(20, 'b')")
    assert session.find_action("2.1").tracked.id == session.find_action("2").tracked.id == 2
    session.complete("2", "Success()")
    assert session.find_action("2.1").tracked.id == 2  # a ref names an emitted action, pending or not
    for wrong in ("2", "3", "2.2", "9.9", "1.1.1"):
        with pytest.raises(InputError):
            session.find_action(wrong)
    with pytest.raises(InputError, match="no tracked actions"):
        DebugSession.fresh(Engine(import_machine(project, "counter"))).find_action("1")


def test_a_restore_reports_which_actions_it_replaces(project: Project) -> None:
    session = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    session.submit("RedeemPoints(10)")
    session.step(Crash())
    first = session.restore()
    assert [(line.ref, line.text, line.replaces) for line in first.actions] == [
        ("1.1@3", "CheckStatus(redemption_id=1)", "replaces 1.1 Redeem(user_id=12345, points=10)")
    ]
    session.crash()
    assert [line.replaces for line in session.restore().actions] == ["same as 1.1@3"]
    assert [(item.ref, item.since_step) for item in session.pending().items] == [("1.1@5", 1)]


@pytest.mark.parametrize(
    ("point", "at", "lost"),
    [
        (CrashPoint.BETWEEN, 0, ["in flight: result of 1.1 Redeem(user_id=12345, points=10)"]),
        (
            CrashPoint.AFTER_COMMIT,
            0,
            [
                "not sent: 1.1 Redeem(user_id=12345, points=10); restore may emit it again",
                "lost: 1.2 ShowStampAnimation()",
                "lost: 1.3 LogAnalytics(event='redemption_requested:10')",
            ],
        ),
        (
            CrashPoint.AFTER_ACTION,
            2,
            [
                "lost: 1.3 LogAnalytics(event='redemption_requested:10')",
                "in flight: result of 1.1 Redeem(user_id=12345, points=10)",
            ],
        ),
        (CrashPoint.BEFORE_COMMIT, 0, ["armed for the next transition"]),
        (CrashPoint.IN_RESTORE, 1, ["armed for the next restore"]),
    ],
)
def test_a_crash_reports_what_is_lost(project: Project, point: CrashPoint, at: int, lost: list[str]) -> None:
    session = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    session.submit("RedeemPoints(10)")
    assert session.crash(point, at).lost == lost


def test_an_aborted_step_reports_what_was_rolled_back(project: Project) -> None:
    session = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    session.submit("RedeemPoints(10)")
    session.crash(CrashPoint.BEFORE_COMMIT)
    assert session.submit("CancelOrder()").lost == [
        "rolled back: pending_redemption.phase: Phase.REQUESTED -> Phase.CANCELLED"
    ]
    session.restore()
    session.crash(CrashPoint.BEFORE_COMMIT)
    assert session.complete("1", "Failed('no')").lost == [
        "rolled back: pending_redemption: Redemption(id=1, points=10, phase=Phase.REQUESTED) -> None",
        "not emitted: ShowErrorMessage(text='no')",
    ]


def test_an_action_of_another_branch_is_refused(project: Project) -> None:
    session = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    session.submit("RedeemPoints(10)")
    navigate.goto(session, 0)
    session.submit("RedeemPoints(20)")
    with pytest.raises(InputError, match=r"1\.1 was not emitted on this branch"):
        session.complete("1.1", "Pending()")
    assert session.complete("2.1", "Pending()").record.outcome == "committed"


def test_redeliver_a_result(project: Project) -> None:
    session = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    session.submit("RedeemPoints(10)")
    session.complete("1", "Success(10)")
    for action in ("1.1", "1"):
        assert session.redeliver(action).event == "complete 1.1 Success(points_deducted=10)"
    again = session.redeliver("1.1", "Failed('no')")
    assert (again.event, again.record.error) == ("complete 1.1 Failed(reason='no')", "InvalidRedemptionId(1)")
