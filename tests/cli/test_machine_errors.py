"""A machine that will not load, or raises at work: exit 3 or a finding, and no lines of a traceback but its own."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
Write = Callable[..., None]

MODULES = {
    "def x(:\n": "error: machines/bad.py:1: invalid syntax\ndef x(:\n",
    "import nowhere\n": "error: machines/bad.py: No module named 'nowhere'\n"
    '  File "machines/bad.py", line 1, in <module>\n    import nowhere\n',
    "raise KeyError(1)\n": "error: machines/bad.py raised KeyError: 1\n"
    '  File "machines/bad.py", line 1, in <module>\n    raise KeyError(1)\n',
    "raise SystemExit(7)\n": "error: machines/bad.py raised SystemExit: 7\n"
    '  File "machines/bad.py", line 1, in <module>\n    raise SystemExit(7)\n',
    "x = 1\n": "error: bad defines no machine; write a class that derives from fasm_cli.StateMachine\n",
    "\0\n": "error: machines/bad.py: source code string cannot contain null bytes\n",
}


@pytest.mark.parametrize("text", MODULES, ids=lambda text: text.strip().replace("\0", "nul"))
@pytest.mark.parametrize("verb", ["describe", "simulate", "repl"])
def test_it_does_not_load(fasm: Call, project: Path, verb: str, text: str) -> None:
    (project / "machines" / "bad.py").write_text(text)
    result = fasm(verb, "bad")
    assert (result.code, result.out) == (3, "")
    shown = "\n".join(line for line in result.err.splitlines() if "^" not in line and line.strip())
    assert f"{shown}\n" == MODULES[text]


def test_initial_raises(fasm: Call, machine: Write) -> None:
    machine("bad", more="def initial(self):\n    return 1 / 0")
    result = fasm("describe", "bad")
    assert result.code == 3
    assert result.err.startswith("error: Counting: initial() raised ZeroDivisionError: division by zero\n")
    assert '  File "machines/bad.py", line 27, in initial\n    return 1 / 0\n' in result.err
    assert "fasm_cli/" not in result.err


def test_two_machines(fasm: Call, machine: Write) -> None:
    machine("two", more="", stf="pass\n\nclass Other(Counting):\n    pass\n")
    result = fasm("describe", "two")
    assert (result.code, result.err) == (2, "error: two defines 2 machines; name one: two:Counting, two:Other\n")
    assert fasm("describe", "two:Other").code == 0
    assert fasm("describe", "machines/two.py:Other").code == 0
    assert [line.split()[0] for line in fasm("list").out.splitlines()].count("two") == 1


def test_package(fasm: Call, project: Path, machine: Write) -> None:
    machine("one")
    (project / "pkg").mkdir()
    (project / "pkg" / "__init__.py").write_text("")
    (project / "machines" / "one.py").rename(project / "pkg" / "inside.py")
    for target in ("pkg.inside", "pkg.inside:Counting", "pkg/inside.py"):
        result = fasm("repl", target, "-c", "Add(2)")
        assert (result.code, result.out) == (0, "#1 Add(by=2)  committed\n   n: 0 -> 2\n")
    missing = fasm("describe", "pkg.outside")
    assert (missing.code, missing.err[:31]) == (2, "error: no module pkg.outside; T")


AT_WORK = {
    "{}['x']": ("KeyError: 'x'", "machines/bad.py:24 in stf"),
    "raise SystemExit(3)": ("SystemExit: 3", "machines/bad.py:24 in stf"),
    "raise ValueError('a\\x1b[2Jb\\nc')": ("ValueError: a\\x1b[2Jb\\nc", "machines/bad.py:24 in stf"),
    "state.n = 'x'": ("ContractViolation: n: expected int, got str 'x'", ""),
    "actions.add(Untracked(3))": ("ContractViolation: emits Untracked(action=3), but UntrackedAction is None", ""),
    "return 3": ("ContractViolation: returned 3; change the state in place and return None", ""),
}


@pytest.mark.parametrize("stf", AT_WORK)
def test_defects(fasm: Call, machine: Write, stf: str) -> None:
    machine("bad", stf=stf)
    why, where = AT_WORK[stf]
    result = fasm("repl", "bad", "-c", "Add(2)", "-c", "state")
    assert (result.code, result.err) == (1, "")
    at = f"   at {where}\n" if where else ""
    assert result.out == f"#1 Add(by=2)  defect\n   BROKEN defect  {why}\n{at}"


def test_invariants_and_restore_that_raise(fasm: Call, machine: Write) -> None:
    machine("bad", more="@invariant\ndef sound(self, state):\n    raise KeyError('boo')")
    result = fasm("repl", "bad", "-c", "Add(2)")
    assert result.code == 1
    assert result.out == (
        "#1 Add(by=2)  committed\n   n: 0 -> 2\n   BROKEN invariant:sound  it raised KeyError: 'boo'\n"
    )
    machine("bad", more="async def restore(self, state, actions):\n    raise KeyError('boo')")
    result = fasm("repl", "bad", "-c", "Add(2)")
    assert result.code == 1
    assert "   BROKEN defect  KeyError: 'boo'\n" in result.out


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("name", ["propose", "reached"])
def test_what_a_simulation_asks_for_raises(fasm: Call, machine: Write, name: str, jobs: str) -> None:
    head = {"propose": "def propose(self, choose, state):", "reached": "@sometimes\ndef reached(self, state):"}[name]
    machine("bad", more=f"{head}\n    raise KeyError('boo')")
    result = fasm("simulate", "bad", "--seed", "1", "--jobs", jobs)
    assert (result.code, result.out) == (3, "")
    lines = result.err.splitlines()
    assert lines[0] == "error: the machine raised KeyError: 'boo'"
    assert lines[1].startswith('  File "machines/bad.py", line ')
    assert lines[1].endswith(f" in {name}")
    assert lines[2] == "    raise KeyError('boo')"


@pytest.mark.parametrize("verb", ["describe", "repl", "simulate"])
def test_what_a_machine_prints_is_no_result(fasm: Call, machine: Write, verb: str) -> None:
    machine("loud", top="print('imported')", more="def initial(self):\n    print('called')\n    return Count()")
    quiet_arguments = ["--json", *(["-c", "Add(2)"] if verb == "repl" else [])]
    quiet_arguments += ["--seed", "1", "--runs", "1", "--steps", "2"] if verb == "simulate" else []
    result = fasm(verb, "loud", *quiet_arguments)
    assert result.code == 0
    assert result.document["ok"] is True
    assert result.err.startswith("imported\ncalled\n")


def test_a_machine_is_read_from_its_source_each_time(
    fasm: Call, project: Path, machine: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for by in (1, 2):  # as long as before, and within the same second: Python would take the byte code for fresh
        machine("quick", stf=f"state.n += {by}")
        os.utime(project / "machines" / "quick.py", (1, 1))
        assert f"n: 0 -> {by}" in fasm("repl", "quick", "-c", "Add").out
    assert not (project / "machines" / "__pycache__").exists()


def test_list_imports_nothing(fasm: Call, project: Path, machine: Write) -> None:
    for path in (project / "machines").glob("*.py"):
        path.unlink()
    machine("loud", top="raise SystemExit(3)")
    (project / "machines" / "bad.py").write_text("def x(:\n")
    (project / "machines" / "folder.py").mkdir()
    (project / "machines" / "notes.txt").write_text("x")
    result = fasm("list")
    assert (result.code, result.err) == (0, "")
    assert result.out == "bad   not valid Python\nloud  Counts, for a test.\n"
    (project / "machines" / "bad.py").unlink()
    (project / "machines" / "loud.py").unlink()
    assert fasm("list").out == "no machines under machines/\n"
