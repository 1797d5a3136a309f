"""Without the check of a law, the machine of the corpus that violates it has no finding of that law.

Each law is switched off in a copy of the package by a line added to the modules that check it. `FASM_SLOW=1` does so
for all laws, otherwise for two of them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

FILTER = """

_all_checks = _run_checks


def _run_checks(scope, *subject):
    return (found for found in _all_checks(scope, *subject) if found.law != {law!r})
"""
OFF = {
    "engine/laws.py": FILTER,
    "simulation/observation.py": """
_seeds, _stored = compare_replicas, compare_isolated
compare_replicas = lambda *given: None if (found := _seeds(*given)) and found.law == {law!r} else found
compare_isolated = lambda *given: None if {law!r} == "hidden" else _stored(*given)
first_differing = lambda views: ""
""",
    "simulation/hidden_state.py": """
_changed = first_difference
first_difference = lambda *given: "" if {law!r} == "hidden" else _changed(*given)
""",
}
MACHINES = {
    "atomic": "atomic_write_before_add",
    "completion": "completion_duplicate_counts",
    "deterministic": "deterministic_set_order_in_actions",
    "effects": "effects_print",
    "random": "random_random",
    "clock": "clock_time",
    "reads": "reads_environ",
    "stored": "stored_never",
    "restore": "restore_bumps_counter",
    "ids": "ids_constant",
    "hidden": "hidden_module_list",
}
LAWS = sorted(MACHINES) if os.environ.get("FASM_SLOW") else ["atomic", "hidden"]


def machine_of(law: str) -> Path:
    """Return the machine named above, or the first of the corpus for the law if that one was renamed."""
    named = HERE / "bad" / f"{MACHINES[law]}.py"
    return named if named.exists() else min(HERE.glob(f"bad/{law}_*.py"))


def laws_found(package: Path, machine: Path, folder: Path) -> list[str]:
    command = ["simulate", str(machine), "--seed", "1", "--runs", "20", "--jobs", "1", "--save", str(folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "fasm_cli", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [finding["law"] for finding in json.loads(done.stdout)["findings"]]


@pytest.mark.parametrize("law", LAWS)
def test_a_law_that_is_switched_off_is_not_found(law: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fasm_cli", tmp_path / "off" / "fasm_cli", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in OFF.items():
        with (tmp_path / "off" / "fasm_cli" / name).open("a", encoding="utf-8") as module:
            module.write(text.format(law=law))
    machine = machine_of(law)
    (tmp_path / "on").mkdir()
    (tmp_path / "save").mkdir()
    assert law in laws_found(ROOT, machine, tmp_path / "on")
    assert law not in laws_found(tmp_path / "off", machine, tmp_path / "save")
