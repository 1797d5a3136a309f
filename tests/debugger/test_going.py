"""Many steps in a row: random ones, those of a file, the fewest; each kept, each stopping where it should."""

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
from fasm_cli.sessions import read_session
from fasm_cli.sessions.model import Mark, MarkKind
from fasm_cli.usecases import sessions
from fasm_cli.usecases.verify import verify_here

SHIPPED = Path(__file__).parents[2] / "sessions"
OVERDRAWN = ("Process(80, 'a')", "Process(80, 'b')", "Process(1, 'c')")


def bench(project: Project, name: str = "coffee_shop") -> DebugSession:
    return DebugSession.fresh(Engine(import_machine(project, name)), project)


def overdrawn(project: Project) -> DebugSession:
    workbench = bench(project, "payment")
    for text in OVERDRAWN:
        workbench.submit(text)
    for id in ("1", "2"):
        workbench.complete(id, "Success()")
    return workbench


def rewritten(machine: str, old: str, new: str) -> None:
    path = Path(f"machines/{machine}.py")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- run ----------------------------------------------------------------------------------------------------------


def test_a_seed_decides_a_run(project: Project) -> None:
    first, second, third = (bench(project) for _ in range(3))
    told = autoplay.run_random(first, 30, 7)
    assert [step.event for step in told.steps] == [step.event for step in autoplay.run_random(second, 30, 7).steps]
    assert [step.event for step in told.steps] != [step.event for step in autoplay.run_random(third, 30, 8).steps]
    assert (len(told.steps), told.stop_reason, told.finding) == (30, "done; nothing broke", None)
    assert first.timeline.head == 30
    autoplay.run_random(first, 5, 7)
    assert first.timeline.head == 35
    assert {step.record.event["type"] for step in autoplay.run_random(first, 40, 1, 0.5).steps} >= {"crash", "restore"}


def test_a_run_goes_on_with_what_is_pending(project: Project) -> None:
    workbench = bench(project, "payment")
    workbench.submit("Process(80, 'a')")
    told = autoplay.run_random(workbench, 40, 3)
    assert any(step.event.startswith("complete 1.1 ") for step in told.steps)


def test_a_finding_ends_a_run(project: Project) -> None:
    workbench = bench(project, "payment")
    told = autoplay.run_random(workbench, 500, 2)
    assert told.finding is not None
    assert told.steps[-1].finding == told.finding
    assert told.finding.law == "invariant:never_overdrawn"
    assert told.stop_reason == f"stopped at step {workbench.timeline.head}; see `why` and `back`"


def test_watches_and_breaks_end_a_run(project: Project) -> None:
    workbench = bench(project)
    watch(workbench, "points_balance")
    told = autoplay.run_random(workbench, 100, 1)
    n = workbench.timeline.head
    assert told.stop_reason.startswith(f"stopped at step {n}: watch points_balance: 150 -> ")
    assert told.steps[-1].record.changed_paths[0] == told.stop_reason.partition("watch ")[2]
    set_break(workbench, "reject")
    set_break(workbench, "len(pending) == 1")
    remove(workbench, "1")
    assert [line.text for line in list_breakpoints(workbench).items] == ["reject", "len(pending) == 1"]
    told = autoplay.run_random(workbench, 100, 1)
    assert told.stop_reason in (
        f"stopped at step {workbench.timeline.head}: break {what}" for what in ("reject", "len(pending) == 1")
    )
    remove(workbench, "all")
    assert list_breakpoints(workbench).items == []


