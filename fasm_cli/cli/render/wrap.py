"""Lines that are longer than the screen is wide, folded where a reader would: at a prompt, and nowhere else."""

import re
from itertools import pairwise

from fasm_cli.cli.render.styled_text import Line, Span
from fasm_cli.cli.repl.lines import outside

GAP = re.compile(r" {2,}(?=\S)")  # between two columns
STEP = 3  # how far what goes on is indented where there are no columns


def folded(line: Line, width: int) -> list[Line]:
    """`line` in pieces that fit, the later ones under its last column. It is cut at blanks outside of strings alone: a
    value that is copied from several lines is still that value, as its brackets are open."""
    text = "".join(span.text for span in line)
    if len(text) <= width:
        return [line]
    hang = _hang(text, width)
    starts, ends = [0], list[int]()
    blanks = [at for at, char, _ in outside(text, prose=True) if char == " " and at > hang]
    while len(text) - starts[-1] > width - hang * bool(ends):
        last = starts[-1] + width - hang * bool(ends)
        after = [at for at in blanks if at > starts[-1]]
        fitting = [at for at in after if at <= last]
        if not after:
            break
        ends.append(fitting[-1] if fitting else after[0])
        starts.append(len(text) - len(text[ends[-1] :].lstrip(" ")))
    pieces = [_part(line, start, end) for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return [pieces[0], *([Span(" " * hang), *piece] for piece in pieces[1:])]


def _hang(text: str, width: int) -> int:
    columns = [gap.end() for gap in GAP.finditer(text) if gap.end() <= width * 2 // 3]
    indent = len(text) - len(text.lstrip())
    return columns[-1] if columns and columns[-1] > indent else indent + STEP


def _part(line: Line, start: int, end: int) -> Line:
    """The characters of `line` from `start` up to `end`, as they are written."""
    edges = [0]
    for span in line:
        edges.append(edges[-1] + len(span.text))
    cut = (
        Span(span.text[max(start - low, 0) : max(end - low, 0)], span.role)
        for span, (low, _) in zip(line, pairwise(edges), strict=True)
    )
    return [span for span in cut if span.text]
