"""Lines made of spans, each with the role it plays: what a report is drawn as, whatever it is written to."""

from typing import NamedTuple


class Span(NamedTuple):
    """A piece of text and its role: name, good, bad, quiet or plain."""

    text: str
    role: str = "plain"


Line = list[Span]


def plain_text(lines: list[Line]) -> str:
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)
