"""Navigation: branches, labels, searches and diffs, in memory and in a file."""

from pathlib import Path

import pytest

from fasm_cli.cli.prompt import panes
from fasm_cli.cli.prompt.style import UNICODE
from fasm_cli.debugger import autoplay, navigate
from fasm_cli.debugger.breakpoints import set_break, watch
from fasm_cli.debugger.open import open_session, view_session
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Event
from fasm_cli.engine.process import Process
from fasm_cli.errors import UsageError
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.reports.repl import Differences
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.model import SNAPSHOT_EVERY
from fasm_cli.sessions.reader import FileSteps
from fasm_cli.usecases import sessions


def story(session: DebugSession) -> None:
    """main: 1 2 3; main~2 from 1: 4 5; main~3 from 0: 6; the head at 5."""
    session.submit("RedeemPoints(10)")
    session.submit("CancelOrder()")
    session.crash()
    navigate.goto(session, 1)
    assert session.complete("1", "Success(10)").branch == "main~2"
    session.submit("RedeemPoints(20)")
    navigate.goto(session, 0)
    assert session.submit("RedeemPoints(30)").branch == "main~3"
    navigate.goto(session, 5)


@pytest.fixture
def bench(project: Project) -> DebugSession:
    session = DebugSession.fresh(Engine(import_machine(project, "coffee_shop")), project)
    story(session)
    return session


def where(session: DebugSession) -> tuple[int, str]:
    return session.timeline.head, session.branch_name()


def test_tree_lists_the_branches(bench: DebugSession) -> None:
    report = [
        (each.name, each.parent, each.parent_branch, each.first, each.last, each.is_current)
        for each in navigate.tree(bench).branches
    ]
    assert report == [
        ("main", 0, "", 1, 3, False),
        ("main~2", 1, "main", 4, 5, True),
        ("main~3", 0, "main", 6, 6, False),
    ]


def test_forward_returns_to_where_the_head_came_from(bench: DebugSession) -> None:
    navigate.back(bench, 3)
    assert where(bench) == (0, "main")
    assert navigate.forward_path(bench) == [1, 4, 5]
    assert navigate.forward(bench, 2).changes[0] == "points_balance: 150 -> 140"
    assert where(bench) == (4, "main~2")
    navigate.goto(bench, 2)
    assert navigate.forward_path(bench) == [3]
    navigate.goto(bench, 0)
    assert navigate.forward_path(bench) == [1, 2, 3]
    navigate.goto(bench, 6)
    assert navigate.forward_path(bench) == []
    with pytest.raises(UsageError, match="cannot go forward 1 of 0 steps"):
        navigate.forward(bench)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("3", 3), ("#3", 3), ("@0", 0), ("-1", 4), ("-3", 0), ("-0", 5), ("start", 0), ("end", 5),
        ("lunch", 2), ("main", 3), ("main~3", 6), (" 3 ", 3),
    ],
)  # fmt: skip
def test_resolve_step(bench: DebugSession, text: str, step: int) -> None:
    navigate.goto(bench, 2)
    navigate.label(bench, "lunch")
    navigate.goto(bench, 5)
    assert navigate.resolve_step(bench, text) == step


def test_until_stops_at_the_first_change(bench: DebugSession) -> None:
    navigate.goto(bench, 0)
    navigate.goto(bench, 3)
    assert navigate.run_until_change(bench, "up", backwards=True).end == 2
    navigate.switch(bench, "main~2")
    assert navigate.run_until_change(bench, "state.points_balance == 140", backwards=True).end == 1
    assert navigate.run_until_change(bench, "state.points_balance < prev.points_balance").end == 4
    assert (
        navigate.run_until_change(bench, "state.pending_redemption.points == 20").end == 5
    )  # where there is none, it is false
    assert navigate.run_until_change(bench, "state.pending_redemption.points == 20", backwards=True).end == 4
    navigate.goto(bench, 0)
    with pytest.raises(
        UsageError, match=r"pending_redemption\.id == 9 is False here and never changes between here and the end"
    ):
        navigate.run_until_change(bench, "state.pending_redemption.id == 9")
    assert where(bench) == (0, "main")


def test_names_are_stored_with_the_session(project: Project) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as session:
        story(session)
        navigate.label(session, "twenty")
        navigate.branch(session, "paid")
        watch(session, "points_balance")
        set_break(session, "reject")
        navigate.switch(session, "main~3")
        seen = navigate.tree(session), navigate.log(session), session.marks
    with open_session(project, "s")[0] as again:
        assert (navigate.tree(again), navigate.log(again), again.marks) == seen
        assert navigate.goto(again, navigate.resolve_step(again, "twenty")).branch == "paid"
        navigate.back(again)
        assert again.submit("RedeemPoints(30)").branch == again.branch_name() == "main~4"


