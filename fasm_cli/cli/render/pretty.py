"""Long values over several lines: each part on a line of its own, and still a value that can be pasted back."""

from fasm_cli.cli.repl.lines import outside

ONE_LINE = 110  # characters of a value that are shown on one line; a longer one has a line for each of its parts


def outline(text: str, indent: str = "   ") -> list[str]:
    """A value in constructor syntax over several lines, its parts indented; joined, it is the same value."""
    if len(text) <= ONE_LINE or ("(" not in text and "[" not in text and "{" not in text):
        return [text]
    head, parts, tail = opened(text)
    if not parts:
        return [text]
    lines = [head]
    for part in parts:
        lines += [f"{indent}{line}" for line in outline(part)]
        lines[-1] += ","
    return [*lines, tail]


def opened(text: str) -> tuple[str, list[str], str]:
    """The parts between the outermost brackets of `text`, what stands before them, and after."""
    start = min(at for at in (text.find(mark) for mark in "([{") if at >= 0)
    parts, at = [], start + 1
    for place, char, depth in outside(text[start:]):
        here = start + place
        if depth == 0:
            parts += [text[at:here].strip()] if text[at:here].strip() else []
            return text[: start + 1], parts, text[here:]
        if char == "," and depth == 1:
            parts.append(text[at:here].strip())
            at = here + 1
    return text, [], ""
