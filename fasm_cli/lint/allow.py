"""`# fasm: allow[clock] reason`, on the line or the one above, silences a law there; it says why, and is needed."""

import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field

from fasm_cli.errors import did_you_mean
from fasm_cli.lint.finding import Finding

ALLOW = re.compile(r"#\s*fasm:\s*allow\b(?:\[(?P<laws>[^\]]*)\])?(?P<reason>.*)")


@dataclass(slots=True)
class Allow:
    """One comment: `about` is the line that it speaks of."""

    line: int
    column: int
    laws: list[str]
    reason: str
    about: int
    used: set[str] = field(default_factory=set)


def allowed(text: str, found: Iterable[Finding], laws: Iterable[str]) -> list[Finding]:
    """`found` less what comments silence, and what is wrong with those comments."""
    known = set(laws)
    allows = _allows(text)
    kept = []
    for finding in found:
        silencing = [each for each in allows if finding.line == each.about and finding.law in each.laws]
        for each in silencing:
            each.used.add(finding.law)
        if not silencing:
            kept.append(finding)
    for each in allows:
        kept += [Finding(each.line, each.column, "allow", message) for message in _faults(each, known)]
    return kept


def _faults(allow: Allow, known: set[str]) -> list[str]:
    if not allow.laws:
        return ["names no law; write # fasm: allow[law] reason"]
    faults = []
    for law in allow.laws:
        if law not in known:
            faults.append(f"allow[{law}] names no law; {did_you_mean(law, known)}")
        elif law not in allow.used:
            faults.append(f"allow[{law}] silences nothing here; remove it")
    if not allow.reason and not faults:
        faults.append(f"allow[{', '.join(allow.laws)}] gives no reason; write behind it why this is safe")
    return faults


def _allows(text: str) -> list[Allow]:
    found = []
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    code = sorted({token.start[0] for token in tokens if token.type not in quiet and token.string})
    for token in tokens:
        match = ALLOW.match(token.string) if token.type == tokenize.COMMENT else None
        if match is None:
            continue
        line, column = token.start
        alone = not token.line[:column].strip()
        about = next((each for each in code if each > line), line) if alone else line
        laws = [law.strip() for law in (match["laws"] or "").split(",") if law.strip()]
        reason = match["reason"].strip(" :-–—")
        found.append(Allow(line, column + 1, laws, reason, about))
    return found
