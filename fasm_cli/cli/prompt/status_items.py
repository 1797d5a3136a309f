"""Where the session stands: the text of the prompt itself, and the facts of the bar."""

from fasm_cli.cli.prompt.colours import Glyphs
from fasm_cli.debugger.session import DebugSession

Parts = list[tuple[str, str]]  # a style and a text each


def prompt_parts(bench: DebugSession, shown: Glyphs) -> Parts:
    """`coffee_shop @3 ⧗1> `: the step, and how many actions are pending; `@2/3` where the branch goes on."""
    timeline = bench.timeline
    now, tip = timeline.now, timeline.journal.branches.tips[timeline.journal.branches.branch_of(timeline.head)]
    ahead = f"/{tip}" if tip != timeline.head else ""
    branch = bench.branch_name() if len(timeline.journal.branches.tips) > 1 else ""
    parts = [
        ("class:prompt.name", bench.machine.reference.rpartition("/")[2]),
        ("class:prompt.place", f" {branch}@{timeline.head}{ahead}"),
    ]
    if now.pending:
        parts.append(("class:prompt.pending", f" {shown.pending}{len(now.pending)}"))
    if not now.running:
        parts.append(("class:prompt.down", " down"))
    return [*parts, ("class:prompt.place", "> ")]


def facts(bench: DebugSession, invariants: tuple[int, int]) -> Parts:
    """What the bar tells: `main@3`, `invariants 2/2`, `1 pending`, `seed 7`, `shop.toml saved`."""
    held, of = invariants
    waiting = len(bench.timeline.now.pending)
    told = [("class:bar", f"{bench.branch_name()}@{bench.timeline.head}")]
    if of:
        told.append(("class:bar.good" if held == of else "class:bar.bad", f"invariants {held}/{of}"))
    told.append(("class:bar.pending" if waiting else "class:bar", f"{waiting} pending"))
    origin = bench.file.stored.header.origin if bench.file is not None else {}
    if "seed" in origin:
        told.append(("class:bar", f"seed {origin['seed']}"))
    told.append(("class:bar", "not saved" if bench.file is None else f"{bench.file.path.name} saved"))
    return told
