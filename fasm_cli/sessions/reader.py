"""Reads a session file block by block, verifies every checksum, and bounds time and memory. Never writes or locks.

The content of a file is data: no name in it is looked up or imported here. Every step is read once, to verify it; what
stays in memory of it is its position, 24 bytes, and `FileSteps` reads it again when it is needed.
"""

import re
import tomllib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.corruption import HEAD, NOT_MODIFIED, could_be_torn, damage, has_lost_sectors, not_a_session
from fasm_cli.sessions.files import OpenFile
from fasm_cli.sessions.format import (
    BLOCKS,
    GOTO,
    GOTO_KEYS,
    HEADER_KEYS,
    MACHINE_KEYS,
    MARK,
    MAX_BLOCK,
    OLD_STEP_KEYS,
    REQUIRED_STEP_KEYS,
    STEP,
    STEP_KEYS,
    chain_checksum,
    present_header,
    present_mark,
    present_step,
)
from fasm_cli.sessions.journal import StateTracker, StepSequence
from fasm_cli.sessions.model import ALONE, FORMAT, Header, MachineEntry, Mark, MarkKind, Stored
from fasm_cli.sessions.toml_values import NotStorable, from_toml, read_lines
from fasm_cli.types.description import is_description

FIRST_LINES = tuple(f"format = {number}\n".encode() for number in HEADER_KEYS)
FORMAT_LINE = re.compile(rb"format = ([0-9]{1,9})\n")
MACHINE_LINE = re.compile(rb"^\[\[machine\]\]\n", re.MULTILINE)
SUM_LINE = re.compile(rb'(?<=\n)sum = "([0-9a-f]{16})"\n\Z')
SUM_LENGTH = len(b'sum = "0123456789abcdef"\n')
OPTIONAL_STEP_KEYS = frozenset((*STEP_KEYS, *OLD_STEP_KEYS)) - {*REQUIRED_STEP_KEYS}
CHUNK = 1024 * 1024  # bytes read at a time
MAX_CACHED = 512  # records
KEY_TYPES: dict[str, type] = {  # in every block; other keys may have any value
    **dict.fromkeys(("version", "n", "parent", "step", "after"), int),
    **dict.fromkeys(("machine", "name", "fingerprint", "at", "cause", "kind", "outcome", "error", "digest"), str),
    **dict.fromkeys(("violated", "broken"), str),
    **dict.fromkeys(("actions", "changed", "unrestored", "missing"), list),
    **dict.fromkeys(("origin", "finding", "event"), dict),
}
TYPE_NAMES = {str: "a string", int: "an integer", dict: "a table", list: "a list"}
T = TypeVar("T")


# --- the values of one block -----------------------------------------------------------------------------------------


def parse_values(body: bytes, keys: tuple[str, ...], optional: Collection[str] = ()) -> dict[str, Any]:
    """The plain values of a block without its first line and its checksum. Raises `NotStorable` or
    `tomllib.TOMLDecodeError`, like all functions that read a block."""
    found = read_lines(body)
    unknown = [key for key in found if key not in keys]
    if unknown:
        raise NotStorable(f"unknown key `{unknown[0]}`; known keys: {', '.join(keys)}")
    missing = [key for key in keys if key not in found and key not in optional]
    if missing:
        raise NotStorable(f"`{missing[0]}` is missing")
    values = {key: from_toml(value) for key, value in found.items()}
    for key, value in values.items():
        expected = KEY_TYPES.get(key)
        if expected is not None and type(value) is not expected:
            raise NotStorable(f"`{key}` is {str(value)[:40]!r}, not {TYPE_NAMES[expected]}")
    return values


def read_header(body: bytes) -> Header:
    """The header of a known format."""
    first = FORMAT_LINE.match(body)
    assert first is not None, "the scanner has checked the first line"
    number = int(first[1])
    if number < FORMAT:
        values = parse_values(body, HEADER_KEYS[number], ("finding",))
        _check_description(values)
        return present_header(values)
    head, *sections = MACHINE_LINE.split(body)
    values = parse_values(head, HEADER_KEYS[number], ("finding",))
    if len(sections) != 1:
        raise NotStorable(f"it has {len(sections)} [[machine]] tables; this fasm opens sessions of one machine")
    return Header({ALONE: _read_machine(sections[0])}, values["origin"], values.get("finding"), number)


