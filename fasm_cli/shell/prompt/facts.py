"""The text of the prompt itself: where one stands, and what is pending."""

from fasm_cli.app.workbench import Workbench
from fasm_cli.shell.prompt.colours import Glyphs

Parts = list[tuple[str, str]]  # a style and a text each


def prompt_parts(bench: Workbench, shown: Glyphs) -> Parts:
    """`coffee_shop @3 ⧗1> `: where one stands, and what is pending."""
    timeline = bench.timeline
    now = timeline.now
    place = f" @{timeline.head}" if timeline.head == timeline.last else f" @{timeline.head}/{timeline.last}"
    parts: Parts = [
        ("class:prompt.name", bench.machine.reference.rpartition("/")[2]),
        ("class:prompt.place", place),
    ]
    if now.pending:
        parts.append(("class:prompt.pending", f" {shown.pending}{len(now.pending)}"))
    if not now.up:
        parts.append(("class:prompt.down", " down"))
    return [*parts, ("class:prompt.place", "> ")]
