"""Long values over several lines: each part on a line of its own, and still a value that can be pasted back."""

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
    parts, depth, quote, skip, at = [], 0, "", False, start + 1
    for here in range(start, len(text)):
        char = text[here]
        if skip:
            skip = False
        elif char == "\\" and quote:
            skip = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                parts += [text[at:here].strip()] if text[at:here].strip() else []
                return text[: start + 1], parts, text[here:]
        elif char == "," and depth == 1:
            parts.append(text[at:here].strip())
            at = here + 1
    return text, [], ""