def test_a_failed_write_moves_and_marks_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as session:
        story(session)
        assert session.file is not None
        session.file.close()
        seen = navigate.tree(session), session.marks.labels.copy()
        for change in (lambda: navigate.goto(session, 1), lambda: navigate.label(session, "x")):
            with pytest.raises(Exception, match="comes after"):
                change()
        assert (navigate.tree(session), session.marks.labels) == seen


def shown(report: Differences) -> list[str]:
    return [f"{change.path}: {change.old} -> {change.new}" for change in report.changes]


def test_diff(bench: DebugSession, project: Project) -> None:
    assert shown(navigate.diff(bench)) == [
        "pending_redemption: None -> Redemption(id=2, points=20, phase=Phase.REQUESTED)",
        "next_redemption_id: 2 -> 3",
    ]
    report = navigate.diff(bench, "main", "main~3")
    assert (report.before, report.after) == ("@3", "@6")
    assert shown(report) == [
        "pending_redemption.points: 10 -> 30",
        "pending_redemption.phase: Phase.CANCELLED -> Phase.REQUESTED",
    ]
    assert report.pending == ["- 1.1 Redeem(user_id=12345, points=10)", "+ 6.1 Redeem(user_id=12345, points=30)"]
    sessions.create(project, "coffee_shop", "s")
    other = navigate.diff(bench, "sessions/s.toml")
    assert (other.before, shown(other)[0]) == ("sessions/s.toml", "points_balance: 150 -> 140")
    assert shown(navigate.diff(bench, "sessions/s.toml@0"))[0] == "points_balance: 150 -> 140"


def test_log(bench: DebugSession) -> None:
    report = [(line.record.n, line.on_path) for line in navigate.log(bench).lines]
    assert report == [(1, True), (2, False), (3, False), (4, True), (5, True), (6, False)]
    assert [line.record.n for line in navigate.log(bench, everything=False).lines] == [1, 4, 5]
    assert [line.record.n for line in navigate.log(bench, *navigate.parse_range(bench, "2..4")).lines] == [2, 3, 4]
    assert [line.record.n for line in navigate.log(bench, *navigate.parse_range(bench, "..main")).lines] == [1, 2, 3]


def test_any_step_is_at_most_a_snapshot_interval_away(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going to a step loads the nearest snapshot and runs only the steps after it, wherever the head is."""
    session = DebugSession.fresh(Engine(import_machine(project, "counter")), project)
    autoplay.run_random(session, 1_000, 1)
    timeline = session.timeline
    known = {n: {"counter": timeline.snapshot(n).state.counter} for n in range(SNAPSHOT_EVERY, 1_001, SNAPSHOT_EVERY)}
    header = sessions.header_of(project, session.engine, {"kind": "session"})
    (project.root / "sessions").mkdir()
    Path("sessions/long.toml").write_text(render_session(header, list(timeline.journal.values()), known))
    opened, _ = view_session(project, "long")
    opened.timeline.goto(999)
    executed: list[Event] = []
    step = Process.step
    monkeypatch.setattr(Process, "step", lambda process, *a: (executed.append(a[0]), step(process, *a))[1])
    for number in (1, 525, 333, 949, 49, 777):
        executed.clear()
        opened.timeline.goto(number)
        assert opened.timeline.now.state.counter == timeline.snapshot(number).state.counter
        assert len(executed) <= SNAPSHOT_EVERY


def test_navigation_reads_only_the_records_it_needs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going back and forth in a session as long as one likes costs what lies on the way, and no more."""
    sessions.create(project, "coffee_shop", "long")
    with open_session(project, "long")[0] as session:
        for _ in range(40):
            session.submit("RedeemPoints(points=1)")
            session.submit("CancelOrder()")
        session.complete("1.1", "Refunded()")
    reads: list[int] = []
    fetch = FileSteps._fetch
    monkeypatch.setattr(FileSteps, "_fetch", lambda steps, at: (reads.append(at), fetch(steps, at))[1])
    opened, _ = view_session(project, "long")
    for look in (
        lambda: navigate.back(opened),
        lambda: navigate.forward(opened),
        lambda: navigate.resolve_step(opened, "-60"),
        lambda: navigate.tree(opened),
        lambda: opened.redeliver("1.1"),
        lambda: panes.Picker(opened).draw(80, 5, UNICODE),
    ):
        reads.clear()
        look()
        assert len(set(reads)) <= 35, len(set(reads))  # back to the last state that was kept whole
