"""Runs, replays, shrinking, reload, inspection and export in a session."""

import _thread
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from fasm_cli.cli.repl import verbs  # noqa: F401  fills the table
from fasm_cli.cli.repl.execute import execute
from fasm_cli.debugger import autoplay, navigate
from fasm_cli.debugger.breakpoints import list_breakpoints, remove, set_break, watch
from fasm_cli.debugger.export import export, repl_lines, save
from fasm_cli.debugger.inspect import check, explain_problem, sample_inputs
from fasm_cli.debugger.open import open_session, view_session
from fasm_cli.debugger.reload import reload
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.events import Event
from fasm_cli.errors import MachineError, SessionError, UsageError
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import StepDifference, Verified
from fasm_cli.sessions.model import Mark, MarkKind
from fasm_cli.sessions.reader import read_session
from fasm_cli.usecases import sessions
from fasm_cli.usecases.verify import verify_here

SHIPPED = Path(__file__).parents[2] / "sessions"
OVERDRAWN = ("Process(80, 'a')", "Process(80, 'b')", "Process(1, 'c')")


def bench(project: Project, name: str = "coffee_shop") -> DebugSession:
    return DebugSession.fresh(Engine(import_machine(project, name)), project)


def overdrawn(project: Project) -> DebugSession:
    session = bench(project, "payment")
    for text in OVERDRAWN:
        session.submit(text)
    for id in ("1", "2"):
        session.complete(id, "Success()")
    return session


def rewritten(machine: str, old: str, new: str) -> None:
    path = Path(f"machines/{machine}.py")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- run ----------------------------------------------------------------------------------------------------------


def test_the_seed_determines_a_run(project: Project) -> None:
    first, second, third = (bench(project) for _ in range(3))
    report = autoplay.run_random(first, 30, 7)
    assert [step.event for step in report.steps] == [step.event for step in autoplay.run_random(second, 30, 7).steps]
    assert [step.event for step in report.steps] != [step.event for step in autoplay.run_random(third, 30, 8).steps]
    assert (len(report.steps), report.stop_reason, report.finding) == (30, "done; nothing broke", None)
    assert first.timeline.head == 30
    autoplay.run_random(first, 5, 7)
    assert first.timeline.head == 35
    assert {step.record.event["type"] for step in autoplay.run_random(first, 40, 1, 0.5).steps} >= {"crash", "restore"}


def test_a_run_completes_pending_actions(project: Project) -> None:
    session = bench(project, "payment")
    session.submit("Process(80, 'a')")
    report = autoplay.run_random(session, 40, 3)
    assert any(step.event.startswith("complete 1.1 ") for step in report.steps)


def test_a_finding_ends_a_run(project: Project) -> None:
    session = bench(project, "payment")
    report = autoplay.run_random(session, 500, 2)
    assert report.finding is not None
    assert report.steps[-1].finding == report.finding
    assert report.finding.law == "invariant:never_overdrawn"
    assert report.stop_reason == f"stopped at step {session.timeline.head}; see `why` and `back`"


def test_watches_and_breaks_end_a_run(project: Project) -> None:
    session = bench(project)
    watch(session, "points_balance")
    report = autoplay.run_random(session, 100, 1)
    n = session.timeline.head
    assert report.stop_reason.startswith(f"stopped at step {n}: watch points_balance: 150 -> ")
    assert report.steps[-1].record.changed_paths[0] == report.stop_reason.partition("watch ")[2]
    set_break(session, "reject")
    set_break(session, "len(pending) == 1")
    remove(session, "1")
    assert [stop.name for stop in list_breakpoints(session).items] == ["reject", "len(pending) == 1"]
    report = autoplay.run_random(session, 100, 1)
    assert report.stop_reason in (
        f"stopped at step {session.timeline.head}: break {what}" for what in ("reject", "len(pending) == 1")
    )
    remove(session, "all")
    assert list_breakpoints(session).items == []


