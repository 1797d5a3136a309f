"""Tests sessions of a changed machine: opening reports the change; migration re-executes and compares the steps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.debugger import navigate
from fasm_cli.debugger.open import open_session, view_session
from fasm_cli.errors import MachineError, SessionError
from fasm_cli.project.project import Project
from fasm_cli.reports.sessions import StepDifference
from fasm_cli.sessions.format import with_checksum
from fasm_cli.sessions.reader import read_session
from fasm_cli.usecases import sessions
from fasm_cli.usecases.migrate_session import migrate

WriteTill = Callable[..., None]

OLD = Path("sessions/till.toml")
NEW = Path("sessions/till.v2.toml")


@pytest.fixture
def till(project: Project, write_till: WriteTill) -> Project:
    """A session of version 1 with 61 steps, a snapshot and a branch."""
    write_till()
    sessions.create(project, "till", "till")
    with open_session(project, "till")[0] as session:
        for _ in range(20):
            session.submit("Pay(5)")
            session.submit("Pay(6)")
            session.complete(f"{session.timeline.head - 1}.1", "Paid()")
        navigate.goto(session, 1)
        session.crash()
    return project


def open_error(project: Project) -> str:
    with pytest.raises(SessionError) as error:
        open_session(project, "till")
    return f"{error.value.message}; {error.value.hint}"


def test_opening_reports_the_changed_types(till: Project, write_till: WriteTill) -> None:
    again = "`fasm session migrate sessions/till.toml` writes a new file for it"
    write_till("field")
    expected = "sessions/till.toml is a session of till, whose types have changed since: Till.currency: + str; "
    assert open_error(till) == expected + again
    write_till("field", "second")
    expected = "sessions/till.toml is a session of till version 1; TillMachine is version 2: Till.currency: + str; "
    assert open_error(till) == expected + again
    write_till("second")
    assert open_error(till) == f"sessions/till.toml is a session of till version 1; TillMachine is version 2; {again}"


def test_older_machine_refuses_a_newer_session(till: Project, write_till: WriteTill) -> None:
    write_till("second")
    migrate(till, "till")
    write_till()
    with pytest.raises(SessionError) as error:
        open_session(till, "till.v2")
    expected = "sessions/till.v2.toml is a session of till version 2; TillMachine is version 1, which is older"
    assert (error.value.message, error.value.hint) == (expected, "use the machine of version 2")
    with pytest.raises(SessionError) as error:
        migrate(till, "till.v2")
    assert (error.value.message, error.value.hint) == (expected, "a session is only migrated to a newer version")


def test_format_1_reports_what_it_can(till: Project, write_till: WriteTill) -> None:
    old_format()
    view_session(till, "till")
    assert open_error(till) == (
        "sessions/till.toml has format 1; only format 3 can be continued; "
        "`fasm session migrate sessions/till.toml` writes a new file for it"
    )
    write_till("field")
    assert "changed since: its initial state does not fit: Till lacks currency; " in open_error(till)
    write_till(("    cents: int\n\n@dataclass\nclass Paid", "    cents: float\n\n@dataclass\nclass Paid"))
    assert "changed since: a file of format 1 does not name them; " in open_error(till)


def old_format() -> None:
    """Write the session as format 1 had it; its steps use no word that changed since."""
    machine = read_session(OLD).header.machine
    head, *blocks = OLD.read_text("utf-8").split("\n\n")
    state = next(line for line in head.splitlines() if line.startswith("state = "))
    head = (
        f'format = 1\nmachine = "till"\nversion = 1\nfingerprint = "{machine.fingerprint}"\n'
        f'origin = {{ kind = "session" }}\n{state}\nsum = ""\n'
    )
    texts, checksum = [], ""
    for block in [head, *blocks]:
        text, checksum = with_checksum(block[: block.rindex("sum = ")], checksum)
        texts.append(text)
    OLD.write_text("\n".join(texts), encoding="utf-8")


def test_session_is_migrated_to_a_new_file(till: Project, write_till: WriteTill) -> None:
    before = OLD.read_bytes()
    write_till("field", "second", "migrate")
    report = migrate(till, "till", dry_run=True)
    assert (report.target, report.written, report.finding, NEW.exists()) == (str(NEW), False, None, False)
    done = migrate(till, "till")
    assert done == replace(report, written=True, dry_run=False)
    assert (done.versions, done.formats, done.types, done.steps) == ((1, 2), (3, 3), ["Till.currency: + str"], 61)
    old, new = read_session(OLD), read_session(NEW)
    assert OLD.read_bytes() == before
    assert new.header.machine.state == {**old.header.machine.state, "currency": "EUR1"}
    assert new.header.origin == {"kind": "session", "migrated": "till.toml, version 1"}
    assert new.snapshots == {50: {**old.snapshots[50], "currency": "EUR1"}}
    assert (new.head, list(new.records.parents)) == (old.head, list(old.records.parents))
    assert [each.event for each in new.records] == [each.event for each in old.records]
    with open_session(till, "till.v2")[0] as session:
        assert session.state().data == {"cents": 0, "waiting": 1, "next_id": 2, "currency": "EUR1"}
        assert session.restore().record.n == 62
    again = migrate(till, "till.v2")
    assert (again.target, again.written, again.finding) == ("", False, None)


def test_no_file_is_overwritten(till: Project, write_till: WriteTill) -> None:
    write_till("second")
    for name in ("till.v2", "till.v2-2", "till.v2-3"):
        assert migrate(till, "till").target == f"sessions/{name}.toml"
    write_till(("    def initial", "    version = 3\n\n    def initial"))
    assert migrate(till, "till.v2-2").target == "sessions/till.v3.toml"


def test_old_format_is_migrated_to_the_current_one(till: Project, write_till: WriteTill) -> None:
    old_format()
    report = migrate(till, "till")
    assert (report.formats, report.versions, report.target) == ((1, 3), (1, 1), "sessions/till.v1.toml")
    assert read_session(Path(report.target)).header.machine.types is not None


def test_compatible_types_need_no_migrate_method(till: Project, write_till: WriteTill) -> None:
    """Within one version, `migrate` is not called."""
    write_till("migrate", (GIVES, "raise RuntimeError"), ("Input = Till, Pay", "Input = Till, Pay | Charge"))
    with pytest.raises(SessionError, match=r"Input: Pay -> Pay \| Charge"):
        open_session(till, "till")
    assert migrate(till, "till").written


def test_too_large_session_is_not_written(
    till: Project, write_till: WriteTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_till("second")
    monkeypatch.setattr("fasm_cli.sessions.writer.MAX_FILE", 1000)
    with pytest.raises(SessionError, match="the session would be too large"):
        migrate(till, "till")
    assert not NEW.exists()


MISSES = "the states of version 1 do not fit TillMachine: Till lacks currency"
NONE = "TillMachine: migrate(1, …) does not return a state of version 2: "
WRITE = "write `def migrate(self, version, data)` in TillMachine"
WHOLE = "return the whole state as plain data, as a session stores it"
GIVES = 'return {**data, "currency": f"EUR{version}"}'


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        (["field"], MISSES, f"raise `version` and {WRITE}"),
        (["field", "second"], MISSES, WRITE),
        (["field", "second", "migrate", (GIVES, "pass")], f"{NONE}expected a table of Till, got None", WHOLE),
        (["field", "second", "migrate", (GIVES, "return data")], f"{NONE}Till lacks currency", WHOLE),
    ],
)
def test_state_that_does_not_match_is_reported(
    till: Project, write_till: WriteTill, changes: list[Any], message: str, hint: str
) -> None:
    write_till(*changes)
    with pytest.raises(MachineError if NONE in message else SessionError) as error:
        migrate(till, "till")
    assert (error.value.message, error.value.hint) == (message, hint)
    assert sorted(path.name for path in Path("sessions").glob("*.toml")) == ["till.toml"]


def charge(id: int) -> str:
    return f"Tracked(id={id}, action=Charge(cents=5))"


POOR = "    @fasm_cli.invariant\n    def poor(self, state):\n        return state.cents < 15\n\n    def initial"


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("if state.waiting is not None:", "if False:", StepDifference(2, "outcome", "rejected", "committed")),
        ("raise Busy(state.waiting)", "raise Unknown(7)", StepDifference(2, "error", "Busy(1)", "Unknown(7)")),
        ("next_id += 1", "next_id += 2", StepDifference(4, "action 1", charge(2), charge(3))),
        ("class Pay:", "class Paying:", StepDifference(1, "event", "Pay(cents=5)", "can no longer be taken: ")),
        ("state.cents += 5", "state.cents += 6", StepDifference(50, "state, cents", "80", "96")),
        ("    def initial", POOR, StepDifference(9, "violated law", "", "invariant:poor")),
    ],
)
def test_different_behaviour_is_reported_and_not_written(
    till: Project, write_till: WriteTill, old: str, new: str, finding: StepDifference
) -> None:
    renamed = [("Till, Pay\n", "Till, Paying\n"), ("Pay(c", "Paying(c")] if "Pay" in old else []
    write_till("second", (old, new), ("from fasm_cli", "import fasm_cli\nfrom fasm_cli"), *renamed)
    for dry_run in (True, False):
        report = migrate(till, "till", dry_run=dry_run)
        assert report.finding is not None
        assert replace(report.finding, new=report.finding.new[: len(finding.new)]) == finding
        assert (report.target, report.written) == ("", False)
    assert not NEW.exists()


def test_changed_error_text_and_action_fields_are_no_difference(till: Project, write_till: WriteTill) -> None:
    """The text of an error and the fields of an action may change with the types."""
    write_till(
        "second",
        ("raise Busy(state.waiting)", "raise Busy(waiting=state.waiting)"),
        ("class Charge:\n    cents: int", 'class Charge:\n    cents: int\n    currency: str = "EUR"'),
    )
    assert migrate(till, "till").written
    assert read_session(NEW).records[0].actions[0]["action"] == {"type": "Charge", "cents": 5, "currency": "EUR"}


def test_unwritable_folder_is_reported(till: Project, write_till: WriteTill, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(self: object, path: Path) -> int:
        raise PermissionError(13, "Permission denied")

    write_till("second")
    monkeypatch.setattr("fasm_cli.sessions.files.Disk.create", refusing)
    with pytest.raises(SessionError, match=r"cannot write sessions/till\.v2\.toml: Permission denied"):
        migrate(till, "till")
