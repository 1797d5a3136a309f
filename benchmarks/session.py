"""Measures the cost of a session as it grows: appending a step near its beginning and far behind, and opening it.

    python benchmarks/session.py [LONG]

The steps are those of the coffee shop, with a snapshot every 50th step, in a temporary folder. A step is measured as
the file sees it, without executing the machine, with and without flushing the disk. Steps after the 10th and after the
10,000th alternate, so that a busy computer slows both. Opening is what `fasm step` does before the step: verify every
block and find the state at the head. Each opening is a process of its own; its memory is the peak beyond that of a
session without steps (Linux only). LONG is 100,000 by default.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
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
    """Does not wait for the disk."""

    def sync(self, fd: int) -> None:
        pass


def generate_steps() -> Iterator[tuple[Record, object]]:
    """Yield endless redemptions that fail, with their snapshots: equal steps, and a state that does not grow."""
    bench = DebugSession.fresh(Engine(import_machine(Project(ROOT), "coffee_shop")))
    while True:
        pending = list(bench.timeline.now.pending.values())
        if pending:
            report = bench.complete(str(pending[0].ref), "Failed('no such user')")
        else:
            report = bench.submit("RedeemPoints(points=100)")
        record = report.record
        bench.timeline.evict(record.parent)
        has_snapshot = record.n % SNAPSHOT_EVERY == 0
        yield record, bench.machine.encode_state(bench.timeline.now.state) if has_snapshot else None


def write(path: Path, count: int, steps: list[tuple[Record, object]]) -> None:
    engine = Engine(import_machine(Project(ROOT), "coffee_shop"))
    header = sessions.header_of(Project(ROOT), engine, {"kind": "session"})
    snapshots = {record.n: state for record, state in steps[:count] if state is not None}
    path.write_text(render_session(header, [record for record, _ in steps[:count]], snapshots), encoding="utf-8")


def measure_appends(folder: Path, steps: list[tuple[Record, object]], disk: Disk) -> tuple[float, float]:
    """The median seconds to append a step after `NEAR` and after `FAR` steps, without snapshots."""
    spent: dict[int, list[float]] = {NEAR: [], FAR: []}
    for path, start in ((folder / "near.toml", NEAR), (folder / "far.toml", FAR)):
        write(path, start, steps)
    near, far = (SessionFile.open(folder / name, disk) for name in ("near.toml", "far.toml"))
    with near, far:
        for turn in range(ROUNDS):
            for start, file in ((NEAR, near), (FAR, far)):
                record, _ = steps[start + turn]
                before = time.perf_counter()
                file.append(record)
                spent[start].append(time.perf_counter() - before)
    return statistics.median(spent[NEAR]), statistics.median(spent[FAR])


def open_and_print(path: Path) -> None:
    """Open the session at `path` and print the seconds and the peak memory in KiB. Runs in a process of its own."""
    project = Project(ROOT)
    import_machine(project, "coffee_shop")
    before = time.perf_counter()
    bench, _ = open_session(project, str(path))
    with bench:
        assert bench.timeline.now.running
        seconds = time.perf_counter() - before
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(seconds, peak[1] if peak else 0)


def measure_open(path: Path) -> tuple[float, int]:
    """The seconds and the peak memory in KiB of opening the session at `path`."""
    done = subprocess.run(
        [sys.executable, __file__, "--open", str(path)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


def main(long: int) -> None:
    steps = list(islice(generate_steps(), max(long, FAR + ROUNDS)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, disk in (("without", Unflushed()), ("with", Disk())):
            near, far = measure_appends(folder, steps, disk)
            times = f"step {NEAR} {near * 1e6:7.0f} µs   step {FAR:,} {far * 1e6:7.0f} µs"
            print(f"{times}   {far / near:.2f}   {title} flush")
        empty = folder / "empty.toml"
        write(empty, 0, steps)
        _, base = measure_open(empty)
        for count in (FAR, long):
            path = folder / f"{count}.toml"
            write(path, count, steps)
            size = path.stat().st_size / 1e6
            seconds, memory = min(measure_open(path) for _ in range(3))
            print(f"open {count:7,} steps ({size:5.1f} MB)   {seconds:5.2f} s   {(memory - base) / 1024:5.1f} MiB more")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--open"]:
        open_and_print(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
