"""Distinguishes an incomplete write from a changed file, and says where and how a file is damaged.

An incomplete write is the beginning of one block as this program writes it, or a block of which whole sectors were lost
because they were not flushed. Everything else is damage that only a person can repair.
"""

import re
import tomllib
from collections.abc import Mapping

from fasm_cli.errors import SessionError
from fasm_cli.sessions.format import Keys, line_text
from fasm_cli.sessions.model import FORMAT
from fasm_cli.sessions.toml_values import NotStorable, from_toml, read_lines

SECTOR = 512  # bytes that a disk writes completely or not at all
NOT_MODIFIED = "the file was not modified; restore it from version control"
PARTIAL_SUM = re.compile(rb'sum = (?:"[0-9a-f]{0,16}"?)?')
TABLE_LINE = re.compile(rb"^\[\[[a-z]+\]\]\n", re.MULTILINE)
MAX_TABLES = 100  # that are looked at in a damaged block
HEAD = 64 * 1024  # bytes that are read to say what a foreign file is


def could_be_torn(tail: bytes, blocks: Mapping[str, Keys]) -> bool:
    """Whether `tail`, which follows a complete block, is the beginning of one of `blocks`."""
    for kind, keys in blocks.items():
        opening = b"\n" + kind.encode()
        if opening.startswith(tail):
            return True
        if tail.startswith(opening):
            *complete, partial = tail[len(opening) :].split(b"\n")
            return _is_as_written(complete, keys) and _begins_line(partial, keys)
    return False


def has_lost_sectors(tail: bytes, offset: int) -> bool:
    """Whether `tail`, at `offset` in the file, is one block in which whole sectors read as zeros."""
    zeros = ((found.start() + offset, found.end() + offset) for found in re.finditer(rb"\0+", tail))
    first, last = offset, offset + len(tail)
    return (
        b"\0" in tail
        and tail.count(b"\n[[") <= 1
        and not re.search(rb'\nsum = "[0-9a-f]{16}"\n.', tail, re.DOTALL)  # the checksum of a block that was flushed
        and all((a == first or a % SECTOR == 0) and (b == last or b % SECTOR == 0) for a, b in zeros)
    )


def _is_as_written(lines: list[bytes], keys: Keys) -> bool:
    """Whether these lines of an incomplete block are exactly what a writer produces."""
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


def _begins_line(partial: bytes, keys: Keys) -> bool:
    if partial.startswith(b"sum = "):
        return bool(PARTIAL_SUM.fullmatch(partial))
    if partial == b"]" or (partial and b"    ".startswith(partial[:4])):
        return True
    starts = [f"{key} = ".encode() for key in (*keys, "sum")]
    return any(start.startswith(partial) or partial.startswith(start) for start in starts)


def not_a_session(name: str, data: bytes) -> SessionError | None:
    """The reason why a file that does not begin with a known format is not a session; None if it is one that was cut
    off."""
    if not data:
        return SessionError(f"{name} is empty, not a session", "`fasm session new TARGET FILE` makes one")
    if data.startswith(b"\xef\xbb\xbf"):
        return SessionError(f"{name} begins with a byte order mark, which a session does not have", "save it without")
    head = data[:HEAD]
    version = re.match(rb"format = ([0-9]{1,9})\r?\n", head)
    if version and int(version[1]) > FORMAT:
        return SessionError(
            f"{name} has format {int(version[1])}; this fasm reads formats up to {FORMAT}",
            "a newer fasm wrote it: upgrade fasm",
        )
    unreadable = not_plain_text(name, head, 1)
    if unreadable is not None:
        return unreadable
    if version and 1 <= int(version[1]) <= FORMAT:
        return None
    try:
        complete = len(data) < HEAD  # else it may end within a line or a character
        text = (head if complete else head[: head.rfind(b"\n") + 1]).decode("utf-8")
        found = tomllib.loads(text) if text.count(".") < 1000 else {}
    except (ValueError, RecursionError) as error:
        return SessionError(f"{name} is not TOML: {str(error)[:200]}", NOT_MODIFIED)
    why = f"its format is {str(found['format'])[:40]!r}" if "format" in found else "it has no `format`"
    return SessionError(f"{name} is not a session: {why}", f"a session begins with the line `format = {FORMAT}`")


def not_plain_text(name: str, text: bytes, line: int) -> SessionError | None:
    """The first byte that no session contains in `text`, which begins at `line`; None if there is none."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            at = line + text.count(b"\n", 0, error.start)
            return SessionError(f"{name}, line {at}: not UTF-8 (byte 0x{text[error.start]:02x})", NOT_MODIFIED)
    found = re.search(rb"\x00|\r\n", text)
    if not found:
        return None
    at = line + text.count(b"\n", 0, found.start())
    if found[0] == b"\0":
        return SessionError(f"{name}, line {at}: a NUL byte", NOT_MODIFIED)
    hint = "git may have changed them: put `*.toml -text` into .gitattributes and check the file out again"
    return SessionError(f"{name}, line {at}: the lines end in CRLF, those of a session end in LF", hint)


def damage(name: str, block: bytes, line: int, what: str) -> SessionError:
    """The most precise description of a block, at `line`, that does not match its checksum."""
    unreadable = not_plain_text(name, block, line)
    if unreadable is not None:
        return unreadable
    inner = re.search(rb'\nsum = "[0-9a-f]{16}"(?=\n.)', block, re.DOTALL)
    if inner:
        at = line + block.count(b"\n", 0, inner.end()) + 1
        return SessionError(f"{name}, line {at}: expected an empty line after {what}", NOT_MODIFIED)
    if not re.search(rb'\nsum = "[0-9a-f]{16}"\n\Z', block):
        end = line + block.count(b"\n") - 1
        return SessionError(f"{name}, line {max(end, line)}: {what} does not end with its checksum", NOT_MODIFIED)
    number = re.match(rb"\[\[step\]\]\nn = ([0-9]{1,18})\n", block)
    if number and what != f"step {int(number[1])}":
        moved = "a block was added, moved or removed"
        return SessionError(f"{name}, line {line}: expected {what}, found step {int(number[1])}: {moved}", NOT_MODIFIED)
    end = line + block.count(b"\n") - 1
    toml_line = _first_line_not_toml(block)
    if toml_line:
        return SessionError(f"{name}, line {line + toml_line - 1}: {what} was changed and is not TOML", NOT_MODIFIED)
    return SessionError(f"{name}, lines {line}-{end}: {what} was changed: its checksum does not match", NOT_MODIFIED)


def _first_line_not_toml(block: bytes) -> int:
    """The line of the block at which TOML ends, from 1; 0 if it is TOML or the line is not known."""
    before = 0
    for table in TABLE_LINE.split(block, MAX_TABLES):
        try:
            read_lines(table)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line ([0-9]+)", str(error))
            return before + int(found[1]) if found else 0
        except (NotStorable, ValueError):
            return 0
        before += table.count(b"\n") + 1
    return 0
