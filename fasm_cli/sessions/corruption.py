"""Telling a write that was cut off from a file that was changed, and saying where and how it was.

A cut-off write is the beginning of one block that this program would have written, or a block of which the disk
lost whole sectors before they were flushed. Anything else is not ours to repair.
"""

import re
import tomllib

from fasm_cli.errors import SessionError
from fasm_cli.sessions.format import BLOCKS, line_text
from fasm_cli.sessions.model import FORMAT
from fasm_cli.sessions.toml_fast import read_lines
from fasm_cli.sessions.toml_values import NotStorable, from_toml

SECTOR = 512  # what a disk writes whole or not at all
KEPT = "the file was left as it is; a copy from version control is the way back"
PARTIAL_SUM = re.compile(rb'sum = (?:"[0-9a-f]{0,16}"?)?')
HEAD = 64 * 1024  # bytes looked at to say what a foreign file is


def could_be_torn(tail: bytes) -> bool:
    """Whether `tail`, which stands behind a whole block, is the beginning of another."""
    for kind, keys in BLOCKS.items():
        opening = b"\n" + kind.encode()
        if opening.startswith(tail):
            return True
        if tail.startswith(opening):
            *whole, partial = tail[len(opening) :].split(b"\n")
            return _ours(whole, keys) and _starts_line(partial, keys)
    return False


def lost_sectors(tail: bytes, offset: int) -> bool:
    """Whether `tail`, which begins at `offset` in the file, is one block in which whole sectors read as zeros."""
    zeros = ((found.start() + offset, found.end() + offset) for found in re.finditer(rb"\0+", tail))
    first, last = offset, offset + len(tail)
    return (
        b"\0" in tail
        and tail.count(b"\n[[") <= 1
        and not re.search(rb'\nsum = "[0-9a-f]{16}"\n.', tail, re.DOTALL)  # the sum of a block that was flushed
        and all((a == first or a % SECTOR == 0) and (b == last or b % SECTOR == 0) for a, b in zeros)
    )


def _ours(lines: list[bytes], keys: tuple[str, ...]) -> bool:
    """Whether these lines, with the end of the block still missing, are what we write."""
    opened = max((at for at, line in enumerate(lines) if re.fullmatch(rb"[a-z]+ = \[", line)), default=None)
    if opened is not None and b"]" not in lines[opened:]:
        if not all(line.startswith(b"    ") and line.endswith(b",") for line in lines[opened + 1 :]):
            return False
        if lines[opened][: -len(b" = [")].decode() not in keys:
            return False
        lines = lines[:opened]
    try:
        text = "".join([line.decode("utf-8") + "\n" for line in lines])
        found = tomllib.loads(text)
        order = [keys.index(key) for key in found]
        return order == sorted(order) and "".join([line_text(key, from_toml(found[key])) for key in found]) == text
    except (ValueError, RecursionError, NotStorable):
        return False


def _starts_line(partial: bytes, keys: tuple[str, ...]) -> bool:
    if partial.startswith(b"sum = "):
        return bool(PARTIAL_SUM.fullmatch(partial))
    if partial == b"]" or (partial and b"    ".startswith(partial[:4])):
        return True
    starts = [f"{key} = ".encode() for key in (*keys, "sum")]
    return any(start.startswith(partial) or partial.startswith(start) for start in starts)


def not_a_session(name: str, data: bytes) -> SessionError | None:
    """Why a file that does not begin with a format we know is not a session; None where it is one that was cut."""
    if not data:
        return SessionError(f"{name} is empty, not a session", "`fasm session new TARGET FILE` makes one")
    if data.startswith(b"\xef\xbb\xbf"):
        return SessionError(f"{name} begins with a byte order mark, which a session does not have", "save it without")
    head = data[:HEAD]
    version = re.match(rb"format = ([0-9]{1,9})\r?\n", head)
    if version and int(version[1]) > FORMAT:
        return SessionError(
            f"{name} is format {int(version[1])}, this fasm reads up to {FORMAT}", "a newer fasm wrote it: upgrade fasm"
        )
    plain = unreadable(name, head, 1)
    if plain is not None:
        return plain
    if version and 1 <= int(version[1]) <= FORMAT:
        return None
    try:
        whole = len(data) < HEAD  # else it may end within a line, or a character
        text = (head if whole else head[: head.rfind(b"\n") + 1]).decode("utf-8")
        found = tomllib.loads(text) if text.count(".") < 1000 else {}
    except (ValueError, RecursionError) as error:
        return SessionError(f"{name} is not TOML: {str(error)[:200]}", KEPT)
    said = f"its format is {str(found['format'])[:40]!r}" if "format" in found else "it has no `format`"
    return SessionError(f"{name} is not a session: {said}", f"a session begins with the line `format = {FORMAT}`")


def unreadable(name: str, text: bytes, line: int) -> SessionError | None:
    """What keeps `text`, which begins at `line`, from being text as we write it; None where nothing does."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            at = line + text.count(b"\n", 0, error.start)
            return SessionError(f"{name}, line {at}: not UTF-8 (byte 0x{text[error.start]:02x})", KEPT)
    found = re.search(rb"\x00|\r\n", text)
    if not found:
        return None
    at = line + text.count(b"\n", 0, found.start())
    if found[0] == b"\0":
        return SessionError(f"{name}, line {at}: a NUL byte", KEPT)
    how = "git may have changed them: put `*.toml -text` into .gitattributes and check the file out again"
    return SessionError(f"{name}, line {at}: the lines end in CRLF, a session's end in LF", how)


def damage(name: str, block: bytes, line: int, what: str) -> SessionError:
    """The most precise thing to say of a block, from `line` on, that does not match its sum."""
    plain = unreadable(name, block, line)
    if plain is not None:
        return plain
    inner = re.search(rb'\nsum = "[0-9a-f]{16}"(?=\n.)', block, re.DOTALL)
    if inner:
        at = line + block.count(b"\n", 0, inner.end()) + 1
        return SessionError(f"{name}, line {at}: something stands where the empty line after {what} should", KEPT)
    if not re.search(rb'\nsum = "[0-9a-f]{16}"\n\Z', block):
        end = line + block.count(b"\n") - 1
        return SessionError(f"{name}, line {max(end, line)}: {what} does not end in its sum", KEPT)
    said = re.match(rb"\[\[step\]\]\nn = ([0-9]{1,18})\n", block)
    if said and what != f"step {int(said[1])}":
        moved = "a block was added, moved or taken away"
        return SessionError(f"{name}, line {line}: step {int(said[1])} stands where {what} should: {moved}", KEPT)
    end = line + block.count(b"\n") - 1
    said_where = _toml_line(block)
    if said_where:
        return SessionError(f"{name}, line {line + said_where - 1}: {what} was changed and is not TOML any more", KEPT)
    return SessionError(f"{name}, lines {line}-{end}: {what} was changed: it does not match its sum", KEPT)


def _toml_line(block: bytes) -> int:
    """The line of the block at which TOML ends; 0 where it is TOML, or too odd to be tried."""
    opening = 1 if block.startswith(tuple(kind.encode() for kind in BLOCKS)) else 0
    try:
        read_lines(block.split(b"\n", 1)[1] if opening else block)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line ([0-9]+)", str(error))
        return int(found[1]) + opening if found else 0
    except (NotStorable, ValueError):
        return 0
    return 0