def _read_machine(body: bytes) -> MachineEntry:
    values = parse_values(body, MACHINE_KEYS, ("at",))
    _check_description(values)
    if values.get("at", ALONE) != ALONE:
        raise NotStorable("its machine belongs to a system; this fasm opens sessions of a machine that is alone")
    return MachineEntry(values["name"], values["version"], values["types"], values["state"])


def read_step(body: bytes, n: int, number: int) -> tuple[Record, Any]:
    """The record, which must be step `n`, in a file of format `number`, and its snapshot or None."""
    values = parse_values(body, BLOCKS[number][STEP], OPTIONAL_STEP_KEYS)
    if values["n"] != n:
        raise NotStorable(f"`n` is {values['n']}; the next step is {n}")
    if not 0 <= values["parent"] < n:
        raise NotStorable(f"`parent` is {values['parent']}; expected an earlier step, 0 to {n - 1}")
    for key, kind, name in (("actions", dict, "tables"), ("changed", str, "strings")):
        if any(type(item) is not kind for item in values.get(key, ())):
            raise NotStorable(f"`{key}` is not a list of {name}")
    if number < FORMAT:
        values = present_step(values)
    get = values.get  # positional arguments: building a record by keywords makes reading 3 % slower
    return Record(
        values["n"],
        values["parent"],
        values["event"],
        values["outcome"],
        get("error", ""),
        get("actions", []),
        get("changed", []),
        get("unrestored", []),
        get("violated", ""),
        values["digest"],
        get("at", ""),
        get("cause", ""),
    ), get("state")


def read_goto(body: bytes, steps: int) -> int:
    """The step to which the head was moved when the file had `steps` steps."""
    values = parse_values(body, GOTO_KEYS)
    _check_position(values, steps)
    return int(values["step"])


def read_mark(body: bytes, steps: int, number: int) -> Mark:
    """The mark that was set or removed when the file, of format `number`, had `steps` steps."""
    values = parse_values(body, BLOCKS[number][MARK], ("removed", "gone"))
    if values["kind"] not in list(MarkKind):
        raise NotStorable(f"`kind` is {values['kind'][:40]!r}; known kinds: {', '.join(MarkKind)}")
    for key in ("removed", "gone"):
        if values.get(key, True) is not True:
            raise NotStorable(f"`{key}` must be true or omitted")
    _check_position(values, steps)
    if number < FORMAT:
        values = present_mark(values)
    return Mark(MarkKind(values["kind"]), values["name"], values["step"], removed="removed" in values)


def _check_description(values: dict[str, Any]) -> None:
    if "types" in values and not is_description(values["types"]):
        raise NotStorable("`types` does not describe types: each is a table of a name and `is`, `fields` or `members`")


def _check_position(values: dict[str, Any], steps: int) -> None:
    if values["after"] != steps:
        raise NotStorable(f"`after` is {values['after']}; the number of steps before it is {steps}")
    if not 0 <= values["step"] <= steps:
        raise NotStorable(f"`step` is {values['step']}; steps go from 0 to {steps}")


# --- steps that are read when they are needed ------------------------------------------------------------------------


class FileSteps(StepSequence):
    """The steps of `source`, called `name` in messages; the records that were used last are cached."""

    def __init__(self, source: OpenFile, name: str) -> None:
        super().__init__()
        self.format = FORMAT
        self._source, self._name = source, name
        self._offsets, self._sizes = array("Q"), array("I")
        self._previous = array("Q")  # the checksum of the block before it
        self._cache: OrderedDict[int, Record] = OrderedDict()
        self.snapshots = Snapshots(self)

    def add(self, record: Record, offset: int, size: int, previous: str, *, snapshot: bool) -> None:
        """Add the position of the next step: `size` bytes at `offset`, after a block with the checksum `previous`."""
        self.parents.append(record.parent)
        self._offsets.append(offset)
        self._sizes.append(size)
        self._previous.append(int(previous, 16))
        if record.violated_law:
            self.violated_laws[record.n] = record.violated_law
        if snapshot:
            self.snapshots.numbers.append(record.n)

    def read(self, n: int) -> tuple[Record, Any]:
        """Step `n` and its snapshot or None. Raises `SessionError` if the file was changed."""
        block = self._source.at(self._offsets[n - 1], self._sizes[n - 1])
        body, end = block[:-SUM_LENGTH], block[-SUM_LENGTH:]
        if end != f'sum = "{chain_checksum(body, f"{self._previous[n - 1]:016x}")}"\n'.encode():
            raise self._changed(n)
        try:
            return read_step(body[len(STEP) :], n, self.format)
        except (NotStorable, tomllib.TOMLDecodeError):
            raise self._changed(n) from None

    def _changed(self, n: int) -> SessionError:
        return SessionError(f"{self._name}: step {n} was changed while the file was open", "open it again")

    def _fetch(self, at: int) -> Record:
        cache = self._cache
        if at in cache:
            cache.move_to_end(at)
            return cache[at]
        record, _ = self.read(at + 1)
        cache[at] = record
        if len(cache) > MAX_CACHED:
            cache.popitem(last=False)
        return record


