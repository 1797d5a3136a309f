"""Findings, and the comments that suppress them: `# fasm: allow[clock] reason`, on the line or the line above.

A comment must give a reason and must be needed; one that suppresses nothing is itself a finding.
"""

import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field

from fasm_cli.errors import did_you_mean

ALLOW = re.compile(r"#\s*fasm:\s*allow\b(?:\[(?P<laws>[^\]]*)\])?(?P<reason>.*)")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A law that a line breaks; line and column count from 1. `law` may also be `syntax` or `allow`."""

    line: int
    column: int
    law: str
    message: str


@dataclass(slots=True)
class Allow:
    """One comment. `target` is the line whose findings it suppresses, `used` the laws that it did suppress."""

    line: int
    column: int
    laws: list[str]
    reason: str
    target: int
    used: set[str] = field(default_factory=set)


def apply_allow_comments(text: str, found: Iterable[Finding], laws: Iterable[str]) -> list[Finding]:
    """The findings that no comment in `text` suppresses, and one for each thing wrong with the comments."""
    known = set(laws)
    comments = _allow_comments(text)
    remaining = []
    for finding in found:
        matching = [each for each in comments if finding.line == each.target and finding.law in each.laws]
        for each in matching:
            each.used.add(finding.law)
        if not matching:
            remaining.append(finding)
    for each in comments:
        remaining += [Finding(each.line, each.column, "allow", message) for message in _problems(each, known)]
    return remaining


def _problems(comment: Allow, known: set[str]) -> list[str]:
    if not comment.laws:
        return ["no law given; write # fasm: allow[law] reason"]
    problems = []
    for law in comment.laws:
        if law not in known:
            problems.append(f"no law {law!r}; {did_you_mean(law, known)}")
        elif law not in comment.used:
            problems.append(f"allow[{law}] suppresses nothing here; remove it")
    if not comment.reason and not problems:
        problems.append(f"allow[{', '.join(comment.laws)}] has no reason; state after it why this is safe")
    return problems


def _allow_comments(text: str) -> list[Allow]:
    found = []
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    code_lines = sorted({token.start[0] for token in tokens if token.type not in blank and token.string})
    for token in tokens:
        match = ALLOW.match(token.string) if token.type == tokenize.COMMENT else None
        if match is None:
            continue
        line, column = token.start
        own_line = not token.line[:column].strip()
        target = next((each for each in code_lines if each > line), line) if own_line else line
        laws = [law.strip() for law in (match["laws"] or "").split(",") if law.strip()]
        found.append(Allow(line, column + 1, laws, match["reason"].strip(" :-–—"), target))
    return found
