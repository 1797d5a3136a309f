"""Split text into logical lines: open brackets join a line with the next, as in Python."""

from collections.abc import Iterable, Iterator

from fasm_cli.cli.render.writer import outside_strings
from fasm_cli.types.parse import MAX_LENGTH


def logical_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield each logical line with the number of its first line. A line that is too long for any value ends at once."""
    joined: list[str] = []
    first = depth = length = 0
    for number, line in enumerate(lines, 1):
        if not joined:
            first = number
            if line.lstrip().startswith("#"):
                continue
        joined.append(line)
        depth, length = open_brackets(line, depth), length + len(line)
        if depth <= 0 or length > MAX_LENGTH:
            yield first, "\n".join(joined)
            joined, depth, length = [], 0, 0
    if joined:
        yield first, "\n".join(joined)


def is_complete(text: str) -> bool:
    """Whether every bracket in `text` is closed. A comment is always complete."""
    if text.lstrip().startswith("#"):
        return True
    depth = 0
    for line in text.split("\n"):
        depth = open_brackets(line, depth)
    return depth <= 0


def open_brackets(line: str, depth: int) -> int:
    """Return how many brackets are open after `line` if `depth` are open before it. Strings end with the line."""
    for _, _, after in outside_strings(line, depth, prose=True):
        depth = after
    return depth


def first_word(text: str) -> tuple[str, str]:
    """Split `text` into its first word and the rest. Blanks inside brackets or quotes do not end the word."""
    for at, char, depth in outside_strings(text):
        if char.isspace() and depth == 0:
            return text[:at], text[at:].strip()
    return text, ""