def test_ctrl_c_ends_a_run_after_a_whole_step(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as workbench:
        real, steps = workbench.step_with_result, []

        def interrupted(event: Event) -> Any:
            steps.append(event)
            if len(steps) == 8:
                raise KeyboardInterrupt
            return real(event)

        monkeypatch.setattr(workbench, "step_with_result", interrupted)
        told = autoplay.run_random(workbench, 100, 1)
        assert (len(told.steps), told.stop_reason) == (7, "interrupted; every step above is stored")
        assert workbench.timeline.head == 7
    assert len(read_session(Path("sessions/s.toml")).records) == 7


def test_ctrl_c_when_the_step_is_on_disk_keeps_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions.create(project, "counter", "s")
    with open_session(project, "s")[0] as workbench:
        assert workbench.file is not None
        append = workbench.file.append

        def late(*arguments: Any) -> None:
            append(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(workbench.file, "append", late)
            with pytest.raises(KeyboardInterrupt):
                workbench.submit("Increment")
        assert workbench.submit("Increment").record.n == 2
    assert len(read_session(Path("sessions/s.toml")).records) == 2


def test_ctrl_c_anywhere_in_a_step_leaves_it_whole_or_undone(project: Project) -> None:
    """At each line, one after the other, of the code that takes a step and saves it."""
    sessions.create(project, "counter", "s")
    with open_session(project, "s")[0] as workbench:
        assert workbench.file is not None
        lines = 0
        outcomes: set[int | None] = set()
        while True:
            lines += 1
            steps: list[int] | None = None
            with interrupting(lines) as interrupted, suppress(KeyboardInterrupt):  # `run` reports it only while it runs
                steps = [step.record.n for step in autoplay.run_random(workbench, 1, lines).steps]
            if not interrupted:
                break
            assert workbench.timeline.head == workbench.timeline.last == workbench.file.steps
            assert workbench.timeline.journal.is_ancestor(workbench.repl_state.forward_target, workbench.timeline.head)
            assert steps in (None, [], [workbench.timeline.head])
            outcomes.add(None if steps is None else len(steps))
        assert outcomes == {None, 0, 1}
    assert len(read_session(Path("sessions/s.toml")).records) == workbench.timeline.last


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
def test_a_trace_lands_on_the_step_it_was_kept_for(project: Project, path: Path) -> None:
    stored = read_session(path)
    workbench = bench(project, stored.header.machine.name)
    told = autoplay.replay(workbench, path)
    recorded = stored.header.finding
    if recorded is not None and recorded["law"] == "restore":
        return  # shown only where processes are compared
    assert (told.finding and told.finding.law) == (recorded and recorded["law"])
    if recorded is not None:
        assert workbench.timeline.head == recorded["step"]


def test_a_replay_waits_for_its_law_unless_told_otherwise(project: Project) -> None:
    path = SHIPPED / "dentist_as_published-stored-4b0f38.toml"
    first = "    @invariant\n    def no_overlap"
    another = "    @invariant\n    def no(self, state):\n        return not state.pending\n\n"
    rewritten("dentist_as_published", first, another + first)
    told = autoplay.replay(bench(project, "dentist_as_published"), path)
    assert [step.finding and step.finding.law for step in told.steps] == ["invariant:no"] * 3 + ["stored"]
    workbench = bench(project, "dentist_as_published")
    set_break(workbench, "invariant")
    assert autoplay.replay(workbench, path).stop_reason == "stopped at step 1: break invariant"


def test_a_replay_is_a_branch_of_its_own(project: Project) -> None:
    workbench = overdrawn(project)
    told = autoplay.replay(workbench, SHIPPED / "payment_overdraft.toml")
    assert told.steps[0].branch == workbench.branch_name() == "main~2"
    assert [step.record.n for step in told.steps] == [6, 7, 8, 9]
    assert told.steps[-1].event == "complete 7.1 Success()"  # in this session's numbers
    assert told.finding is not None


def test_a_replay_stops_where_an_action_is_missing(project: Project) -> None:
    rewritten("payment", "actions.add(Tracked(state.next_id, Charge(amount)))", "pass")
    told = autoplay.replay(bench(project, "payment"), SHIPPED / "payment_overdraft.toml")
    assert told.stop_reason == "step 3 needs an action that was not emitted this time"


def test_the_fewest_steps_that_still_break(project: Project) -> None:
    workbench = overdrawn(project)
    navigate.goto(workbench, 5)
    told = autoplay.shrink(workbench)
    assert (told.title, told.finding and told.finding.law) == ("shrunk 5 -> 4 events", "invariant:never_overdrawn")
    assert [step.event for step in told.steps][2:] == ["complete 6.1 Success()", "complete 7.1 Success()"]
    assert workbench.branch_name() == "main~2"
    navigate.goto(workbench, 4)
    with pytest.raises(UsageError, match="nothing is broken on this branch"):
        autoplay.shrink(workbench)


# --- reload -------------------------------------------------------------------------------------------------------


def test_a_machine_that_does_the_same_stays_where_it_is(project: Project) -> None:
    workbench = bench(project)
    workbench.submit("RedeemPoints(10)")
    navigate.label(workbench, "here")
    rewritten("coffee_shop", "CENTS_PER_POINT = 5", "CENTS_PER_POINT = 6")
    told = reload(workbench)
    assert (told.difference, told.branch, told.steps, workbench.timeline.head) == ("", "", 1, 1)
    assert workbench.complete("1", "Success(10)").record.changed_paths[2] == "order_cents: 550 -> 490"
    assert workbench.marks.labels == {"here": 1}


def test_the_first_step_that_goes_another_way_is_told(project: Project) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as workbench:
        workbench.submit("RedeemPoints(10)")
        workbench.complete("1", "Success(10)")
        workbench.submit("RedeemPoints(20)")
        rewritten("coffee_shop", "CENTS_PER_POINT = 5", "CENTS_PER_POINT = 6")
        told = reload(workbench)
        assert told.difference == "step 2 emitted 5 actions that are not the 5 it emits now"
        assert told.fields[0] == (
            'action 2: {"cents":500,"type":"UpdateOrderTotal"} -> {"cents":490,"type":"UpdateOrderTotal"}'
        )
        assert told.fields[-1] == "state.order_cents: 500 -> 490"
        assert (told.branch, workbench.timeline.head) == ("main~2", 6)
        with pytest.raises(SessionError, match="step 2 emitted 5 actions"):
            navigate.goto(workbench, 3)
        navigate.goto(workbench, 6)
    with open_session(project, "s")[0] as again:
        assert again.state().data["order_cents"] == 490


def test_a_refusal_in_place_of_a_finding(project: Project) -> None:
    workbench = overdrawn(project)
    path = Path("machines/payment.py")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("    @invariant\n    def never_overdrawn", "    def never_overdrawn"), encoding="utf-8"
    )
    told = reload(workbench)
    assert told.difference == "step 5 broke invariant:never_overdrawn, now breaks nothing"
    assert (told.fields, told.finding) == (["violated law: invariant:never_overdrawn -> none"], None)


def test_changed_types_leave_the_file_behind(project: Project) -> None:
    sessions.create(project, "coffee_shop", "s")
    with open_session(project, "s")[0] as workbench:
        workbench.submit("RedeemPoints(10)")
        before = Path("sessions/s.toml").read_bytes()
        rewritten("coffee_shop", "    order_cents: int = 550\n", "    order_cents: int = 550\n    cups: int = 0\n")
        told = reload(workbench)
        assert told.note.startswith("the types changed: sessions/s.toml is left as it was; ")
        assert (workbench.file, workbench.timeline.head) == (None, 1)
        assert "cups=0" in workbench.state().text
        assert Path("sessions/s.toml").read_bytes() == before
        save(workbench, "t")
    assert view_session(project, "t")[0].state().data["cups"] == 0


def test_a_machine_that_cannot_be_loaded_changes_nothing(project: Project) -> None:
    workbench = bench(project)
    workbench.submit("RedeemPoints(10)")
    seen = workbench.state()
    assert not workbench.source_changed()
    rewritten("coffee_shop", "class CoffeeShop", "class class CoffeeShop")
    assert workbench.source_changed()
    with pytest.raises(MachineError):
        reload(workbench)
    assert (workbench.state(), workbench.source_changed()) == (seen, False)
    assert workbench.submit("CancelOrder()").record.outcome == "committed"


# --- looking ------------------------------------------------------------------------------------------------------


def test_checks_name_what_fails_and_its_values(project: Project) -> None:
    workbench = overdrawn(project)
    told = check(workbench)
    failed = [(line.name, line.reason, line.values) for line in told.lines if not line.holds]
    assert failed == [("invariant:never_overdrawn", "it is false", ["balance = -60"])]
    assert told.finding is not None
    assert check(workbench, "never_overdrawn").lines == [line for line in told.lines if not line.holds]
    navigate.back(workbench)
    assert check(workbench).finding is None


def test_samples_are_accepted_where_any_is(project: Project) -> None:
    workbench = bench(project)
    told = {line.signature.partition("(")[0]: line for line in sample_inputs(workbench).items}
    assert (told["RedeemPoints"].outcome, told["CancelOrder"].error) == ("committed", "NothingToCancel()")
    assert workbench.submit(told["RedeemPoints"].sample).record.outcome == "committed"
    told = {line.signature.partition("(")[0]: line for line in sample_inputs(workbench).items}
    assert told["CancelOrder"].outcome == "committed"
    assert told["RedeemPoints"].error == "RedemptionAlreadyPending(1)"
    assert sample_inputs(workbench) == sample_inputs(workbench)
    workbench.crash()
    assert {line.outcome for line in sample_inputs(workbench).items} == {"skipped"}
    assert workbench.timeline.last == 2


def test_why_of_what_was_refused(project: Project) -> None:
    workbench = bench(project)
    assert explain_problem(workbench).title == "no problem"
    workbench.submit("CancelOrder()")
    problem = explain_problem(workbench)
    assert (problem.title, problem.reason) == ("#1 CancelOrder()  rejected", "NothingToCancel()")
    broken = overdrawn(project)
    told = explain_problem(broken)
    assert (told.title, told.fix[:20]) == ("BROKEN invariant:never_overdrawn  at step 5", "find the transition ")


def test_steps_are_taken_again_elsewhere(project: Project) -> None:
    workbench = bench(project)
    workbench.submit("RedeemPoints(10)")
    workbench.submit("RedeemPoints(10)")
    assert verify_here(workbench.project, workbench.timeline) == Verified("", "coffee_shop", 2, 0, None)
    rewritten("coffee_shop", "state.next_redemption_id += 1", "state.next_redemption_id += 2")
    change = "next_redemption_id: 1 ->"
    assert verify_here(workbench.project, workbench.timeline).finding == StepDifference(
        1, "change 2", f"{change} 2", f"{change} 3"
    )


# --- other forms --------------------------------------------------------------------------------------------------


def test_lines_lead_to_the_same_place(project: Project) -> None:
    workbench = overdrawn(project)
    autoplay.shrink(workbench)
    again = bench(project, "payment")
    export(workbench, "script", Path("x.fasm"))

    for line in Path("x.fasm").read_text(encoding="utf-8").splitlines():
        execute(again, line)
    assert repl_lines(again) == repl_lines(workbench)
    assert again.state().data == workbench.state().data


def test_plain_data_has_every_step(project: Project) -> None:
    workbench = overdrawn(project)
    navigate.label(workbench, "bad")
    export(workbench, "json", Path("x.json"))
    found = json.loads(Path("x.json").read_text(encoding="utf-8"))
    assert (found["machine"], found["head"], found["labels"], len(found["steps"])) == ("payment", 5, {"bad": 5}, 5)


def test_a_saved_session_is_the_same_session(project: Project) -> None:
    workbench = overdrawn(project)
    autoplay.run_random(workbench, 60, 1)
    navigate.label(workbench, "end-of-it")
    navigate.back(workbench, 2)
    save(workbench, "kept")
    seen = navigate.tree(workbench), navigate.log(workbench), workbench.state(), workbench.pending()
    workbench.submit("Process(1, 'z')")
    workbench.close()
    with open_session(project, "kept")[0] as again:
        assert again.timeline.head == again.timeline.last
        navigate.goto(again, seen[2].step)
        assert (navigate.log(again).lines[:-1], again.state(), again.pending()) == (seen[1].lines, *seen[2:])
        assert again.marks.labels == workbench.marks.labels


@pytest.mark.parametrize("name", ["coffee_shop", "payment", "dentist", "counter"])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_printed_can_be_typed(project: Project, name: str, seed: int) -> None:

    workbench, again = bench(project, name), bench(project, name)
    autoplay.run_random(workbench, 20, seed, 0.1)
    navigate.back(workbench, 10)
    autoplay.run_random(workbench, 20, seed, 0.1)
    for line in repl_lines(workbench):
        execute(again, line)
    told = [(record.outcome, record.error, record.digest) for record in workbench.timeline.ancestors()]
    assert [(record.outcome, record.error, record.digest) for record in again.timeline.ancestors()] == told
    assert again.timeline.now.pending.keys() == workbench.timeline.now.pending.keys()


def test_a_break_that_means_nothing_any_more_says_so(project: Project) -> None:
    workbench = bench(project, "counter")
    workbench.mark(Mark(MarkKind.BREAK, "state.points >"))
    workbench.mark(Mark(MarkKind.WATCH, "points"))
    told = autoplay.run_random(workbench, 5, 1)
    assert told.stop_reason.startswith("stopped at step 1: break state.points > cannot be evaluated: not a value: ")


def test_a_sample_is_looked_for_until_one_is_accepted(project: Project) -> None:
    workbench = bench(project)
    workbench.submit("RedeemPoints(149)")
    workbench.complete("1", "Success(149)")  # one point is left, and many a proposal asks for more
    for _ in range(12):
        assert sample_inputs(workbench, "RedeemPoints").items[0].sample == "RedeemPoints(points=1)"
        workbench.submit("CancelOrder()")
