"""`--cluster`: a real Dask scheduler with two workers on loopback does what one process does."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fasm_cli import __version__
from fasm_cli.errors import MachineError, UsageError
from fasm_cli.simulation.dask import Cluster, WorkerInfo, _digest, _usable_processes

pytest.importorskip("distributed")
Call = Callable[..., Any]
DASK = [str(Path(sys.executable).parent / "dask")]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler that has two workers."""
    folder = tmp_path_factory.mktemp("dask")
    scheduler = start(folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    found = said(scheduler, "Scheduler at:").split()[-1]
    workers = [start(folder, "worker", found, "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(2)]
    try:
        for worker in workers:
            said(worker, "Registered to:")
        yield found
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.communicate()


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([*DASK, *arguments], cwd=folder, stderr=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]", words: str) -> str:
    """The first line with `words` that a process says of itself."""
    assert process.stderr is not None
    return next(line for line in process.stderr if words in line)


def test_the_report_is_that_of_one_process(process: Call, address: str) -> None:
    asked = ("simulate", "payment", "--seed", "1", "--runs", "20", "--json")
    alone = process(*asked, "--jobs", "1", "--save", "one")
    shared = process(*asked, "--cluster", address, "--save", "two")
    assert (shared.code, alone.code, shared.err) == (1, 1, "")
    assert shared.out.replace("two/", "one/") == alone.out
    traces = [[(file.name, file.read_bytes()) for file in sorted(Path(name).iterdir())] for name in ("one", "two")]
    assert traces[0] == traces[1] != []


def test_an_author_s_mistake_is_told_as_it_is_here(process: Call, address: str, machine: Call) -> None:
    machine("bent", "state.n += 1", "def propose(self, choose, state):\n    return 1 / 0")
    asked = ("simulate", "bent", "--seed", "1", "--runs", "2")
    here, there = process(*asked, "--jobs", "1").err, process(*asked, "--cluster", address).err
    assert there.replace(f"{Path.cwd()}/", "") == here
    assert "return 1 / 0" in here


def test_where_nobody_answers(fasm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fasm_cli.simulation.dask.CONNECT_TIMEOUT", 0.2)
    result = fasm("simulate", "counter", "--seed", "1", "--cluster", "tcp://127.0.0.1:9")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: no Dask cluster at 'tcp://127.0.0.1:9': Timed out")
    assert result.err.endswith("start one: dask scheduler, and dask worker ADDRESS elsewhere\n")


@pytest.mark.parametrize("address", ["frob://here:1", "localhost", " ", "localhost:port"])
def test_what_is_no_address(fasm: Call, address: str) -> None:
    result = fasm("simulate", "counter", "--seed", "1", "--cluster", address)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: no Dask cluster at {address!r}: ")


def test_without_dask(fasm: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = fasm("simulate", "counter", "--seed", "1", "--cluster", "localhost:1")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: --cluster needs Dask, which is not installed; pip install 'fasm-cli[cluster]'\n"


def test_workers_that_cannot_be_used(tmp_path: Path) -> None:
    source = tmp_path / "machine.py"
    source.write_text("here")
    good = WorkerInfo(__version__, daemon=False, digest=_digest(str(source)), threads=3)
    assert _usable_processes("w", good, str(source)) == 3
    with pytest.raises(UsageError, match=f"the worker w has fasm 0.0, and this is {__version__}"):
        _usable_processes("w", WorkerInfo("0.0", daemon=False, digest=good.digest, threads=1), str(source))
    with pytest.raises(UsageError, match="the worker w may not start processes"):
        _usable_processes("w", WorkerInfo(__version__, daemon=True, digest=good.digest, threads=1), str(source))
    with pytest.raises(MachineError, match=r"the worker w has no .*machine\.py"):
        _usable_processes("w", WorkerInfo(__version__, daemon=False, digest="", threads=1), str(source))
    with pytest.raises(MachineError, match=r"the worker w has another .*machine\.py"):
        _usable_processes("w", WorkerInfo(__version__, daemon=False, digest="00", threads=1), str(source))


def test_a_cluster_without_workers(tmp_path: Path) -> None:
    scheduler = start(tmp_path, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    try:
        empty = said(scheduler, "Scheduler at:").split()[-1]
        with pytest.raises(UsageError, match="the Dask cluster has no workers"):
            Cluster(empty, "machine.py", {}, print)
    finally:
        scheduler.kill()
        scheduler.communicate()
