"""Each flag of `simulate` does what its help says: switched off in the code, one of these turns red."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]
SMALL = ("--seed", "1", "--runs", "20", "--steps", "50", "--jobs", "1", "--save", "out")


def simulate(fasm: Call, *arguments: str) -> Any:
    result = fasm("simulate", *arguments, "--json")
    document = json.loads(result.out)
    return result, document["data"], document["findings"]


def test_no_faults_leaves_only_the_given_faults(fasm: Call) -> None:
    assert simulate(fasm, "coffee_shop", *SMALL, "--no-faults")[1]["stats"]["faults"] == {}
    faults = simulate(fasm, "coffee_shop", *SMALL, "--no-faults", "--faults", "actions_full=0.2")[1]["stats"]["faults"]
    assert set(faults) == {"add fails"}
    assert faults["add fails"] > 50


def test_a_fault_with_probability_zero_never_happens(fasm: Call) -> None:
    faults = simulate(fasm, "coffee_shop", *SMALL, "--faults", "lose_result=0,crash=0,store_failure=0")[1]["stats"][
        "faults"
    ]
    assert faults
    assert not [name for name in faults if name.startswith(("crash", "lose_result", "load", "commit"))]


def test_crash_sets_the_probability_in_every_run(fasm: Call) -> None:
    stats = simulate(fasm, "counter", *SMALL, "--no-faults", "--crash", "0.5")[1]["stats"]
    crashes = sum(times for name, times in stats["faults"].items() if name.startswith("crash"))
    assert 200 < crashes < 500  # of 1000 steps, half of those that find the process up


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--faults", "lose_results=0.1"), "no fault 'lose_results'; did you mean 'lose_result'?"),
        (("--faults", "lose_result=often"), "--faults lose_result=often: not a probability: 'often'"),
        (("--crash", "2"), "Profile(crash=2.0): must be a probability from 0 to 1"),
        (("--time", "soon"), "--time soon: not a time; write 60s, 5m or 1h"),
        (("--time", "0s"), "--time 0s: not a time"),
        (("--steps", "0"), "--steps 0: at least 1"),
    ],
    ids=" ".join,
)
def test_invalid_probabilities_and_times_are_usage_errors(fasm: Call, arguments: tuple[str, ...], message: str) -> None:
    result = fasm("simulate", "counter", "--seed", "1", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_time_replaces_runs(fasm: Call) -> None:
    data = simulate(fasm, "counter", "--seed", "1", "--steps", "20", "--time", "0.3s", "--runs", "1", "--save", "out")[
        1
    ]
    assert data["runs"] > 1
    assert data["steps"] == data["runs"] * 20


def test_run_k_alone_is_run_k_of_all(fasm: Call, project: Path) -> None:
    arguments = ("payment", "--seed", "1", "--steps", "100", "--save", "out")
    finding = simulate(fasm, *arguments, "--runs", "50")[2][0]
    (project / "out" / finding["trace"].rpartition("/")[2]).unlink()
    result, data, findings = simulate(fasm, *arguments, "--run", str(finding["run"]))
    assert (result.code, data["runs"]) == (1, 1)
    assert [(found["law"], found["run"], found["steps"]) for found in findings] == [
        (finding["law"], finding["run"], finding["steps"])
    ]


def test_max_findings_stops_and_keep_going_does_not(fasm: Call) -> None:
    arguments = ("dentist_as_published", "--seed", "1", "--runs", "50", "--steps", "40", "--shrink-time", "0", "--save")
    one = simulate(fasm, *arguments, "one", "--max-findings", "1")[1]
    assert one["runs"] < 50
    assert any(note.startswith(f"stopped after {one['runs']} of 50 runs: 1 findings") for note in one["warnings"])
    assert simulate(fasm, *arguments, "all", "--keep-going", "--max-findings", "1")[1]["runs"] == 50


def test_shrink_time_zero_leaves_the_trace_unshrunk(fasm: Call) -> None:
    arguments = ("dentist_as_published", "--seed", "1", "--runs", "1", "--save")
    result, _, findings = simulate(fasm, *arguments, "long", "--shrink-time", "0")
    assert "shrinking ran out of time" in result.err
    shrunk = simulate(fasm, *arguments, "short")[2]
    assert min(found["size"] for found in findings) > max(found["size"] for found in shrunk)


def test_strict_counts_unreached_as_a_finding(fasm: Call) -> None:
    arguments = ("coffee_shop", "--seed", "1", "--runs", "1", "--steps", "1", "--save", "out")
    assert fasm("simulate", *arguments).code == 0
    assert fasm("simulate", *arguments, "--strict").code == 1


def test_environment_variables_replace_flags(fasm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASM_RUNS", "3")
    monkeypatch.setenv("FASM_STEPS", "7")
    monkeypatch.setenv("FASM_JOBS", "1")
    data = simulate(fasm, "counter", "--seed", "1", "--save", "out")[1]
    assert (data["runs"], data["steps"]) == (3, 21)
    assert simulate(fasm, "counter", "--seed", "1", "--save", "out", "--runs", "2")[1]["runs"] == 2


def test_an_environment_variable_names_the_cluster(fasm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASM_CLUSTER", "nowhere://x")
    result = fasm("simulate", "counter", "--seed", "1", "--runs", "1")
    assert (result.code, result.out) == (2, "")
    assert "no Dask cluster at 'nowhere://x'" in result.err or "needs Dask" in result.err
    assert fasm("simulate", "counter", "--seed", "1", "--runs", "1", "--cluster", "").code == 0


def test_crash_takes_a_point_and_a_count(fasm: Call) -> None:
    assert fasm("session", "new", "coffee_shop", "s").code == 0
    crash = fasm("crash", "s", "--at", "in-restore", "--count", "1")
    assert crash.out == "#1 crash in-restore 1  committed\n   armed for the next restore\n"
    fasm("step", "s", "RedeemPoints(points=20)")
    fasm("crash", "s")
    assert "aborted  the process died in restore" in fasm("restore", "s").out
    assert "+ tracked 2.1@5  id 1  CheckStatus(redemption_id=1)" in fasm("restore", "s").out


def test_a_process_that_is_gone_is_simulate(fasm: Call, machine: Call) -> None:
    machine(
        "lost",
        top="import os, signal\n",
        more="""\
def propose(self, choose, state):
    os.kill(os.getpid(), signal.SIGKILL)""",
    )
    result = fasm("simulate", "lost", "--seed", "1", "--runs", "1", "--jobs", "1")
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        "error: a process that ran the machine ended: killed, out of memory, or by the machine itself\n"
    )


def test_dependence_on_the_time_zone_is_found(fasm: Call, machine: Call) -> None:
    machine("zoned", "state.n += time.localtime(input.value.by).tm_hour", top="import time")
    result, _, findings = simulate(fasm, "zoned", "--seed", "1", "--runs", "1", "--steps", "3", "--save", "out")
    assert (result.code, [finding["law"] for finding in findings]) == (1, ["deterministic"])
    assert "another hash seed and time zone" in findings[0]["reason"]


def test_an_environment_variable_sets_the_shrink_time(fasm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASM_SHRINK_TIME", "-1")
    result = fasm("simulate", "counter", "--seed", "1", "--runs", "1", "--steps", "1")
    assert result.code == 2
    assert "'--shrink-time' (env var: 'FASM_SHRINK_TIME'): -1.0 is not in the range" in result.err
