"""What the repository ships keeps its word: every session replays to its verdict, every machine is listed."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.project.project import Project
from fasm_cli.sessions.reader import read_session
from fasm_cli.usecases.replay import replay
from fasm_cli.usecases.sessions import recorded_finding

ROOT = Path(__file__).parents[2]
SESSIONS = sorted((ROOT / "sessions").glob("*.toml"))
MACHINES = sorted(path.stem for path in (ROOT / "machines").glob("*.py"))
Call = Callable[..., Any]


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_sessions_replay_to_their_verdict(path: Path) -> None:
    stored = read_session(path)
    report = replay(Project(ROOT), path)
    assert (report.difference, stored.dropped) == ("", "")
    assert len(report.steps) == len(stored.records) > 0
    recorded = recorded_finding(stored.header)
    found = report.finding and (report.finding.law, report.finding.step, report.finding.reason)
    assert found == (recorded and (recorded.law, recorded.step, recorded.reason))


def test_there_are_sessions() -> None:
    own = [path.stem for path in SESSIONS if not path.stem.startswith("dentist_as_published-")]
    assert own == ["coffee_shop_crash", "dentist_race", "payment_overdraft"]


def test_the_five_faults_of_the_published_dentist_are_kept() -> None:
    headers = [tomllib.loads(path.read_text(encoding="utf-8")) for path in SESSIONS]
    faults = [header["finding"] for header in headers if header["machine"][0]["name"] == "dentist_as_published"]
    assert sorted((fault["law"], fault["size"]) for fault in faults) == [
        ("atomic", 2),
        ("completion", 2),
        ("completion", 3),
        ("restore", 2),
        ("stored", 4),
    ]


def test_machines_are_listed(fasm: Call) -> None:
    result = fasm("list")
    assert [line.split()[0] for line in result.out.splitlines()] == MACHINES
    assert all(line.rstrip().endswith(".") for line in result.out.splitlines())


@pytest.mark.parametrize("name", MACHINES)
def test_machines_are_described(fasm: Call, name: str) -> None:
    result = fasm("describe", name)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith(f"{name}  ")
    for heading in ("Input", "State", "Invariants", "Sometimes", "Initial state"):
        assert heading in lines
    assert "Create a collection of name/value pairs" not in result.out
