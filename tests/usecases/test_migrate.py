"""Sessions of a machine that changed: refused with what changed, carried over where it is the same story."""

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
from fasm_cli.sessions import read_session
from fasm_cli.sessions.format import with_checksum
from fasm_cli.usecases import sessions
from fasm_cli.usecases.migrate_session import migrate

WriteTill = Callable[..., None]

OLD = Path("sessions/till.toml")
NEW = Path("sessions/till.v2.toml")


@pytest.fixture
def till(project: Project, write_till: WriteTill) -> Project:
    """Sixty-one steps of version 1, two snapshots, and a branch."""
    write_till()
    sessions.create(project, "till", "till")
    with open_session(project, "till")[0] as bench:
        for _ in range(20):
            bench.submit("Pay(5)")
            bench.submit("Pay(6)")
            bench.complete(f"{bench.timeline.head - 1}.1", "Paid()")
        navigate.goto(bench, 1)
        bench.crash()
    return project


def refused(project: Project) -> str:
    with pytest.raises(SessionError) as error:
        open_session(project, "till")
    return f"{error.value.message}; {error.value.hint}"


def test_it_is_said_what_changed(till: Project, write_till: WriteTill) -> None:
    again = "`fasm session migrate sessions/till.toml` makes a new file of it"
    write_till("field")
    said = "sessions/till.toml is a session of till, whose types have changed since: Till.currency: + str; "
    assert refused(till) == said + again
    write_till("field", "second")
    said = "sessions/till.toml is a session of till version 1; TillMachine is version 2: Till.currency: + str; "
    assert refused(till) == said + again
    write_till("second")
    assert refused(till) == f"sessions/till.toml is a session of till version 1; TillMachine is version 2; {again}"


def test_an_older_machine_opens_nothing(till: Project, write_till: WriteTill) -> None:
    write_till("second")
    migrate(till, "till")
    write_till()
    with pytest.raises(SessionError) as error:
        open_session(till, "till.v2")
    said = "sessions/till.v2.toml is a session of till version 2; TillMachine is version 1, which is older"
    assert (error.value.message, error.value.hint) == (said, "use the machine of version 2")
    with pytest.raises(SessionError) as error:
        migrate(till, "till.v2")
    assert (error.value.message, error.value.hint) == (said, "a session is only carried forward")


def test_a_file_of_format_1_says_as_much_as_it_can(till: Project, write_till: WriteTill) -> None:
    old_format()
    view_session(till, "till")
    assert refused(till) == (
        "sessions/till.toml has format 1; only format 3 can be continued; "
        "`fasm session migrate sessions/till.toml` makes a new file of it"
    )
    write_till("field")
    assert "changed since: its initial state does not fit: Till lacks currency; " in refused(till)
    write_till(("    cents: int\n\n@dataclass\nclass Paid", "    cents: float\n\n@dataclass\nclass Paid"))
    assert "changed since: a file of format 1 does not say which; " in refused(till)


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


def test_a_session_is_carried_over(till: Project, write_till: WriteTill) -> None:
    before = OLD.read_bytes()
    write_till("field", "second", "migrate")
    told = migrate(till, "till", dry_run=True)
    assert (told.target, told.written, told.finding, NEW.exists()) == (str(NEW), False, None, False)
    done = migrate(till, "till")
    assert done == replace(told, written=True, dry_run=False)
    assert (done.versions, done.formats, done.types, done.steps) == ((1, 2), (3, 3), ["Till.currency: + str"], 61)
    old, new = read_session(OLD), read_session(NEW)
    assert OLD.read_bytes() == before
    assert new.header.machine.state == {**old.header.machine.state, "currency": "EUR1"}
    assert new.header.origin == {"kind": "session", "migrated": "till.toml, version 1"}
    assert new.snapshots == {50: {**old.snapshots[50], "currency": "EUR1"}}
    assert (new.head, list(new.records.parents)) == (old.head, list(old.records.parents))
    assert [each.event for each in new.records] == [each.event for each in old.records]
    with open_session(till, "till.v2")[0] as bench:
        assert bench.state().data == {"cents": 0, "waiting": 1, "next_id": 2, "currency": "EUR1"}
        assert bench.restore().record.n == 62
    again = migrate(till, "till.v2")
    assert (again.target, again.written, again.finding) == ("", False, None)


