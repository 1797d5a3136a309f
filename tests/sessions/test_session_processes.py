"""Real processes: killed at any moment, and two of them at one file."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fasm_cli.sessions import Header, SessionFile, read_session

WORKER = Path(__file__).parent / "worker.py"
ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")


@contextmanager
def worker(path: Path, by: str = "a") -> Iterator[subprocess.Popen[str]]:
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, str(WORKER), str(path), by],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_kill_at_a_random_moment(tmp_path: Path, header: Header, slow: bool) -> None:
    chance = random.Random(1)
    for number in range(500 if slow else 15):
        path = tmp_path / f"{number // 20}.toml"  # twenty lives each
        if not path.exists():
            SessionFile.create(path, header).close()
        with worker(path) as process:
            tell(process, "open")
            assert answer(process) == "ok"
            before = len(read_session(path).records)
            tell(process, "run")
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 30)[0]
            time.sleep(chance.uniform(0, 0.03))
            process.kill()
            lines = process.stdout.read().split("\n")
        acknowledged = int(lines[-2])  # what stands after the last line break was cut off as well
        stored = read_session(path)
        assert len(stored.records) in (acknowledged, acknowledged + 1)
        assert acknowledged > before
        for at, record in enumerate(stored.records, 1):
            assert (record.n, record.digest) == (at, f"{at * 2654435761 % 2**64:016x}")
            assert record.event["value"]["text"] == "x" * (at * 37 % 900)
        assert stored.snapshots == {n: {"n": n} for n in range(10, len(stored.records) + 1, 10)}


def test_two_at_once(tmp_path: Path, header: Header, slow: bool) -> None:
    path = tmp_path / "a.toml"
    SessionFile.create(path, header).close()
    rounds = 200 if slow else 20
    winners: list[str] = []
    with worker(path, "a") as a, worker(path, "b") as b:
        for _ in range(rounds):
            both = {"a": a, "b": b}
            for process in both.values():
                tell(process, "open")
            answers = {name: answer(process) for name, process in both.items()}
            [winner] = [name for name, said in answers.items() if said == "ok"]
            [loser] = [name for name in both if name != winner]
            assert answers[loser].startswith(f"error {path} is being written by ")
            assert f"pid {both[winner].pid} on " in answers[loser]
            tell(both[winner], "append 3")
            assert len(read_session(path).records) >= 3 * len(winners)  # a reader is never kept out
            assert answer(both[winner]) == "ok"
            tell(both[winner], "close")
            assert answer(both[winner]) == "ok"
            winners.append(winner)
    stored = read_session(path)
    assert [record.event["value"]["by"] for record in stored.records] == [name for name in winners for _ in range(3)]


def test_a_process_that_was_killed_holds_no_lock(tmp_path: Path, header: Header) -> None:
    path = tmp_path / "a.toml"
    SessionFile.create(path, header).close()
    with worker(path) as process:
        tell(process, "open")
        assert answer(process) == "ok"
    assert path.with_name(".a.toml.lock").read_text().startswith(f"pid {process.pid} on ")
    SessionFile.open(path).close()
