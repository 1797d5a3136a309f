"""Real processes: killed at random moments, and two that use one file."""

import os
import random
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fasm_cli.sessions.model import Header
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile

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


def send(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_kill_at_a_random_moment_loses_no_acknowledged_step(tmp_path: Path, header: Header, slow: bool) -> None:
    chance = random.Random(1)
    for number in range(500 if slow else 15):
        path = tmp_path / f"{number // 20}.toml"  # each is continued by twenty processes
        if not path.exists():
            SessionFile.create(path, header).close()
        with worker(path) as process:
            send(process, "open")
            assert answer(process) == "ok"
            before = len(read_session(path).records)
            send(process, "run")
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 30)[0]
            lines = [process.stdout.readline().strip() for _ in range(chance.randrange(1, 60))]
            process.kill()
            lines += process.stdout.read().split("\n")
        acknowledged = int(lines[-2])  # the last line may be incomplete
        stored = read_session(path)
        assert len(stored.records) in (acknowledged, acknowledged + 1)
        assert acknowledged > before
        for at, record in enumerate(stored.records, 1):
            assert (record.n, record.digest) == (at, f"{at * 2654435761 % 2**64:016x}")
            assert record.event["value"]["text"] == "x" * (at * 37 % 900)
        assert stored.snapshots == {n: {"n": n} for n in range(10, len(stored.records) + 1, 10)}


def test_only_one_of_two_processes_writes(tmp_path: Path, header: Header, slow: bool) -> None:
    path = tmp_path / "a.toml"
    SessionFile.create(path, header).close()
    rounds = 200 if slow else 20
    winners: list[str] = []
    with worker(path, "a") as a, worker(path, "b") as b:
        for _ in range(rounds):
            both = {"a": a, "b": b}
            for process in both.values():
                send(process, "open")
            answers = {name: answer(process) for name, process in both.items()}
            [winner] = [name for name, said in answers.items() if said == "ok"]
            [loser] = [name for name in both if name != winner]
            assert answers[loser].startswith(f"error {path} is being written by ")
            assert f"pid {both[winner].pid} on " in answers[loser]
            send(both[winner], "append 3")
            assert len(read_session(path).records) >= 3 * len(winners)  # a reader needs no lock
            assert answer(both[winner]) == "ok"
            send(both[winner], "close")
            assert answer(both[winner]) == "ok"
            winners.append(winner)
    stored = read_session(path)
    assert [record.event["value"]["by"] for record in stored.records] == [name for name in winners for _ in range(3)]


def test_killed_process_holds_no_lock(tmp_path: Path, header: Header) -> None:
    path = tmp_path / "a.toml"
    SessionFile.create(path, header).close()
    with worker(path) as process:
        send(process, "open")
        assert answer(process) == "ok"
    assert path.with_name(".a.toml.lock").read_text().startswith(f"pid {process.pid} on ")
    SessionFile.open(path).close()
