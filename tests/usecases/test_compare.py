"""Comparison of two sessions: the first difference of their steps, and of their states."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fasm_cli.debugger import navigate
from fasm_cli.debugger.open import open_session
from fasm_cli.errors import SessionError, UsageError
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import StepPair
from fasm_cli.reports.steps import Change, StepSummary
from fasm_cli.usecases import sessions
from fasm_cli.usecases.compare import compare
from fasm_cli.usecases.migrate_session import migrate

WriteTill = Callable[..., None]


@pytest.fixture
def two(project: Project, write_till: WriteTill) -> Project:
    """`a` pays and is paid, `b` pays another sum and crashes; both have a branch."""
    write_till()
    for name, cents in (("a", 5), ("b", 6)):
        sessions.create(project, "till", name)
        with open_session(project, name)[0] as bench:
            bench.submit("Pay(1)")
            bench.complete("1.1", "Paid()")
            bench.submit(f"Pay({cents})")
            if name == "a":
                bench.complete("3.1", "Paid()")
    return project


def summary(step: int, event: str, *changed: str) -> StepSummary:
    return StepSummary(step, event, "committed", "", list(changed))


WAITS = ("waiting: None -> 2", "next_id: 2 -> 3")


def test_first_difference_and_pairs(two: Project, write_till: WriteTill) -> None:
    found = compare(two, "a", "b")
    assert (found.a, found.b, found.compares_paths, found.steps, found.first_difference) == (
        "sessions/a.toml",
        "sessions/b.toml",
        True,
        (4, 3),
        3,
    )
    assert found.pairs == [
        StepPair(3, summary(3, "Pay(cents=5)", *WAITS), summary(3, "Pay(cents=6)", *WAITS)),
        StepPair(4, summary(4, "complete 3.1 Paid()", "cents: 5 -> 10", "waiting: 2 -> None"), None),
    ]
    assert found.states == [Change("~", "cents", "10", "5"), Change("~", "waiting", "None", "2")]
    assert found.problem == ""


def test_equal_sessions(two: Project, write_till: WriteTill) -> None:
    found = compare(two, "a", "sessions/a.toml")
    assert (found.first_difference, found.pairs, found.states) == (-1, [], [])


def test_only_ancestors_of_the_heads_are_compared(two: Project, write_till: WriteTill) -> None:
    with open_session(two, "b")[0] as bench:
        navigate.goto(bench, 2)
        bench.submit("Pay(5)")
    found = compare(two, "a", "b")
    assert (found.steps, found.first_difference, [(pair.position, pair.b) for pair in found.pairs]) == (
        (4, 3),
        4,
        [(4, None)],
    )


def test_the_states_of_steps(two: Project, write_till: WriteTill) -> None:
    found = compare(two, "a@1", "a")
    assert (found.a, found.b, found.compares_paths, found.pairs) == (
        "sessions/a.toml@1",
        "sessions/a.toml@4",
        False,
        [],
    )
    assert [str(change.path) for change in found.states] == ["cents", "waiting", "next_id"]
    assert compare(two, "a@0", "b@0").states == []
    with pytest.raises(UsageError) as error:
        compare(two, "a", "sessions/b.toml@9")
    assert (error.value.message, error.value.hint) == ("sessions/b.toml has no step 9", "steps go from 0 to 3")


def test_a_file_named_like_a_step_is_preferred(two: Project, write_till: WriteTill) -> None:
    Path("sessions/a@1.toml").write_bytes(Path("sessions/b.toml").read_bytes())
    assert compare(two, "a@1", "b").first_difference == -1


def test_a_session_and_its_migration(two: Project, write_till: WriteTill) -> None:
    """The old session no longer fits the machine; the states that its file has are compared as plain data."""
    write_till("field", "second", "migrate")
    migrate(two, "a")
    found = compare(two, "a", "a.v2")
    assert (found.first_difference, found.pairs, found.states) == (0, [], [])
    assert found.problem.startswith("sessions/a.toml is a session of till version 1; TillMachine is version 2")
    assert compare(two, "a@0", "a.v2@0").states == [Change("+", "['currency']", "", "'EUR1'")]
    with pytest.raises(SessionError, match="TillMachine is version 2"):
        compare(two, "a@3", "a.v2@3")


def test_states_of_two_machines_are_compared_as_plain_data(two: Project, write_till: WriteTill) -> None:
    sessions.create(two, "counter", "c")
    assert [str(each.path) for each in compare(two, "a@0", "c@0").states] == [
        "['cents']",
        "['waiting']",
        "['next_id']",
        "['counter']",
    ]
