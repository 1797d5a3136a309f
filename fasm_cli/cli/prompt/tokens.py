"""A line cut into tokens and the brackets still open at its end: all that is known of text that may not be finished.

Never raises, whatever the text; the tokens put together are the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

TOKEN = re.compile(
    r"""(?P<blank>\s+)
      | (?P<string>[bB]?(?:'(?:[^'\\\n]|\\.)*(?:'|(?=\n)|\Z|\\\Z)|"(?:[^"\\\n]|\\.)*(?:"|(?=\n)|\Z|\\\Z)))
      | (?P<number>\d\w*(?:\.\d\w*)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<comma>,)
      | (?P<equals>=)
      | (?P<colon>:)
      | (?P<dot>\.)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
WORD = ("name", "number", "string", "dot")  # what belongs to the word at the end of a text


class Token(NamedTuple):
    """A piece of a line; `kind` is the name of a group of TOKEN."""

    kind: str
    start: int
    text: str


@dataclass(slots=True)
class Open:
    """A bracket that is not closed: where its call or itself begins, and which argument the end of the text is in."""

    bracket: str
    name: str  # of what is called; empty for a list, tuple, set or dict
    start: int
    position: int = 0  # how many commas came before
    given: list[str] = field(default_factory=list)  # keywords of the arguments before this one
    keyword: str = ""  # of this argument
    valued: bool = False  # behind the colon of a dict's pair


def tokens(text: str) -> list[Token]:
    return [Token(str(found.lastgroup), found.start(), found[0]) for found in TOKEN.finditer(text)]


def opened(line: Sequence[Token]) -> list[Open]:
    """The brackets that are open at the end, the innermost last. What closes closes the last one, whatever it is."""
    stack: list[Open] = []
    solid = [token for token in line if token.kind != "blank"]
    for at, token in enumerate(solid):
        before = solid[at - 1] if at else None
        if token.kind == "open":
            called = before if token.text == "(" and before is not None and before.kind == "name" else None
            stack.append(Open(token.text, called.text if called else "", called.start if called else token.start))
        elif not stack:
            continue
        elif token.kind == "close":
            stack.pop()
        elif token.kind == "comma":
            inner = stack[-1]
            if inner.keyword:
                inner.given.append(inner.keyword)
            inner.position, inner.keyword, inner.valued = inner.position + 1, "", False
        elif token.kind == "equals" and before is not None and before.kind == "name":
            stack[-1].keyword = before.text
        elif token.kind == "colon":
            stack[-1].valued = True
    return stack


def last_word(line: Sequence[Token]) -> tuple[list[Token], str]:
    """What comes before the word at the end of a line, and that word: `Phase.REQ`, `20o`, `'ab`; empty behind a blank
    or a bracket."""
    at = len(line)
    if at and line[-1].kind == "string" and finished(line[-1].text):
        return list(line), ""
    while at and line[at - 1].kind in WORD and not (at < len(line) and line[at - 1].kind == "string"):
        at -= 1
    return list(line[:at]), "".join(token.text for token in line[at:])


def finished(string: str) -> bool:
    """Whether the text of a string token has its closing quote."""
    bare = string.lstrip("bB")
    return len(bare) > 1 and bare[-1] == bare[0] and not re.search(r"(?<!\\)(\\\\)*\\\Z", bare[:-1])


def closers(stack: Sequence[Open]) -> str:
    """What closes everything that is open."""
    return "".join({"(": ")", "[": "]", "{": "}"}[each.bracket] for each in reversed(stack))
