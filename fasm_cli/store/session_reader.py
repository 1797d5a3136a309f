"""Reading a session file: block by block, every sum checked, in bounded time and memory. Never writes, never locks.

What a file says is data: no name in it is looked up or imported here.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fasm_cli.core.errors import SessionError
from fasm_cli.core.marks import Mark
from fasm_cli.core.record import Record
from fasm_cli.store.session_block import read_goto, read_header, read_mark, read_step
from fasm_cli.store.session_damage import KEPT, could_be_torn, damage, foreign, lost_sectors
from fasm_cli.store.session_model import FORMAT, Header, Stored
from fasm_cli.store.session_text import GOTO, MARK, MAX_BLOCK, MAX_FILE, STEP, chained
from fasm_cli.store.toml_text import UnfitError

FIRST = f"format = {FORMAT}\n".encode()
STEP_OPENING, GOTO_OPENING, MARK_OPENING = STEP.encode(), GOTO.encode(), MARK.encode()
SUM_LINE = re.compile(rb'(?<=\n)sum = "([0-9a-f]{16})"\n\Z')
SUM_LENGTH = len(b'sum = "0123456789abcdef"\n')
T = TypeVar("T")


@dataclass(slots=True)
class Scan:
    """What was read, and what a writer needs to go on: where the last whole block ends, and its sum."""

    stored: Stored
    end: int
    sum: str


def read_session(path: Path) -> Stored:
    """The session in `path`, up to its last whole block. Raises `SessionError` with the line and the reason."""
    return scan(load(path), str(path)).stored


def load(path: Path) -> bytes:
    """The bytes of a file that is not larger than any session. Raises `SessionError`."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE:
                raise SessionError(f"{path} is larger than any session: more than {MAX_FILE >> 20} MiB")
            return file.read(size)
    except OSError as error:
        raise SessionError(f"cannot read {path}: {reason(error)}") from None


def open_regular(path: Path) -> int:
    """A descriptor to read the regular file `path`; never waits for a pipe. Raises `SessionError`."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise SessionError(f"no session {path}", "`fasm session list` shows those there are") from None
    except (OSError, ValueError) as error:
        raise SessionError(f"cannot read {path}: {reason(error)}") from None
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    raise SessionError(f"{path} is {'a directory' if stat.S_ISDIR(mode) else 'not a regular file'}, not a session")


def reason(error: Exception) -> str:
    """What the system says, in its words."""
    return getattr(error, "strerror", None) or str(error)


def scan(data: bytes, name: str) -> Scan:
    """All whole blocks of `data`. Raises `SessionError`."""
    if not data.startswith(FIRST):
        cut = data and FIRST.startswith(data)
        raise (None if cut else foreign(name, data)) or _cut_header(name, data)
    nul = data.find(b"\0")
    return _Scanner(data, name, len(data) if nul < 0 else nul).run()


def _cut_header(name: str, data: bytes) -> SessionError:
    line = data.count(b"\n") + 1
    return SessionError(f"{name}, line {line}: it is cut off inside its header", KEPT)


class _Scanner:
    def __init__(self, data: bytes, name: str, limit: int) -> None:
        self.data, self.name = data, name
        self.limit = limit  # where the text ends: at the first NUL, if there is one
        self.at, self.line = 0, 1
        self.end, self.end_line, self.sum = 0, 0, ""
        self.header: Header | None = None
        self.records: list[Record] = []
        self.snapshots: dict[int, Any] = {}
        self.head = 0
        self.marks: list[Mark] = []

    def run(self) -> Scan:
        data, limit = self.data, self.limit
        while self.at < limit:
            stop = data.find(b"\n\n", self.at, min(limit, self.at + MAX_BLOCK + 2))
            if stop < 0 and limit - self.at > MAX_BLOCK:
                raise self._at_line(f"{self._what()} is larger than any block: more than {MAX_BLOCK >> 20} MiB")
            block = data[self.at : limit if stop < 0 else stop + 1]
            found = SUM_LINE.search(block, max(0, len(block) - SUM_LENGTH - 1))
            if found is None and stop < 0:
                break
            if found is None or chained(block[: found.start()], self.sum) != found[1].decode():
                raise damage(self.name, block, self.line, self._what())
            self._take(block[: found.start()])
            self.sum = found[1].decode()
            lines = block.count(b"\n")
            self.end, self.end_line = self.at + len(block), self.line + lines
            self.at, self.line = self.end + 1, self.end_line + 1
        if self.header is None:
            raise foreign(self.name, data) or _cut_header(self.name, data)
        stored = Stored(self.header, self.records, self.snapshots, self.head, self._dropped(), self.marks)
        return Scan(stored, self.end, self.sum)

    def _take(self, body: bytes) -> None:
        steps = len(self.records)
        if self.header is None:
            self.header = self._read(read_header, body)
        elif body.startswith(STEP_OPENING):
            record, state = self._read(lambda text: read_step(text, steps + 1), body[len(STEP_OPENING) :])
            self.records.append(record)
            self.head = record.n
            if state is not None:
                self.snapshots[record.n] = state
        elif body.startswith(GOTO_OPENING):
            self.head = self._read(lambda text: read_goto(text, steps), body[len(GOTO_OPENING) :])
        elif body.startswith(MARK_OPENING):
            self.marks.append(self._read(lambda text: read_mark(text, steps), body[len(MARK_OPENING) :]))
        else:
            raise self._at_line("a block begins with [[step]], [[goto]] or [[mark]]")

    def _read(self, read: Callable[[bytes], T], body: bytes) -> T:
        try:
            return read(body)
        except UnfitError as why:
            raise self._at_line(f"{self._what()}: {why}") from None
        except tomllib.TOMLDecodeError as error:
            raise self._at_line(f"{self._what()} is not TOML: {str(error)[:200]} of the block") from None

    def _what(self) -> str:
        if self.header is None:
            return "the header"
        steps = len(self.records)
        for opening, what in ((GOTO_OPENING, "move"), (MARK_OPENING, "mark")):
            if self.data.startswith(opening, self.at):
                return f"the {what} after step {steps}"
        return f"step {steps + 1}"

    def _at_line(self, why: str) -> SessionError:
        return SessionError(f"{self.name}, line {self.line}: {why}", KEPT)

    def _dropped(self) -> str:
        tail = self.data[self.end :]
        if not tail:
            return ""
        torn = lost_sectors(tail, self.end) if self.limit < len(self.data) else could_be_torn(tail)
        if not torn:
            raise damage(self.name, tail.removeprefix(b"\n"), self.line, self._what())
        after = f"step {len(self.records)}" if self.records else "the header"
        size = f"{len(tail)} byte{'' if len(tail) == 1 else 's'}"
        return f"line {self.end_line}: {size} of a write that was cut off, after {after}"
