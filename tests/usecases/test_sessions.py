"""Where a file and a machine meet: creating, opening, listing, replaying a folder."""

import shutil
from pathlib import Path

import pytest

from fasm_cli.debugger.open import open_session, open_target, view_session
from fasm_cli.errors import SessionError, UsageError
from fasm_cli.project.project import Project
from fasm_cli.sessions.reader import read_session
from fasm_cli.usecases import sessions
from fasm_cli.usecases.replay import replay_all

SHIPPED = Path(__file__).parents[2] / "sessions"


@pytest.mark.parametrize("name", ["shop", "sessions/shop.toml", "shop.toml", "ünïcode"])
def test_create_and_open(project: Project, name: str) -> None:
    (project.root / "sessions").mkdir()
    report = sessions.create(project, "coffee_shop", name)
    assert (report.created, report.machine, report.records, report.head) == (True, "coffee_shop", [], 0)
    assert Path(report.path).is_file()
    workbench, _ = open_session(project, name)
    with workbench:
        assert workbench.machine.name == "CoffeeShop"


@pytest.mark.parametrize("name", ["", " ", ".toml", "a/", "a.toml/", "/"])
def test_invalid_names_are_usage_errors(project: Project, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a session"):
        sessions.create(project, "counter", name)
    assert not (project.root / "sessions").exists()


def test_create_overwrites_nothing(project: Project) -> None:
    sessions.create(project, "counter", "s")
    before = Path("sessions/s.toml").read_bytes()
    with pytest.raises(SessionError, match="nothing is overwritten"):
        sessions.create(project, "coffee_shop", "s")
    assert Path("sessions/s.toml").read_bytes() == before


def test_a_path_is_kept_relative_to_the_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("machines")
    below = Project.find(Path.cwd())
    report = sessions.create(below, "counter.py", "s")
    assert (report.machine, report.path) == ("machines/counter.py", "../sessions/s.toml")
    monkeypatch.chdir("..")
    workbench, _ = open_session(project, "s")
    workbench.close()


def test_what_the_repl_may_open(project: Project) -> None:
    sessions.create(project, "coffee_shop", "shop")
    sessions.create(project, "coffee_shop", "counter")  # a machine's name: the machine goes first
    shutil.copy("machines/counter.py", "elsewhere.py")
    for target, machine, kept in (
        ("shop", "CoffeeShop", True),
        ("sessions/counter.toml", "CoffeeShop", True),
        ("counter", "Counter", False),
        ("elsewhere.py", "Counter", False),
        ("machines/counter.py:Counter", "Counter", False),
    ):
        workbench, _ = open_target(project, target)
        with workbench:
            assert (workbench.machine.name, workbench.file is not None) == (machine, kept)
    workbench, _ = open_target(project, "payment", keep="new")
    with workbench:
        workbench.submit("Process(1, 'a')")
    workbench, _ = open_target(project, "payment", keep="new")
    with workbench:
        assert workbench.timeline.head == 1
    for target, keep, by_hand in (("shop", "other", ""), ("counter", "", "counter"), ("nowhere", "", "")):
        with pytest.raises(UsageError):
            open_target(project, target, keep, by_hand)


def test_only_one_may_write_and_anyone_may_look(project: Project) -> None:
    sessions.create(project, "counter", "s")
    workbench, _ = open_session(project, "s")
    with workbench:
        with pytest.raises(SessionError, match="is being written by"):
            open_session(project, "s")
        assert view_session(project, "s")[0].state().data == {"counter": 0}
    open_session(project, "s")[0].close()


def test_a_failed_opening_releases_the_lock(project: Project) -> None:
    sessions.create(project, "counter", "s")
    with pytest.raises(SessionError, match="the types of payment differ"):
        open_session(project, "s", "payment")
    open_session(project, "s")[0].close()


def test_list_reports_unreadable_files(project: Project) -> None:
    assert sessions.listed(project).items == []
    sessions.create(project, "counter", "a")
    Path("sessions/b.toml").write_text("hello\n")
    Path("sessions/c.toml").mkdir()
    shutil.copy(SHIPPED / "payment_overdraft.toml", "sessions")
    report = [(item.name, item.machine, item.steps, item.law) for item in sessions.listed(project).items]
    assert report == [
        ("a", "counter", 0, ""),
        ("b", "", 0, ""),
        ("payment_overdraft", "payment", 4, "invariant:never_overdrawn"),
    ]
    assert sessions.listed(project).items[1].problem.startswith("sessions/b.toml is not TOML")


def test_info_imports_nothing(project: Project) -> None:
    shutil.rmtree("machines")
    (project.root / "machines").mkdir()
    report = sessions.info(project, str(SHIPPED / "payment_overdraft.toml"))
    assert (report.machine, report.head, report.origin["seed"]) == ("payment", 4, 1)
    assert report.recorded is not None
    assert report.recorded.law == "invariant:never_overdrawn"


def test_a_name_without_end_is_not_told_without_end(project: Project) -> None:
    with pytest.raises(SessionError) as refused:
        project.locate_trusted("x" * 4_000_000)
    assert len(refused.value.message) < 200


def test_a_machine_outside_is_followed_only_by_hand(project: Project) -> None:
    shutil.copy("machines/counter.py", "elsewhere.py")
    sessions.create(project, "elsewhere.py", "s")
    assert read_session(Path("sessions/s.toml")).header.machine.name == "elsewhere.py"
    with pytest.raises(SessionError, match="which is not under machines/"):
        open_session(project, "s")
    open_session(project, "s", "elsewhere.py")[0].close()


def test_a_folder_of_traces(project: Project) -> None:
    shutil.copytree(SHIPPED, "sessions", ignore=shutil.ignore_patterns(".*", "dentist_as_published-*"))
    Path("sessions/bad.toml").write_text("hello\n")
    report = replay_all(project, Path("sessions"))
    assert [(Path(item.path).stem, item.steps, bool(item.finding), bool(item.problem)) for item in report.items] == [
        ("bad", 0, False, True),
        ("coffee_shop_crash", 4, False, False),
        ("dentist_race", 8, False, False),
        ("payment_overdraft", 4, True, False),
    ]
    with pytest.raises(UsageError, match="no traces in machines"):
        replay_all(project, Path("machines"))