class Snapshots(Mapping[int, Any]):
    """The plain states that a file holds, by step number; read when they are needed."""

    def __init__(self, steps: FileSteps) -> None:
        self._steps = steps
        self.numbers = array("I")

    def __getitem__(self, n: int) -> Any:
        if n not in self:
            raise KeyError(n)
        return self._steps.read(n)[1]

    def __contains__(self, n: object) -> bool:
        return n in self.numbers

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


# --- the file --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Scan:
    """The content of a file, and what a writer needs to continue it: the end of the last complete block and its
    checksum."""

    stored: Stored
    end: int
    checksum: str
    source: OpenFile
    steps: FileSteps


def read_session(path: Path) -> Stored:
    """The session in `path`, up to its last complete block. Raises `SessionError` with the line and the reason."""
    return scan_file(path).stored


def scan_file(path: Path) -> Scan:
    """The session in `path`, for a writer. Raises `SessionError`."""
    return Scanner(OpenFile.of(path), str(path)).run()


def read_header_of(path: Path) -> Header:
    """The header alone, whatever follows it. Raises `SessionError`."""
    return Scanner(OpenFile.of(path), str(path)).read_first()


class Scanner:
    """Reads the blocks of `source` in order. Raises `SessionError` if it does not begin like a session."""

    def __init__(self, source: OpenFile, name: str) -> None:
        head = source.at(0, HEAD)
        if not head.startswith(FIRST_LINES):
            incomplete = head and any(first.startswith(head) for first in FIRST_LINES)
            raise (None if incomplete else not_a_session(name, head)) or _incomplete_header(name, head)
        self.source, self.name = source, name
        self.fetched, self.base = b"", 0  # the bytes in memory, and their offset
        self.size = self.limit = source.size  # the text ends at the first NUL, if there is one
        self.at, self.line = 0, 1
        self.end, self.end_line, self.checksum = 0, 0, ""
        self.header: Header | None = None
        self.steps = FileSteps(source, name)
        self.tracker = StateTracker()
        self.head = 0
        self.marks: list[Mark] = []

    def run(self) -> Scan:
        header = self.read_first()
        while self.at < self.limit and self._read_block():
            pass
        steps, dropped = self.steps, self._dropped()
        stored = Stored(header, steps, steps.snapshots, self.head, dropped, self.marks, self.tracker.kept)
        return Scan(stored, self.end, self.checksum, self.source, steps)

    def read_first(self) -> Header:
        """Read the header."""
        self._read_block()
        if self.header is None:
            data = self.source.at(0, MAX_BLOCK)
            raise not_a_session(self.name, data) or _incomplete_header(self.name, data)
        return self.header

    def _read_block(self) -> bool:
        """Read one complete block. Returns False if the next one is incomplete."""
        block, ended = self._next()
        found = SUM_LINE.search(block, max(0, len(block) - SUM_LENGTH - 1))
        if found is None and not ended:
            return False
        if found is None or chain_checksum(block[: found.start()], self.checksum) != found[1].decode():
            raise damage(self.name, block, self.line, self._what())
        self._add(block, block[: found.start()])
        self.checksum = found[1].decode()
        lines = block.count(b"\n")
        self.end, self.end_line = self.at + len(block), self.line + lines
        self.at, self.line = self.end + 1, self.end_line + 1
        return True

    def _next(self) -> tuple[bytes, bool]:
        """The text up to the next empty line or the end, and whether there is an empty line."""
        while True:
            local = self.at - self.base
            limit = min(self.limit - self.base, local + MAX_BLOCK + 2)
            stop = self.fetched.find(b"\n\n", local, limit)
            if stop >= 0 or limit <= len(self.fetched):
                break
            self._fetch(local)
        if stop < 0 and self.limit - self.at > MAX_BLOCK:
            raise self._error(f"{self._what()} is too large: a block has at most {MAX_BLOCK >> 20} MiB")
        return self.fetched[local : self.limit - self.base if stop < 0 else stop + 1], stop >= 0

    def _fetch(self, local: int) -> None:
        self.fetched, self.base = self.fetched[local:], self.at
        end = self.base + len(self.fetched)
        more = self.source.at(end, CHUNK)
        if not more:  # the writer has cut off an incomplete block in the meantime
            self.size = self.limit = end
        nul = more.find(b"\0")
        if nul >= 0:
            self.limit = min(self.limit, end + nul)
        self.fetched += more

    def _add(self, block: bytes, body: bytes) -> None:
        """Add the content of a block whose checksum is correct."""
        if self.header is None:
            self.header = self._parse(read_header, body)
            self.steps.format = self.header.format
            return
        steps, number = len(self.steps), self.header.format
        opening = body[: body.find(b"\n") + 1].decode("utf-8", "replace")
        openings = BLOCKS[number]
        if opening not in openings:
            known = " or ".join(each.strip() for each in openings)
            raise self._error(f"a block begins with {known}")
        rest = body[len(opening) :]
        if opening == STEP:
            record, state = self._parse(lambda text: read_step(text, steps + 1, number), rest)
            if record.at not in self.header.machines:
                raise self._error(f"{self._what()}: `at` is {record.at[:40]!r}, and the machine is alone")
            self.steps.add(record, self.at, len(block), self.checksum, snapshot=state is not None)
            self.tracker.add(record, snapshot=state is not None)
            self.head = record.n
        elif opening == GOTO:
            self.head = self._parse(lambda text: read_goto(text, steps), rest)
        else:
            self.marks.append(self._parse(lambda text: read_mark(text, steps, number), rest))

    def _parse(self, read: Callable[[bytes], T], body: bytes) -> T:
        try:
            return read(body)
        except NotStorable as error:
            raise self._error(f"{self._what()}: {error}") from None
        except tomllib.TOMLDecodeError as error:
            raise self._error(f"{self._what()} is not TOML: {str(error)[:200]} of the block") from None

    def _what(self) -> str:
        """What the next block is, for messages."""
        if self.header is None:
            return "the header"
        steps = len(self.steps)
        opening = self.source.at(self.at, len(STEP)).decode("utf-8", "replace")  # all first lines have this length
        what = {GOTO: "move", MARK: "mark"}.get(opening)
        return f"the {what} after step {steps}" if what else f"step {steps + 1}"

    def _error(self, why: str) -> SessionError:
        return SessionError(f"{self.name}, line {self.line}: {why}", NOT_MODIFIED)

    def _dropped(self) -> str:
        """Describe an incomplete block at the end, "" if there is none. Raises `SessionError` if it is something
        else."""
        assert self.header is not None
        tail = self.source.at(self.end, min(self.size - self.end, MAX_BLOCK + 1))  # no write is longer
        if not tail:
            return ""
        lost = self.limit < self.size
        torn = has_lost_sectors(tail, self.end) if lost else could_be_torn(tail, BLOCKS[self.header.format])
        if not torn or self.end + len(tail) < self.size:
            raise damage(self.name, tail.removeprefix(b"\n"), self.line, self._what())
        after = f"step {len(self.steps)}" if self.steps else "the header"
        size = f"{len(tail)} byte{'' if len(tail) == 1 else 's'}"
        return f"line {self.end_line}: dropped {size} of an incomplete write after {after}"


def _incomplete_header(name: str, data: bytes) -> SessionError:
    line = data.count(b"\n") + 1
    return SessionError(f"{name}, line {line}: the file ends inside its header", NOT_MODIFIED)
