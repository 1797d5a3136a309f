"""A progress bar on stderr if that is a terminal; nothing anywhere else."""

import sys
from collections.abc import Iterator
from time import monotonic

from fasm_cli.simulation.search import Progress


def with_progress(progress: Iterator[Progress]) -> None:
    """Consume `progress` to its end and draw each value of it."""
    if not sys.stderr.isatty():
        for _ in progress:
            pass
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    start = monotonic()
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("starting", total=None, counts="")
        for now in progress:
            speed = int(now.steps / max(monotonic() - start, 0.001))
            counts = f"{now.runs} runs  {now.steps} steps  {speed:,} steps/s  {now.findings} findings"
            bar.update(task, description=now.doing, total=now.of, completed=now.runs, counts=counts)
