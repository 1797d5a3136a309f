"""Lines as the REPL reads them: where one ends, whether it is complete, and what its first word is."""

from collections.abc import Iterable, Iterator

from fasm_cli.types.parse import MAX_LENGTH


def logical_lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, those with open brackets joined with what follows; what is too long for any value is
    not waited for."""
    held: list[str] = []
    first = depth = length = 0
    for number, line in enumerate(lines, 1):
        if not held:
            first = number
            if line.lstrip().startswith("#"):
                continue
        held.append(line)
        depth, length = open_brackets(line, depth), length + len(line)
        if depth <= 0 or length > MAX_LENGTH:
            yield first, "\n".join(held)
            held, depth, length = [], 0, 0
    if held:
        yield first, "\n".join(held)


def is_complete(text: str) -> bool:
    """Whether every bracket in `text` is closed (a comment's and a verb's words always are)."""
    if text.lstrip().startswith("#"):
        return True
    depth = 0
    for line in text.split("\n"):
        depth = open_brackets(line, depth)
    return depth <= 0


def open_brackets(line: str, depth: int) -> int:
    """How many brackets are open at the end of `line` when `depth` were at its beginning; strings end with the line."""
    for _, _, after in outside(line, depth, prose=True):
        depth = after
    return depth


def first_word(text: str) -> tuple[str, str]:
    """The first argument and the rest; blanks inside brackets or quotes do not end it."""
    for at, char, depth in outside(text):
        if char.isspace() and depth == 0:
            return text[:at], text[at:].strip()
    return text, ""


def outside(text: str, depth: int = 0, *, prose: bool = False) -> Iterator[tuple[int, str, int]]:
    """Each character that stands in no string, with its place and how many brackets are open after it; `depth` are
    before it. In prose, the words of a verb, an apostrophe begins a string only inside of brackets."""
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
