"""The `key = value` lines of one block, read quickly where they are plain and by tomllib in every other case.

tomllib is Python and takes most of the time to open a long session, so what needs no escape is rewritten as JSON, whose
reader is C; the two agree on what is left (a test holds them to it). tomllib itself is kept from texts on which it
would take for ever, or a hundred bytes of memory for each digit: long dotted keys, long numbers; no session has any.
"""

import json
import re
import tomllib
from typing import Any

from fasm_cli.sessions.toml_values import MAX_DEPTH, NotStorable

LINES = re.compile(rb"(?:(?:[a-z]+ = |    |\])[^\n]*\n)*")
STRINGS = re.compile(rb'"(?:[^"\\\n]|\\.)*"')
ODD = re.compile(rb"""['#]|\"\"\"|\.[^,\n]*?\.|[\x00-\x09\x0b-\x1f\x7f]|[0-9A-Za-z_]{4301}""")
SLOW = re.compile(r"[\\\x00\r\x7f]")
MARK = r'},"\n",{'
NOT_TOML = re.compile(r":|\[,|    ,|\n    \x00 =|null")
KEY = re.compile(r"(^|[{,] )([A-Za-z0-9_-]+) = ", re.MULTILINE)


def read_lines(body: bytes) -> dict[str, Any]:
    """What TOML says `body` means. Raises `UnfitError` or `tomllib.TOMLDecodeError`."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStorable("it is not UTF-8") from None
    found = parse_as_json(text)
    if found is not None:
        return found
    if not LINES.fullmatch(body):
        raise NotStorable("it is not made of `key = value` lines")
    odd = ODD.search(STRINGS.sub(b'""', body))
    if odd:
        raise NotStorable(f"{odd[0][:20].decode('utf-8', 'replace')!r} outside of quotes is not written in a session")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise NotStorable(f"it nests deeper than {MAX_DEPTH} levels") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # more digits than this Python was told to turn into an int
        raise NotStorable(str(error)[:200]) from None


def parse_as_json(text: str) -> dict[str, Any] | None:
    """The same as `tomllib.loads(text)`, or None where that has to be asked."""
    if SLOW.search(text) or not text.endswith("\n"):
        return None
    pieces = text[:-1].split('"')  # without escapes, every other piece is what stands in quotes
    bare = "\0".join(pieces[::2])
    if len(pieces) % 2 == 0 or NOT_TOML.search(bare):
        return None
    bare = KEY.sub(r'\1"\2": ', bare).replace("\0 = ", "\0: ")
    bare = bare.replace(",\n]", "]").replace("[\n    ", "[").replace(",\n    ", ", ")
    lines = bare.count("\n") + 1
    pieces[::2] = bare.replace("\n", MARK).split("\0")
    try:
        found = json.loads("[{" + '"'.join(pieces) + "}]", object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    # Only we write marks, one at each line's end: when all of them stand at the top, every line is whole in itself.
    if found[1::2] != ["\n"] * (lines - 1) or any(len(line) != 1 for line in found[::2]):
        return None
    values = {key: value for line in found[::2] for key, value in line.items()}
    return values if len(values) == lines else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is JSON only")
