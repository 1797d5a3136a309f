"""Reading a session file: block by block, every sum checked, in bounded time and memory. Never writes, never locks.

What a file says is data: no name in it is looked up or imported here. Every step is read once, to see that it is whole
and says what a step says; what stays of it is where it stands (`session_steps`).
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from fasm_cli.errors import SessionError
from fasm_cli.sessions.block import SUM_LENGTH, read_goto, read_header, read_mark, read_step
from fasm_cli.sessions.byte_source import InMemory, OpenFile, Source
from fasm_cli.sessions.corruption import HEAD, KEPT, could_be_torn, damage, lost_sectors, not_a_session
from fasm_cli.sessions.format import FIRST_WITH_MARKS, GOTO, HEADER_KEYS, MARK, MAX_BLOCK, STEP, chain_checksum
from fasm_cli.sessions.model import Header, Stored
from fasm_cli.sessions.pins import Mark
from fasm_cli.sessions.snapshot_tracker import Line
from fasm_cli.sessions.step_index import FileSteps
from fasm_cli.sessions.toml_values import NotStorable

FIRST = tuple(f"format = {number}\n".encode() for number in HEADER_KEYS)
STEP_OPENING, GOTO_OPENING, MARK_OPENING = STEP.encode(), GOTO.encode(), MARK.encode()
SUM_LINE = re.compile(rb'(?<=\n)sum = "([0-9a-f]{16})"\n\Z')
CHUNK = 1024 * 1024  # bytes fetched at a time
T = TypeVar("T")


@dataclass(slots=True)
class Scan:
    """What was read, and what a writer needs to go on: where the last whole block ends, and its sum."""

    stored: Stored
    end: int
    sum: str
    source: Source
    steps: FileSteps


def read_session(path: Path) -> Stored:
    """The session in `path`, up to its last whole block. Raises `SessionError` with the line and the reason."""
    return scan_file(path).stored


def scan_file(path: Path) -> Scan:
    """As `read_session`, for who wants to go on."""
    return _scan(OpenFile.of(path), str(path))


def scan(data: bytes, name: str) -> Scan:
    """All whole blocks of `data`. Raises `SessionError`."""
    return _scan(InMemory(data), name)


def read_header_of(path: Path) -> Header:
    """The first block alone, whatever is behind it. Raises `SessionError`."""
    return _Scanner(_begun(OpenFile.of(path), str(path)), str(path)).first()


def _scan(source: Source, name: str) -> Scan:
    return _Scanner(_begun(source, name), name).run()


def _begun(source: Source, name: str) -> Source:
    """`source`, which begins as a session does. Raises `SessionError`."""
    head = source.at(0, HEAD)
    if not head.startswith(FIRST):
        cut = head and any(first.startswith(head) for first in FIRST)
        raise (None if cut else not_a_session(name, head)) or _cut_header(name, head)
    return source


def _cut_header(name: str, data: bytes) -> SessionError:
    line = data.count(b"\n") + 1
    return SessionError(f"{name}, line {line}: it is cut off inside its header", KEPT)


class _Scanner:
    def __init__(self, source: Source, name: str) -> None:
        self.source, self.name = source, name
        self.fetched, self.base = b"", 0  # what is there of the source, and where that begins
        self.size = self.limit = source.size  # the text ends at the first NUL, if there is one
        self.at, self.line = 0, 1
        self.end, self.end_line, self.sum = 0, 0, ""
        self.header: Header | None = None
        self.steps = FileSteps(source, name)
        self.way = Line()
        self.head = 0
        self.marks: list[Mark] = []

    def run(self) -> Scan:
        header = self.first()
        while self.at < self.limit and self._block():
            pass
        steps, dropped = self.steps, self._dropped()
        stored = Stored(header, steps, steps.snapshots, self.head, dropped, self.marks, self.way.kept)
        return Scan(stored, self.end, self.sum, self.source, steps)

    def first(self) -> Header:
        """The header, which comes first."""
        self._block()
        if self.header is None:
            data = self.source.at(0, MAX_BLOCK)
            raise not_a_session(self.name, data) or _cut_header(self.name, data)
        return self.header

    def _block(self) -> bool:
        """Take one whole block; false where what comes next is none. Raises `SessionError`."""
        block, ended = self._next()
        found = SUM_LINE.search(block, max(0, len(block) - SUM_LENGTH - 1))
        if found is None and not ended:
            return False
        if found is None or chain_checksum(block[: found.start()], self.sum) != found[1].decode():
            raise damage(self.name, block, self.line, self._what())
        self._take(block, block[: found.start()])
        self.sum = found[1].decode()
        lines = block.count(b"\n")
        self.end, self.end_line = self.at + len(block), self.line + lines
        self.at, self.line = self.end + 1, self.end_line + 1
        return True

    def _next(self) -> tuple[bytes, bool]:
        """The text up to the next empty line or the end, and whether there is such a line."""
        while True:
            local = self.at - self.base
            most = min(self.limit - self.base, local + MAX_BLOCK + 2)
            stop = self.fetched.find(b"\n\n", local, most)
            if stop >= 0 or most <= len(self.fetched):
                break
            self._fetch(local)
        if stop < 0 and self.limit - self.at > MAX_BLOCK:
            raise self._at_line(f"{self._what()} is larger than any block: more than {MAX_BLOCK >> 20} MiB")
        return self.fetched[local : self.limit - self.base if stop < 0 else stop + 1], stop >= 0

    def _fetch(self, local: int) -> None:
        self.fetched, self.base = self.fetched[local:], self.at
        upto = self.base + len(self.fetched)
        more = self.source.at(upto, CHUNK)
        if not more:  # who writes it has cut it since
            self.size = self.limit = upto
        nul = more.find(b"\0")
        if nul >= 0:
            self.limit = min(self.limit, upto + nul)
        self.fetched += more

    def _take(self, block: bytes, body: bytes) -> None:
        steps = len(self.steps)
        if self.header is None:
            self.header = self._read(read_header, body)
        elif body.startswith(STEP_OPENING):
            record, state = self._read(lambda text: read_step(text, steps + 1), body[len(STEP_OPENING) :])
            self.steps.note(record, self.at, len(block), self.sum, snapshot=state is not None)
            self.way.move(record, snapshot=state is not None)
            self.head = record.n
        elif body.startswith(GOTO_OPENING):
            self.head = self._read(lambda text: read_goto(text, steps), body[len(GOTO_OPENING) :])
        elif body.startswith(MARK_OPENING) and self.header.format >= FIRST_WITH_MARKS:
            self.marks.append(self._read(lambda text: read_mark(text, steps), body[len(MARK_OPENING) :]))
        else:
            marks = self.header.format >= FIRST_WITH_MARKS
            raise self._at_line(f"a block begins with [[step]]{', [[goto]] or [[mark]]' if marks else ' or [[goto]]'}")

    def _read(self, read: Callable[[bytes], T], body: bytes) -> T:
        try:
            return read(body)
        except NotStorable as why:
            raise self._at_line(f"{self._what()}: {why}") from None
        except tomllib.TOMLDecodeError as error:
            raise self._at_line(f"{self._what()} is not TOML: {str(error)[:200]} of the block") from None

    def _what(self) -> str:
        if self.header is None:
            return "the header"
        steps = len(self.steps)
        opening = self.source.at(self.at, len(STEP_OPENING))  # they are all of a length
        what = {GOTO_OPENING: "move", MARK_OPENING: "mark"}.get(opening)
        return f"the {what} after step {steps}" if what else f"step {steps + 1}"

    def _at_line(self, why: str) -> SessionError:
        return SessionError(f"{self.name}, line {self.line}: {why}", KEPT)

    def _dropped(self) -> str:
        tail = self.source.at(self.end, min(self.size - self.end, MAX_BLOCK + 1))  # more is no write of ours
        if not tail:
            return ""
        torn = lost_sectors(tail, self.end) if self.limit < self.size else could_be_torn(tail)
        if not torn or self.end + len(tail) < self.size:
            raise damage(self.name, tail.removeprefix(b"\n"), self.line, self._what())
        after = f"step {len(self.steps)}" if self.steps else "the header"
        told = f"{len(tail)} byte{'' if len(tail) == 1 else 's'}"
        return f"line {self.end_line}: {told} of a write that was cut off, after {after}"
