"""A target names a machine; a session file may name only machines under `machines/`."""

import sys
from pathlib import Path

import pytest

from fasm_cli.errors import MachineError, SessionError, UsageError
from fasm_cli.project.load import import_machine, reload_machine
from fasm_cli.project.project import Location, Project

MACHINE = """
from dataclasses import dataclass
from fasm_cli import StateMachine

@dataclass
class State:
    n: int = 0

@dataclass
class Go: ...

class Counter(StateMachine):
    State, Input = State, Go
    limit = 1
    def initial(self): return State()
    async def stf(self, state, input, actions): state.n += 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "counter.py").write_text(MACHINE)
    (tmp_path / "outside.py").write_text(MACHINE)
    (tmp_path / "machines" / "link.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "machines" / "two.py").write_text(MACHINE + "class Other(Counter): ...\n")
    monkeypatch.chdir(tmp_path)
    return Project.find(tmp_path)


def test_a_target_is_a_name_a_path_or_a_module(project: Project) -> None:
    assert project.locate("counter:Counter") == Location("counter:Counter", Path("machines/counter.py"))
    assert project.locate("../x.py") == Location("../x.py", Path("../x.py"))
    assert project.locate("shop.orders:Order") == Location("shop.orders:Order", None, "shop.orders", Path())
    with pytest.raises(UsageError, match="no machine 'count' under machines/") as raised:
        project.locate("count")
    assert raised.value.hint == "did you mean 'counter'? known: counter, link, two"


@pytest.mark.parametrize("reference", ["counter", "counter:Counter", "machines/counter.py"])
def test_a_session_file_may_name_a_machine_under_machines(project: Project, reference: str) -> None:
    assert project.locate_trusted(reference).path == Path("machines/counter.py")
    assert project.is_trusted_reference(reference)


@pytest.mark.parametrize(
    "reference", ["link", "outside.py", "os.path", "../x.py", "nowhere", "x" * 4_000_000, "a\0.py"]
)
def test_a_session_file_may_name_nothing_else(project: Project, reference: str) -> None:
    assert not project.is_trusted_reference(reference)
    with pytest.raises(SessionError, match="which is not under machines/"):
        project.locate_trusted(reference)


def test_the_class_is_needed_only_if_there_are_several(project: Project) -> None:
    assert import_machine(project, "counter").cls.__name__ == "Counter"
    assert import_machine(project, "two:Other").cls.__name__ == "Other"
    with pytest.raises(UsageError, match="two defines 2 machines") as raised:
        import_machine(project, "two")
    assert raised.value.hint == "name one: two:Counter, two:Other"


def test_a_machine_is_reloaded_from_its_source(project: Project) -> None:
    machine = import_machine(project, "counter")
    path = Path("machines/counter.py")
    path.write_text(MACHINE.replace("limit = 1", "limit = 2"))  # same size, same second
    assert reload_machine(project, machine).machine.cls.limit == 2  # type: ignore[attr-defined]


def test_a_module_that_cannot_be_reloaded_stays_loaded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("shop").mkdir()
    Path("shop/__init__.py").write_text("")
    Path("shop/orders.py").write_text(MACHINE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    machine = import_machine(project, "shop.orders")
    loaded = sys.modules["shop.orders"]
    Path("shop/orders.py").write_text("raise SystemExit")
    with pytest.raises(MachineError, match="raised SystemExit"):
        reload_machine(project, machine)
    assert sys.modules["shop.orders"] is loaded
