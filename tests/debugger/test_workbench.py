"""A session one works in: what is acknowledged is on disk, and going back loses nothing, also across reopening."""

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
from fasm_cli.sessions import SNAPSHOT_EVERY, SessionFile, read_session
from fasm_cli.usecases import sessions


@pytest.fixture
def shop(project: Project) -> str:
    sessions.create(project, "coffee_shop", "shop")
    return "shop"


def opened(project: Project, name: str) -> DebugSession:
    workbench, dropped = open_session(project, name)
    assert dropped == ""
    return workbench


def snapshot(workbench: DebugSession) -> tuple[Any, ...]:
    """Everything a user can see of where a workbench stands."""
    return workbench.state(), workbench.pending(), navigate.log(workbench)


def test_each_step_is_on_disk_before_it_is_reported(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        for steps, text in enumerate(("RedeemPoints(10)", "CancelOrder()", "CancelOrder()"), 1):
            report = workbench.submit(text)
            assert read_session(Path("sessions/shop.toml")).records[-1] == report.record
            assert report.record.n == steps


def test_reopening_is_where_one_was(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        workbench.submit("RedeemPoints(100)")
        workbench.crash()
        workbench.restore()
        workbench.complete("3.1", "Pending()")
        seen = snapshot(workbench)
    with opened(project, shop) as workbench:
        assert snapshot(workbench) == seen
        assert workbench.complete("1", "Success(100)").record.outcome == "committed"


def test_a_crashed_process_is_down_after_reopening(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        workbench.submit("RedeemPoints(100)")
        workbench.crash()
    with opened(project, shop) as workbench:
        assert not workbench.pending().running
        assert workbench.submit("CancelOrder()").record.outcome == "skipped"


def test_a_crash_that_waits_waits_across_reopening(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        workbench.crash(CrashPoint.BEFORE_COMMIT)
    with opened(project, shop) as workbench:
        assert workbench.submit("RedeemPoints(10)").record.outcome == "aborted"
        assert not workbench.timeline.now.running


def test_back_and_goto_are_kept(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        for text in ("RedeemPoints(10)", "CancelOrder()"):
            workbench.submit(text)
        assert (navigate.back(workbench).start, workbench.timeline.head) == (2, 1)
    with opened(project, shop) as workbench:
        assert workbench.timeline.head == 1
        assert workbench.crash().record.parent == 1
        assert navigate.goto(workbench, 0).changes == [
            "pending_redemption: Redemption(id=1, points=10, phase=Phase.REQUESTED) -> None",
            "next_redemption_id: 2 -> 1",
        ]
    with opened(project, shop) as workbench:
        assert workbench.timeline.head == 0
        assert workbench.submit("RedeemPoints(20)").record.parent == 0
        seen = snapshot(workbench)
        assert [(line.record.n, line.record.parent, line.on_path) for line in navigate.log(workbench).lines] == [
            (1, 0, False),
            (2, 1, False),
            (3, 1, False),
            (4, 0, True),
        ]
    with opened(project, shop) as workbench:
        assert snapshot(workbench) == seen


def test_going_nowhere_writes_nothing(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        workbench.submit("RedeemPoints(10)")
        before = Path("sessions/shop.toml").read_bytes()
        assert navigate.goto(workbench, 1).changes == []
        for count in (0, 2, -1):
            with pytest.raises(UsageError):
                navigate.back(workbench, count)
        for step in (2, -1):
            with pytest.raises(UsageError):
                navigate.goto(workbench, step)
        assert Path("sessions/shop.toml").read_bytes() == before


def test_many_steps_open_from_a_snapshot(project: Project) -> None:
    sessions.create(project, "counter", "long")
    with opened(project, "long") as workbench:
        for _ in range(SNAPSHOT_EVERY + 3):
            workbench.submit("Increment")
    assert set(read_session(Path("sessions/long.toml")).snapshots) == {SNAPSHOT_EVERY}
    with opened(project, "long") as workbench:
        assert workbench.state().data == {"counter": SNAPSHOT_EVERY + 3}
        assert navigate.goto(workbench, 7).end == 7
        assert workbench.state().data == {"counter": 7}


class Refusing(SessionFile):
    """A file that takes nothing."""

    def append(self, record: Any, state: Any = None) -> None:
        raise SessionError("the disk is full")


def test_a_step_that_cannot_be_kept_is_taken_back(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        workbench.submit("RedeemPoints(10)")
        seen, file = snapshot(workbench), workbench.file
        assert file is not None
        file.__class__ = Refusing
        for take in (
            lambda: workbench.submit("CancelOrder()"),
            workbench.crash,
            lambda: workbench.complete("1", "Pending()"),
        ):
            with pytest.raises(SessionError):
                take()
            assert snapshot(workbench) == seen
        file.__class__ = SessionFile
        assert workbench.submit("CancelOrder()").record.n == 2


def test_a_preview_is_not_kept(project: Project, shop: str) -> None:
    with opened(project, shop) as workbench:
        seen = snapshot(workbench)
        told = workbench.preview("RedeemPoints(10)")
        assert (told.saved, told.record.outcome, len(told.actions)) == (False, "committed", 3)
        assert snapshot(workbench) == seen
    assert read_session(Path("sessions/shop.toml")).records == []


def test_actions_are_found_by_handle_and_by_id(project: Project) -> None:
    workbench = DebugSession.fresh(Engine(import_machine(project, "payment")))
    workbench.submit("Process(10, 'a')")
    workbench.submit("Process(20, 'b')")
    assert workbench.find_action("2.1").tracked.id == workbench.find_action("2").tracked.id == 2
    workbench.complete("2", "Success()")
    assert workbench.find_action("2.1").tracked.id == 2  # a handle names what was emitted, pending or not
    for wrong in ("2", "3", "2.2", "9.9", "1.1.1"):
        with pytest.raises(InputError):
            workbench.find_action(wrong)
    with pytest.raises(InputError, match="no tracked actions"):
        DebugSession.fresh(Engine(import_machine(project, "counter"))).find_action("1")


def test_a_restore_tells_what_it_emits_in_place_of_what(project: Project) -> None:
    workbench = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    workbench.submit("RedeemPoints(10)")
    workbench.step(Crash())
    first = workbench.restore()
    assert [(line.ref, line.text, line.replaces) for line in first.actions] == [
        ("1.1@3", "CheckStatus(redemption_id=1)", "replaces 1.1 Redeem(user_id=12345, points=10)")
    ]
    workbench.crash()
    assert [line.replaces for line in workbench.restore().actions] == ["same as 1.1@3"]
    assert [(item.ref, item.since_step) for item in workbench.pending().items] == [("1.1@5", 1)]


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
def test_a_crash_tells_what_it_cost(project: Project, point: CrashPoint, at: int, lost: list[str]) -> None:
    workbench = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    workbench.submit("RedeemPoints(10)")
    assert workbench.crash(point, at).lost == lost


def test_what_was_not_committed_never_happened(project: Project) -> None:
    workbench = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    workbench.submit("RedeemPoints(10)")
    workbench.crash(CrashPoint.BEFORE_COMMIT)
    assert workbench.submit("CancelOrder()").lost == [
        "rolled back: pending_redemption.phase: Phase.REQUESTED -> Phase.CANCELLED"
    ]
    workbench.restore()
    workbench.crash(CrashPoint.BEFORE_COMMIT)
    assert workbench.complete("1", "Failed('no')").lost == [
        "rolled back: pending_redemption: Redemption(id=1, points=10, phase=Phase.REQUESTED) -> None",
        "not emitted: ShowErrorMessage(text='no')",
    ]


def test_an_action_of_another_branch_is_not_here(project: Project) -> None:
    workbench = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    workbench.submit("RedeemPoints(10)")
    navigate.goto(workbench, 0)
    workbench.submit("RedeemPoints(20)")
    with pytest.raises(InputError, match=r"1\.1 was not emitted on this branch"):
        workbench.complete("1.1", "Pending()")
    assert workbench.complete("2.1", "Pending()").record.outcome == "committed"


def test_a_result_comes_again(project: Project) -> None:
    workbench = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")))
    workbench.submit("RedeemPoints(10)")
    workbench.complete("1", "Success(10)")
    for action in ("1.1", "1"):
        assert workbench.redeliver(action).event == "complete 1.1 Success(points_deducted=10)"
    again = workbench.redeliver("1.1", "Failed('no')")
    assert (again.event, again.record.error) == ("complete 1.1 Failed(reason='no')", "InvalidRedemptionId(1)")
