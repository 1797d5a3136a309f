"""Tests sessions of a machine whose state is in a database; they work like any other session."""

from pathlib import Path

import pytest

from fasm_cli.debugger import autoplay, navigate
from fasm_cli.debugger.breakpoints import set_break, watch
from fasm_cli.debugger.export import repl_lines, save
from fasm_cli.debugger.inspect import check, sample_inputs, value_at, value_of
from fasm_cli.debugger.open import open_session
from fasm_cli.debugger.reload import reload
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import InputError
from fasm_cli.project.load import load
from fasm_cli.project.project import Project
from fasm_cli.reports.steps import Change
from fasm_cli.usecases.verify import verify, verify_here

CREDIT = '"UPDATE accounts SET balance = balance + ? WHERE id = ?"'


@pytest.fixture
def books(project: Project) -> DebugSession:
    session = DebugSession.fresh(load(project, "ledger"), project)
    for text in ("Transfer(1, 2, 50)", "Transfer(1, 1, 1)", "Transfer(3, 2, 5)"):
        session.submit(text)
    return session


def edited(old: str, new: str) -> None:
    path = Path("machines/ledger.py")
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new), encoding="utf-8")


def test_navigation(books: DebugSession) -> None:
    assert books.state().rows[-2:] == [
        "db.transfers[1]: {'id': 1, 'source': 1, 'target': 2, 'amount': 50}",
        "db.transfers[2]: {'id': 2, 'source': 3, 'target': 2, 'amount': 5}",
    ]
    assert navigate.back(books, 2).changes[0] == "db.accounts[2].balance: 155 -> 150"
    assert books.submit("Transfer(2, 3, 150)").branch == "main~2"
    assert navigate.diff(books, "main").changes == [
        Change("~", "db.accounts[2].balance", "155", "0"),
        Change("~", "db.accounts[3].balance", "95", "250"),
        Change("~", "db.transfers[2].source", "3", "2"),
        Change("~", "db.transfers[2].target", "2", "3"),
        Change("~", "db.transfers[2].amount", "5", "150"),
    ]
    assert navigate.run_until_change(books, "state.db.accounts[1].balance == 100", backwards=True).end == 0


def test_expressions(books: DebugSession) -> None:
    """The path of a reported change is an expression."""
    assert value_at(books, "db.accounts[2].balance").text == "155"
    assert value_at(books, "db.accounts[2]").text == "{'id': 2, 'balance': 155}"
    assert value_of(books, "state.db.accounts[2]['balance'] - prev.db.accounts[2].balance").text == "5"
    assert value_of(books, "sum(row.amount for row in state.db.transfers.values())").text == "55"
    assert value_of(books, "state.db").text.startswith("Tables(accounts=[{'id': 1, 'balance': 50}, ")
    with pytest.raises(InputError) as wrong:
        value_of(books, "state.db.account")
    assert wrong.value.message == "Tables has no field 'account'"
    assert wrong.value.hint == "did you mean 'accounts'? known: accounts, transfers"
    with pytest.raises(InputError, match="Row has no field 'owner'"):
        value_of(books, "state.db.accounts[2].owner")


def test_random_steps_stop_at_a_changed_row(books: DebugSession) -> None:
    watch(books, "db.accounts[3].balance")
    set_break(books, "len(state.db.transfers) > 99")
    report = autoplay.run_random(books, 50, 3)
    assert report.stop_reason == f"stopped at step {books.timeline.head}: watch db.accounts[3].balance: 95 -> 134"
    assert [line.holds for line in check(books).lines] == [True, True]
    assert sample_inputs(books).items[0].outcome == "committed"


def test_bug_is_shrunk_and_fixed(books: DebugSession) -> None:
    edited(CREDIT, CREDIT.replace("+ ?", "+ ? + (id = 3)"))
    report = reload(books)
    assert (report.difference, report.branch) == ("", "")
    books.submit("Transfer(2, 3, 20)")
    assert (shrunk := autoplay.shrink(books)).title == "shrunk 4 -> 1 events"
    assert shrunk.finding is not None
    assert shrunk.finding.law == "invariant:total_is_constant"
    assert repl_lines(books) == ["Transfer(source=1, target=3, amount=1)"]
    edited(" + (id = 3)", "")
    report = reload(books)
    assert report.difference == "step 5 leads to another state"
    assert report.fields[-1] == "state.db.accounts[3].balance: 102 -> 101"
    assert report.finding is None


def test_a_fresh_process_repeats_the_steps_or_reports_the_first_difference(
    books: DebugSession, project: Project
) -> None:
    save(books, "kept")
    navigate.label(books, "last")
    books.close()
    with open_session(project, "kept")[0] as again:
        assert again.state() == books.state()
        assert navigate.goto(again, navigate.resolve_step(again, "last")).end == 3
    same = verify(project, "kept")
    assert (same.steps, same.finding) == (3, None)
    edited("balance >= ?", "balance > ?")  # makes no difference to these steps
    edited("SameAccount(wanted.source)", "SameAccount(wanted.target + 1)")
    finding = verify_here(books.project, books.timeline).finding
    assert str(finding) == "StepDifference(step=2, part='error', old='SameAccount(1)', new='SameAccount(2)')"
