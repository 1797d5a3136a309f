"""What a transition may say to its database: reading and writing rows, and nothing that is not in them.

The text of a statement is looked at, once for each. What it calls by way of a view, a trigger or a default is not seen
here; a run repeated in another process finds it.
"""

import re
from functools import lru_cache

ROWS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES", "REPLACE", "MERGE"})
CONTROL = frozenset({"BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "START", "SAVEPOINT", "RELEASE", "PREPARE"})

_LITERALS_AND_COMMENTS = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL
)  # quotes and comments
_WORD = re.compile(r"[\s(]*([A-Za-z]*)")
_NONDETERMINISTIC = {
    "random": re.compile(r"\b(random|randomblob|gen_random_\w+|uuid_generate_\w+|uuidv[47])\s*\(", re.IGNORECASE),
    "clock": re.compile(
        r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|unixepoch)\s*\("
        r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
        re.IGNORECASE,
    ),
}
_NOW = re.compile(r"'now'", re.IGNORECASE)


@lru_cache(maxsize=1000)
def first_word(sql: str) -> str:
    """The word that says what a statement does, in capitals; empty where it begins with none."""
    found = _WORD.match(_LITERALS_AND_COMMENTS.sub(" ", sql))
    return found[1].upper() if found else ""


@lru_cache(maxsize=1000)
def law_broken_by(sql: str) -> tuple[str, str]:
    """The law that a statement breaks, and the word in it that does; two empty strings where it breaks none."""
    word = first_word(sql)
    if word not in ROWS:
        return "atomic" if word in CONTROL else "effects", word or "an empty statement"
    bare = _LITERALS_AND_COMMENTS.sub(" ", sql)
    for law, pattern in _NONDETERMINISTIC.items():
        found = pattern.search(bare)
        if found:
            return law, next(filter(None, found.groups()))
    now = _NOW.search(sql)
    return ("clock", now[0]) if now else ("", "")
