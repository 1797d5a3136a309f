"""What a session costs as it grows: a step at its beginning and far on, and opening it.

    python benchmarks/session.py [LONG]

Steps of the coffee shop, the state kept whole every 50th, in a folder of its own. A step is measured as the file sees
it, without running the machine: with the disk's flush and without. Steps from 10 on and from 10,000 on take turns, so
that a busy machine slows both. Opening is what `fasm step` does before the step: every block checked, the machine at
its head. Each opening is a process of its own, its memory what that took at most beyond a session of no steps (Linux
tells it). LONG is 100,000.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fasm_cli.debugger.open import open_session
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.engine import Engine
from fasm_cli.engine.records import Record
from fasm_cli.project.load import import_machine
from fasm_cli.project.project import Project
from fasm_cli.sessions.files import Disk
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.model import SNAPSHOT_EVERY
from fasm_cli.sessions.writer import SessionFile
from fasm_cli.usecases import sessions

ROOT = Path(__file__).resolve().parent.parent
NEAR, FAR, ROUNDS = 10, 10_000, 300


class Unflushed(Disk):
    """Without what the disk takes."""

    def sync(self, fd: int) -> None:
        pass


def story() -> Iterator[tuple[Record, object]]:
    """Redemptions that fail, for ever: steps that are all alike, and a state that does not grow."""
    bench = DebugSession.fresh(Engine(import_machine(Project(ROOT), "coffee_shop")))
    while True:
        pending = list(bench.timeline.now.pending.values())
        if pending:
            told = bench.complete(str(pending[0].ref), "Failed('no such user')")
        else:
            told = bench.submit("RedeemPoints(points=100)")
        record = told.record
        bench.timeline.evict(record.parent)
        whole = record.n % SNAPSHOT_EVERY == 0
        yield record, bench.machine.encode_state(bench.timeline.now.state) if whole else None


def write(path: Path, steps: int, told: list[tuple[Record, object]]) -> None:
    engine = Engine(import_machine(Project(ROOT), "coffee_shop"))
    header = sessions.header_of(Project(ROOT), engine, {"kind": "session"})
    snapshots = {record.n: state for record, state in told[:steps] if state is not None}
    path.write_text(render_session(header, [record for record, _ in told[:steps]], snapshots), encoding="utf-8")


def appending(folder: Path, told: list[tuple[Record, object]], disk: Disk) -> tuple[float, float]:
    """Seconds of a step (the median) behind `NEAR` and behind `FAR` steps, no snapshots among them."""
    spent: dict[int, list[float]] = {NEAR: [], FAR: []}
    for path, start in ((folder / "near.toml", NEAR), (folder / "far.toml", FAR)):
        write(path, start, told)
    near, far = (SessionFile.open(folder / name, disk) for name in ("near.toml", "far.toml"))
    with near, far:
        for turn in range(ROUNDS):
            for start, file in ((NEAR, near), (FAR, far)):
                record, _ = told[start + turn]
                before = time.perf_counter()
                file.append(record)
                spent[start].append(time.perf_counter() - before)
    return statistics.median(spent[NEAR]), statistics.median(spent[FAR])


def opened(path: Path) -> None:
    """Open the session at `path` and print seconds and the most memory used, in KiB; run in a process of its own."""
    project = Project(ROOT)
    import_machine(project, "coffee_shop")
    before = time.perf_counter()
    bench, _ = open_session(project, str(path))
    with bench:
        assert bench.timeline.now.up
        seconds = time.perf_counter() - before
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(seconds, peak[1] if peak else 0)


def opening(path: Path) -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, __file__, "--open", str(path)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


def main(long: int) -> None:
    steps = story()
    told = [next(steps) for _ in range(max(long, FAR + ROUNDS))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, disk in (("without", Unflushed()), ("with", Disk())):
            near, far = appending(folder, told, disk)
            times = f"step {NEAR} {near * 1e6:7.0f} µs   step {FAR:,} {far * 1e6:7.0f} µs"
            print(f"{times}   {far / near:.2f}   {title} flush")
        empty = folder / "empty.toml"
        write(empty, 0, told)
        _, base = opening(empty)
        for count in (FAR, long):
            path = folder / f"{count}.toml"
            write(path, count, told)
            size = path.stat().st_size / 1e6
            seconds, memory = min(opening(path) for _ in range(3))
            print(f"open {count:7,} steps ({size:5.1f} MB)   {seconds:5.2f} s   {(memory - base) / 1024:5.1f} MiB more")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--open"]:
        opened(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