def test_nothing_is_ever_overwritten(till: Project, write_till: WriteTill) -> None:
    write_till("second")
    for name in ("till.v2", "till.v2-2", "till.v2-3"):
        assert migrate(till, "till").target == f"sessions/{name}.toml"
    write_till(("    def initial", "    version = 3\n\n    def initial"))
    assert migrate(till, "till.v2-2").target == "sessions/till.v3.toml"


def test_an_old_format_becomes_the_present_one(till: Project, write_till: WriteTill) -> None:
    old_format()
    told = migrate(till, "till")
    assert (told.formats, told.versions, told.target) == ((1, 3), (1, 1), "sessions/till.v1.toml")
    assert read_session(Path(told.target)).header.machine.types is not None


def test_types_that_still_hold_every_value_need_no_migrate(till: Project, write_till: WriteTill) -> None:
    """And within one version none is asked."""
    write_till("migrate", (GIVES, "raise RuntimeError"), ("Input = Till, Pay", "Input = Till, Pay | Charge"))
    with pytest.raises(SessionError, match=r"Input: Pay -> Pay \| Charge"):
        open_session(till, "till")
    assert migrate(till, "till").written


def test_what_would_be_too_large_is_not_written(
    till: Project, write_till: WriteTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_till("second")
    monkeypatch.setattr("fasm_cli.sessions.writer.MAX_FILE", 1000)
    with pytest.raises(SessionError, match="the session would be too large"):
        migrate(till, "till")
    assert not NEW.exists()


MISSES = "the states of version 1 do not fit TillMachine: Till lacks currency"
NONE = "TillMachine: migrate(1, …) gives what is no state of version 2: "
WRITE = "write `def migrate(self, version, data)` in TillMachine"
WHOLE = "give the whole state as plain data, as it stands in a session"
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
def test_what_gives_no_state(till: Project, write_till: WriteTill, changes: list[Any], message: str, hint: str) -> None:
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
def test_another_story_is_not_written(
    till: Project, write_till: WriteTill, old: str, new: str, finding: StepDifference
) -> None:
    renamed = [("Till, Pay\n", "Till, Paying\n"), ("Pay(c", "Paying(c")] if "Pay" in old else []
    write_till("second", (old, new), ("from fasm_cli", "import fasm_cli\nfrom fasm_cli"), *renamed)
    for dry_run in (True, False):
        told = migrate(till, "till", dry_run=dry_run)
        assert told.finding is not None
        assert replace(told.finding, new=told.finding.new[: len(finding.new)]) == finding
        assert (told.target, told.written) == ("", False)
    assert not NEW.exists()


def test_other_words_for_the_same_are_the_same_story(till: Project, write_till: WriteTill) -> None:
    """What a refusal says, and what an action holds, may change with its types."""
    write_till(
        "second",
        ("raise Busy(state.waiting)", "raise Busy(waiting=state.waiting)"),
        ("class Charge:\n    cents: int", 'class Charge:\n    cents: int\n    currency: str = "EUR"'),
    )
    assert migrate(till, "till").written
    assert read_session(NEW).records[0].actions[0]["action"] == {"type": "Charge", "cents": 5, "currency": "EUR"}


def test_a_folder_that_may_not_be_written(
    till: Project, write_till: WriteTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(self: object, path: Path) -> int:
        raise PermissionError(13, "Permission denied")

    write_till("second")
    monkeypatch.setattr("fasm_cli.sessions.files.Disk.create", refusing)
    with pytest.raises(SessionError, match=r"cannot write sessions/till\.v2\.toml: Permission denied"):
        migrate(till, "till")
