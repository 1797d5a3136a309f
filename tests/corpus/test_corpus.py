"""Small machines with one fault each, and correct ones that look suspicious: what `fasm simulate` reports about them.

Each bad machine names the law that it violates and the smallest trace that shows it (`LAW` and `TRACE` at its end, one
line for each event, without restores and without the events that drain the machine). The tests check that this is true,
by trying every trace up to that size (`oracle`), and that the simulator finds it. With `FASM_SLOW=1` all machines are
simulated, with the default number of runs, otherwise one machine for each law and a few correct ones.
"""

import ast
import importlib.util
import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fasm_cli import StateMachine
from fasm_cli.engine.machine import Machine

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "corpus.md"
SLOW = bool(os.environ.get("FASM_SLOW"))
RUNS = () if SLOW else ("--runs", "100")

AT_LEAST = {  # machines for each law
    "atomic": 7,
    "deterministic": 4,
    "effects": 4,
    "random": 4,
    "clock": 4,
    "reads": 4,
    "stored": 8,
    "restore": 6,
    "ids": 4,
    "completion": 8,
    "hidden": 5,
    "invariant": 10,
    "transition": 2,
    "eventually": 2,
    "stuck": 3,
    "defect": 4,
}
LONG = 4  # events; trying all longer traces takes too long
LIMIT = 300  # seconds for one call, which takes a few on an idle computer
NEEDS_REPLICAS = {"restore_set_order"}  # only another process iterates over the set in another order

NOT_YET: dict[str, str] = {}


@dataclass(frozen=True)
class Case:
    """A machine of the corpus and what is expected of it; a correct one has no law."""

    path: Path
    machine: str
    law: str
    trace: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> "Case":
        known: dict[str, Any] = {"MACHINE": "", "LAW": "", "TRACE": ()}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in known:
                known[node.targets[0].id] = ast.literal_eval(node.value)
        return cls(path, known["MACHINE"], known["LAW"], tuple(known["TRACE"]))

    @property
    def target(self) -> str:
        name = str(self.path.relative_to(ROOT))
        return f"{name}:{self.machine}" if self.machine else name

    @property
    def summary(self) -> str:
        text = ast.get_docstring(ast.parse(self.path.read_text(encoding="utf-8"))) or ""
        return " ".join(text.split()).replace("|", "or")

    def load(self) -> Machine:
        module = _module(self.path)
        found = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, StateMachine) and value.__module__ == module.__name__
        ]
        (cls,) = [value for value in found if value.__name__ == self.machine] if self.machine else found
        return Machine(cls, self.target, str(self.path))


def _module(path: Path) -> ModuleType:
    name = f"corpus_{path.parent.name}_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


oracle: Any = _module(HERE / "oracle.py")
BAD = [Case.read(path) for path in sorted(HERE.glob("bad/*.py"))]
GOOD = [Case.read(path) for path in sorted(HERE.glob("good/*.py"))]


def _parameters(cases: list[Case]) -> list[Any]:
    return [
        pytest.param(
            case,
            id=case.path.stem,
            marks=[pytest.mark.xfail(reason=NOT_YET[case.path.stem])] if case.path.stem in NOT_YET else [],
        )
        for case in cases
    ]


def _one_for_each_law() -> list[Case]:
    known = [case for case in BAD if case.path.stem not in NOT_YET]
    return list({case.law.partition(":")[0]: case for case in known}.values())


def _can_be_checked(case: Case) -> bool:
    return oracle.sees(case.law) and case.path.stem not in NEEDS_REPLICAS and (SLOW or len(case.trace) <= LONG)


def _simulate(case: Case, folder: Path) -> Any:
    command = ["-m", "fasm_cli", "simulate", case.target, "--seed", "1", "--jobs", "1", *RUNS, "--save", str(folder)]
    done = subprocess.run([sys.executable, *command, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return json.loads(done.stdout)["findings"]


@pytest.fixture(scope="module")
def findings(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[Case], Any]]:
    """A function that returns the findings of the simulator in a machine. The machines of all selected tests are
    simulated at once, as many at a time as there are cores, unless pytest-xdist uses the cores already."""
    spread = hasattr(request.config, "workerinput")
    wanted = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    cases = [known["simulated"] for known in wanted if "simulated" in known and not spread]
    with ThreadPoolExecutor(os.cpu_count()) as pool:

        def simulated(case: Case) -> "Future[Any]":
            return pool.submit(_simulate, case, tmp_path_factory.mktemp(case.path.stem))

        ahead = {case.path: simulated(case) for case in cases}
        yield lambda case: (ahead.get(case.path) or simulated(case)).result()


def test_is_large_enough() -> None:
    laws = Counter(case.law.partition(":")[0] for case in BAD)
    assert {law: laws[law] for law, least in AT_LEAST.items() if laws[law] < least} == {}
    assert set(laws) == set(AT_LEAST)
    assert len(BAD) >= 66
    assert len(GOOD) >= 32


@pytest.mark.parametrize("case", [pytest.param(case, id=case.path.stem) for case in BAD if _can_be_checked(case)])
def test_no_simpler_trace_violates_a_law(case: Case) -> None:
    found = list(oracle.search(case.load(), len(case.trace)))
    assert found[0] == (case.law, list(case.trace))
    assert {law for law, _ in found} == {case.law}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.path.stem) for case in GOOD])
def test_no_short_trace_violates_a_law_of_a_correct_machine(case: Case) -> None:
    assert list(oracle.search(case.load(), 2)) == []


@pytest.mark.parametrize("simulated", _parameters(BAD if SLOW else _one_for_each_law()))
def test_is_found_and_can_be_reproduced(simulated: Case, findings: Callable[[Case], Any]) -> None:
    found = findings(simulated)
    traces = [[step["event"] for step in finding["steps"] if step["event"] != "restore"] for finding in found]
    laws = [finding["law"] for finding in found]
    assert list(zip(laws, traces, strict=True)) == [(simulated.law, list(simulated.trace))]
    for finding in found:
        program, *arguments = shlex.split(finding["reproduce"])
        command = [sys.executable, "-m", "fasm_cli", *arguments, "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
        laws = [again["law"] for again in json.loads(done.stdout)["findings"]]
        assert (program, done.returncode, laws) == ("fasm", 1, [finding["law"]])


@pytest.mark.parametrize("simulated", _parameters(GOOD if SLOW else GOOD[::9]))
def test_has_no_finding(simulated: Case, findings: Callable[[Case], Any]) -> None:
    assert findings(simulated) == []


def table() -> str:
    """Return the page of `docs/` that lists the corpus."""
    lines = [
        "# The corpus",
        "",
        f"{len(BAD)} small machines that each violate one law in one way, and {len(GOOD)} correct ones that look",
        "suspicious. `fasm simulate tests/corpus/bad/NAME.py --seed 1` must report the law of each of the former with",
        "the smallest trace, which has as many events as the table says, and must report nothing for the latter."
        + (f" Not yet so: {', '.join(sorted(NOT_YET))}." if NOT_YET else ""),
        "(`python tests/corpus/test_corpus.py` writes this page.)",
        "",
        "| machine | law | events | what is wrong |",
        "|---|---|---|---|",
    ]
    lines += [f"| {case.path.stem} | `{case.law}` | {len(case.trace)} | {case.summary} |" for case in BAD]
    lines += ["", "| correct machine | what is suspicious |", "|---|---|"]
    lines += [f"| {case.path.stem} | {case.summary} |" for case in GOOD]
    return "\n".join(lines) + "\n"


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == table(), f"run python {Path(__file__).relative_to(ROOT)}"


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