def test_ctrl_c_ends_a_run_after_a_complete_step(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as session:
        real, steps = session.step_with_result, []

        def interrupted(event: Event) -> Any:
            steps.append(event)
            if len(steps) == 8:
                raise KeyboardInterrupt
            return real(event)

        monkeypatch.setattr(session, "step_with_result", interrupted)
        report = autoplay.run_random(session, 100, 1)
        assert (len(report.steps), report.stop_reason) == (7, "interrupted; every step above is stored")
        assert session.timeline.head == 7
    assert len(read_session(Path("sessions/s.toml")).records) == 7


def test_ctrl_c_after_the_write_keeps_the_step(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions.create(project, "counter", "s")
    with open_session(project, "s")[0] as session:
        assert session.file is not None
        append = session.file.append

        def late(*arguments: Any) -> None:
            append(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(session.file, "append", late)
            with pytest.raises(KeyboardInterrupt):
                session.submit("Increment")
        assert session.submit("Increment").record.n == 2
    assert len(read_session(Path("sessions/s.toml")).records) == 2


def test_ctrl_c_at_any_line_completes_or_undoes_the_step(project: Project) -> None:
    """At each line, one after the other, of the code that takes a step and saves it."""
    sessions.create(project, "counter", "s")
    with open_session(project, "s")[0] as session:
        assert session.file is not None
        lines = 0
        outcomes: set[int | None] = set()
        while True:
            lines += 1
            steps: list[int] | None = None
            with interrupting(lines) as interrupted, suppress(KeyboardInterrupt):  # `run` reports it only while it runs
                steps = [step.record.n for step in autoplay.run_random(session, 1, lines).steps]
            if not interrupted:
                break
            assert session.timeline.head == session.timeline.last == session.file.steps
            assert session.timeline.journal.is_ancestor(session.repl_state.forward_target, session.timeline.head)
            assert steps in (None, [], [session.timeline.head])
            outcomes.add(None if steps is None else len(steps))
        assert outcomes == {None, 0, 1}
    assert len(read_session(Path("sessions/s.toml")).records) == session.timeline.last


@contextmanager
def interrupting(count: int) -> Iterator[list[int]]:
    """Interrupts at line `count` that the debugger or the sessions execute; the list is empty if there are fewer."""
    interrupted: list[int] = []
    executed = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal executed
        if not frame.f_globals.get("__name__", "").startswith(("fasm_cli.debugger.", "fasm_cli.sessions.")):
            return None
        if event == "line":
            executed += 1
            if executed == count:
                interrupted.append(frame.f_lineno)
                sys.settrace(None)
                _thread.interrupt_main()  # the purity guard forbids `signal.raise_signal`
        return trace

    sys.settrace(trace)
    try:
        yield interrupted
    finally:
        sys.settrace(None)


# --- replay and shrink --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_replay_stops_at_the_recorded_finding(project: Project, path: Path) -> None:
    stored = read_session(path)
    session = bench(project, stored.header.machine.name)
    report = autoplay.replay(session, path)
    recorded = stored.header.finding
    if recorded is not None and recorded["law"] == "restore":
        return  # shown only where processes are compared
    assert (report.finding and report.finding.law) == (recorded and recorded["law"])
    if recorded is not None:
        assert session.timeline.head == recorded["step"]


def test_replay_stops_at_its_law_or_at_a_break(project: Project) -> None:
    path = SHIPPED / "dentist_as_published-stored-4b0f38.toml"
    first = "    @invariant\n    def no_overlap"
    another = "    @invariant\n    def no(self, state):\n        return not state.pending\n\n"
    rewritten("dentist_as_published", first, another + first)
    report = autoplay.replay(bench(project, "dentist_as_published"), path)
    assert [step.finding and step.finding.law for step in report.steps] == ["invariant:no"] * 3 + ["stored"]
    session = bench(project, "dentist_as_published")
    set_break(session, "invariant")
    assert autoplay.replay(session, path).stop_reason == "stopped at step 1: break invariant"


def test_replay_starts_a_branch(project: Project) -> None:
    session = overdrawn(project)
    report = autoplay.replay(session, SHIPPED / "payment_overdraft.toml")
    assert report.steps[0].branch == session.branch_name() == "main~2"
    assert [step.record.n for step in report.steps] == [6, 7, 8, 9]
    assert report.steps[-1].event == "complete 7.1 Success()"  # in this session's numbers
    assert report.finding is not None


def test_replay_stops_at_a_missing_action(project: Project) -> None:
    rewritten("payment", "actions.add(Tracked(state.next_id, Charge(amount)))", "pass")
    report = autoplay.replay(bench(project, "payment"), SHIPPED / "payment_overdraft.toml")
    assert report.stop_reason == "step 3 needs an action that was not emitted this time"


def test_shrink_finds_the_fewest_steps(project: Project) -> None:
    session = overdrawn(project)
    navigate.goto(session, 5)
    report = autoplay.shrink(session)
    assert (report.title, report.finding and report.finding.law) == (
        "shrunk 5 -> 4 events",
        "invariant:never_overdrawn",
    )
    assert [step.event for step in report.steps][2:] == ["complete 6.1 Success()", "complete 7.1 Success()"]
    assert session.branch_name() == "main~2"
    navigate.goto(session, 4)
    with pytest.raises(UsageError, match="nothing is broken on this branch"):
        autoplay.shrink(session)


# --- reload -------------------------------------------------------------------------------------------------------


def test_reload_without_a_difference_keeps_the_head(project: Project) -> None:
    session = bench(project)
    session.submit("RedeemPoints(10)")
    navigate.label(session, "here")
    rewritten("coffee_shop", "CENTS_PER_POINT = 5", "CENTS_PER_POINT = 6")
    report = reload(session)
    assert (report.difference, report.branch, report.steps, session.timeline.head) == ("", "", 1, 1)
    assert session.complete("1", "Success(10)").record.changed_paths[2] == "order_cents: 550 -> 490"
    assert session.marks.labels == {"here": 1}


def test_reload_reports_the_first_difference(project: Project) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as session:
        session.submit("RedeemPoints(10)")
        session.complete("1", "Success(10)")
        session.submit("RedeemPoints(20)")
        rewritten("coffee_shop", "CENTS_PER_POINT = 5", "CENTS_PER_POINT = 6")
        report = reload(session)
        assert report.difference == "step 2 emitted 5 actions that are not the 5 it emits now"
        assert report.fields[0] == (
            'action 2: {"cents":500,"type":"UpdateOrderTotal"} -> {"cents":490,"type":"UpdateOrderTotal"}'
        )
        assert report.fields[-1] == "state.order_cents: 500 -> 490"
        assert (report.branch, session.timeline.head) == ("main~2", 6)
        with pytest.raises(SessionError, match="step 2 emitted 5 actions"):
            navigate.goto(session, 3)
        navigate.goto(session, 6)
    with open_session(project, "s")[0] as again:
        assert again.state().data["order_cents"] == 490


def test_reload_reports_a_fixed_violation(project: Project) -> None:
    session = overdrawn(project)
    path = Path("machines/payment.py")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("    @invariant\n    def never_overdrawn", "    def never_overdrawn"), encoding="utf-8"
    )
    report = reload(session)
    assert report.difference == "step 5 broke invariant:never_overdrawn, now breaks nothing"
    assert (report.fields, report.finding) == (["violated law: invariant:never_overdrawn -> none"], None)


def test_reload_with_changed_types_closes_the_file(project: Project) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as session:
        session.submit("RedeemPoints(10)")
        before = Path("sessions/s.toml").read_bytes()
        rewritten("coffee_shop", "    order_cents: int = 550\n", "    order_cents: int = 550\n    cups: int = 0\n")
        report = reload(session)
        assert report.note.startswith("the types changed: sessions/s.toml is left as it was; ")
        assert (session.file, session.timeline.head) == (None, 1)
        assert "cups=0" in session.state().text
        assert Path("sessions/s.toml").read_bytes() == before
        save(session, "t")
    assert view_session(project, "t")[0].state().data["cups"] == 0


def test_reload_of_a_broken_machine_changes_nothing(project: Project) -> None:
    session = bench(project)
    session.submit("RedeemPoints(10)")
    seen = session.state()
    assert not session.source_changed()
    rewritten("coffee_shop", "class CoffeeShop", "class class CoffeeShop")
    assert session.source_changed()
    with pytest.raises(MachineError):
        reload(session)
    assert (session.state(), session.source_changed()) == (seen, False)
    assert session.submit("CancelOrder()").record.outcome == "committed"


# --- looking ------------------------------------------------------------------------------------------------------


def test_check_reports_failures_with_their_values(project: Project) -> None:
    session = overdrawn(project)
    report = check(session)
    failed = [(line.name, line.reason, line.values) for line in report.lines if not line.holds]
    assert failed == [("invariant:never_overdrawn", "it is false", ["balance = -60"])]
    assert report.finding is not None
    assert check(session, "never_overdrawn").lines == [line for line in report.lines if not line.holds]
    navigate.back(session)
    assert check(session).finding is None


def test_samples_are_accepted_if_possible(project: Project) -> None:
    session = bench(project)
    report = {line.signature.partition("(")[0]: line for line in sample_inputs(session).items}
    assert (report["RedeemPoints"].outcome, report["CancelOrder"].error) == ("committed", "NothingToCancel()")
    assert session.submit(report["RedeemPoints"].sample).record.outcome == "committed"
    report = {line.signature.partition("(")[0]: line for line in sample_inputs(session).items}
    assert report["CancelOrder"].outcome == "committed"
    assert report["RedeemPoints"].error == "RedemptionAlreadyPending(1)"
    assert sample_inputs(session) == sample_inputs(session)
    session.crash()
    assert {line.outcome for line in sample_inputs(session).items} == {"skipped"}
    assert session.timeline.last == 2


def test_explain_problem_of_a_rejection(project: Project) -> None:
    session = bench(project)
    assert explain_problem(session).title == "no problem"
    session.submit("CancelOrder()")
    problem = explain_problem(session)
    assert (problem.title, problem.reason) == ("#1 CancelOrder()  rejected", "NothingToCancel()")
    broken = overdrawn(project)
    report = explain_problem(broken)
    assert (report.title, report.fix[:20]) == ("BROKEN invariant:never_overdrawn  at step 5", "find the transition ")


def test_verify_replays_the_steps_in_new_processes(project: Project) -> None:
    session = bench(project)
    session.submit("RedeemPoints(10)")
    session.submit("RedeemPoints(10)")
    assert verify_here(session.project, session.timeline) == Verified("", "coffee_shop", 2, 0, None)
    rewritten("coffee_shop", "state.next_redemption_id += 1", "state.next_redemption_id += 2")
    change = "next_redemption_id: 1 ->"
    assert verify_here(session.project, session.timeline).finding == StepDifference(
        1, "change 2", f"{change} 2", f"{change} 3"
    )


# --- other forms --------------------------------------------------------------------------------------------------


def test_exported_lines_lead_to_the_same_state(project: Project) -> None:
    session = overdrawn(project)
    autoplay.shrink(session)
    again = bench(project, "payment")
    export(session, "script", Path("x.fasm"))

    for line in Path("x.fasm").read_text(encoding="utf-8").splitlines():
        execute(again, line)
    assert repl_lines(again) == repl_lines(session)
    assert again.state().data == session.state().data


def test_exported_json_has_every_step(project: Project) -> None:
    session = overdrawn(project)
    navigate.label(session, "bad")
    export(session, "json", Path("x.json"))
    found = json.loads(Path("x.json").read_text(encoding="utf-8"))
    assert (found["machine"], found["head"], found["labels"], len(found["steps"])) == ("payment", 5, {"bad": 5}, 5)


def test_a_saved_session_reopens_unchanged(project: Project) -> None:
    session = overdrawn(project)
    autoplay.run_random(session, 60, 1)
    navigate.label(session, "end-of-it")
    navigate.back(session, 2)
    save(session, "kept")
    seen = navigate.tree(session), navigate.log(session), session.state(), session.pending()
    session.submit("Process(1, 'z')")
    session.close()
    with open_session(project, "kept")[0] as again:
        assert again.timeline.head == again.timeline.last
        navigate.goto(again, seen[2].step)
        assert (navigate.log(again).lines[:-1], again.state(), again.pending()) == (seen[1].lines, *seen[2:])
        assert again.marks.labels == session.marks.labels


@pytest.mark.parametrize("name", ["coffee_shop", "payment", "dentist", "counter"])
@pytest.mark.parametrize("seed", range(4))
def test_printed_events_can_be_typed(project: Project, name: str, seed: int) -> None:

    session, again = bench(project, name), bench(project, name)
    autoplay.run_random(session, 20, seed, 0.1)
    navigate.back(session, 10)
    autoplay.run_random(session, 20, seed, 0.1)
    for line in repl_lines(session):
        execute(again, line)
    report = [(record.outcome, record.error, record.digest) for record in session.timeline.ancestors()]
    assert [(record.outcome, record.error, record.digest) for record in again.timeline.ancestors()] == report
    assert again.timeline.now.pending.keys() == session.timeline.now.pending.keys()


def test_a_break_that_cannot_be_evaluated_stops_with_a_reason(project: Project) -> None:
    session = bench(project, "counter")
    session.mark(Mark(MarkKind.BREAK, "state.points >"))
    session.mark(Mark(MarkKind.WATCH, "points"))
    report = autoplay.run_random(session, 5, 1)
    assert report.stop_reason.startswith("stopped at step 1: break state.points > cannot be evaluated: not a value: ")


def test_samples_are_tried_until_one_is_accepted(project: Project) -> None:
    session = bench(project)
    session.submit("RedeemPoints(149)")
    session.complete("1", "Success(149)")  # one point is left, and many a proposal asks for more
    for _ in range(12):
        assert sample_inputs(session, "RedeemPoints").items[0].sample == "RedeemPoints(points=1)"
        session.submit("CancelOrder()")
