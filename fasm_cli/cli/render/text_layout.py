"""Lines of styled text: how a report becomes lines, and how long values and long lines are broken.

The renderers of the reports of `reports/sessions.py` are in `sessions.py` here, and so on; that module is imported when
the first of its reports is rendered.
"""

import re
from collections.abc import Iterator
from functools import singledispatch
from importlib import import_module
from itertools import pairwise
from typing import NamedTuple

from fasm_cli.reports.report import Report

ONE_LINE = 110  # characters; a longer value is shown with one line for each of its parts
COLUMN_GAP = re.compile(r" {2,}(?=\S)")
OUTCOME_ROLE = {"committed": "good", "rejected": "bad", "defect": "bad", "aborted": "bad", "skipped": "quiet"}
INDENT = 3  # of the continuation of a line without columns


class Span(NamedTuple):
    """A piece of text and its role: name, good, bad, quiet or plain."""

    text: str
    role: str = "plain"


Line = list[Span]


def plain_text(lines: list[Line]) -> str:
    """The text of `lines` without roles and trailing blanks."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


# --- reports ----------------------------------------------------------------------------------------------------


@singledispatch
def renderer(report: object) -> list[Line]:
    """The registered renderers, by the class of the report."""
    raise AssertionError(f"no renderer for {type(report).__name__}")


def render(report: Report) -> list[Line]:
    """The lines of a report."""
    import_module(f"fasm_cli.cli.render.{type(report).__module__.rpartition('.')[2]}")
    return renderer(report)


def count_steps(count: int) -> str:
    """`1 step`, `2 steps`."""
    return "1 step" if count == 1 else f"{count} steps"


# --- values -------------------------------------------------------------------------------------------------------


def outline(text: str, indent: str = "   ") -> list[str]:
    """Break a value in constructor syntax into lines, its parts indented. The joined lines are the same value."""
    if len(text) <= ONE_LINE or ("(" not in text and "[" not in text and "{" not in text):
        return [text]
    head, parts, tail = split_parts(text)
    if not parts:
        return [text]
    lines = [head]
    for part in parts:
        lines += [f"{indent}{line}" for line in outline(part)]
        lines[-1] += ","
    return [*lines, tail]


def split_parts(text: str) -> tuple[str, list[str], str]:
    """The text up to the first bracket, the parts inside of that bracket, and the text from its end."""
    start = min(at for at in (text.find(mark) for mark in "([{") if at >= 0)
    parts, at = [], start + 1
    for place, char, depth in outside_strings(text[start:]):
        here = start + place
        if depth == 0:
            parts += [text[at:here].strip()] if text[at:here].strip() else []
            return text[: start + 1], parts, text[here:]
        if char == "," and depth == 1:
            parts.append(text[at:here].strip())
            at = here + 1
    return text, [], ""


# --- lines --------------------------------------------------------------------------------------------------------


def wrap_line(line: Line, width: int) -> list[Line]:
    """Break `line` into lines of at most `width` characters, the later ones indented to its last column.

    Lines are broken only at blanks outside of strings: a value that is copied from several lines is still that value,
    because its brackets are open at each break. A word longer than `width` is not broken.
    """
    text = "".join(span.text for span in line)
    if len(text) <= width:
        return [line]
    hang = _hanging_indent(text, width)
    starts, ends = [0], list[int]()
    blanks = [at for at, char, _ in outside_strings(text, prose=True) if char == " " and at > hang]
    while len(text) - starts[-1] > width - hang * bool(ends):
        last = starts[-1] + width - hang * bool(ends)
        after = [at for at in blanks if at > starts[-1]]
        fitting = [at for at in after if at <= last]
        if not after:
            break
        ends.append(fitting[-1] if fitting else after[0])
        starts.append(len(text) - len(text[ends[-1] :].lstrip(" ")))
    pieces = [_slice(line, start, end) for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return [pieces[0], *([Span(" " * hang), *piece] for piece in pieces[1:])]


def _hanging_indent(text: str, width: int) -> int:
    columns = [gap.end() for gap in COLUMN_GAP.finditer(text) if gap.end() <= width * 2 // 3]
    indent = len(text) - len(text.lstrip())
    return columns[-1] if columns and columns[-1] > indent else indent + INDENT


def _slice(line: Line, start: int, end: int) -> Line:
    """The characters of `line` from `start` up to `end`, in their roles."""
    edges = [0]
    for span in line:
        edges.append(edges[-1] + len(span.text))
    cut = (
        Span(span.text[max(start - low, 0) : max(end - low, 0)], span.role)
        for span, (low, _) in zip(line, pairwise(edges), strict=True)
    )
    return [span for span in cut if span.text]


# --- strings and brackets -----------------------------------------------------------------------------------------


def outside_strings(text: str, depth: int = 0, *, prose: bool = False) -> Iterator[tuple[int, str, int]]:
    """Yield each character outside strings with its index and the number of brackets open after it.

    `depth` brackets are open at the start. With `prose` (the words of a verb), an apostrophe begins a string only
    inside brackets.
    """
    quote, skip = "", False
    for at, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\" and quote:
            skip = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char if depth or not prose else ""
        else:
            depth += (char in "([{") - (char in ")]}")
            yield at, char, depth
