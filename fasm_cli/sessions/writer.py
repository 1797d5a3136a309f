"""Writes session files: appends to one under a lock, writes whole traces and copies, and removes sessions.

When `SessionFile.append` returns, the step is on disk. When it raises, the file still holds every step before it, and
the next open finds them. The lock is held from open to close.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.errors import InternalError, SessionError
from fasm_cli.locks import FileLock
from fasm_cli.sessions.files import (
    Disk,
    OpenFile,
    already_exists_error,
    create_atomically,
    open_regular,
    reason,
    remove_orphans,
    save_torn_tail,
    temporaries,
    torn_files,
    write_all,
    write_temporary,
)
from fasm_cli.sessions.format import (
    MAX_FILE,
    goto_text,
    header_text,
    mark_text,
    render_session,
    step_text,
    with_checksum,
)
from fasm_cli.sessions.model import FORMAT, Header, Mark, Stored
from fasm_cli.sessions.reader import FileSteps, Scan, read_header_of, read_session, scan_file

OTHER_NAME = "give another name, or remove it"


@dataclass(frozen=True, slots=True)
class WritePosition:
    """The end of the last complete block. One value, so that an interrupt never leaves half of a change."""

    end: int
    checksum: str
    steps: int
    head: int


class SessionFile:
    """A session that is open for writing; `stored` is its content. Use it as a context manager, or call `close`."""

    def __init__(
        self, path: Path, lock: FileLock, fd: int, position: WritePosition, stored: Stored, steps: FileSteps, disk: Disk
    ) -> None:
        self.path = path
        self._real = Path(os.path.realpath(path))  # stays the same file if the working directory changes
        self.stored, self._steps = stored, steps
        self._lock, self._fd, self._position, self._disk = lock, fd, position, disk
        self._failed_hint = ""  # set after a failed write that could not be undone
        self._is_open = True

    @classmethod
    def create(cls, path: Path, header: Header, disk: Disk | None = None) -> "SessionFile":
        """Create a session without steps. Raises `SessionError`, also if `path` exists; then nothing was changed."""
        disk = disk or Disk()
        text, checksum = with_checksum(header_text(header), "")
        if os.path.lexists(path):
            raise already_exists_error(path)
        if not path.parent.is_dir():
            raise SessionError(f"cannot create {path}: there is no directory {path.parent}")
        real = Path(os.path.realpath(path))
        lock = FileLock(real)
        lock.acquire()
        with ExitStack() as undo:
            undo.callback(lock.release)
            try:
                remove_orphans(real, disk)
                fd = create_atomically(real, text.encode(), disk)
            except FileExistsError:
                raise already_exists_error(path) from None
            except OSError as error:
                raise SessionError(f"cannot create {path}: {reason(error)}") from None
            undo.pop_all()
        position = WritePosition(len(text.encode()), checksum, 0, 0)
        steps = FileSteps(OpenFile(os.dup(fd), str(path)), str(path))
        return cls(path, lock, fd, position, Stored(header, steps, steps.snapshots, 0), steps, disk)

    @classmethod
    def open(cls, path: Path, disk: Disk | None = None, read: Scan | None = None) -> "SessionFile":
        """Open a session to continue it. An incomplete write at its end is moved into a file beside it.

        `read` is a scan of the file that was made without the lock; the file is scanned again if it was written since.
        Raises `SessionError`, also for a file of an older format, which is never changed.
        """
        disk = disk or Disk()
        os.close(open_regular(path))  # do not create a lock file beside something else
        header = read_header_of(path) if read is None else read.stored.header
        if header.format != FORMAT:
            raise SessionError(
                f"{path} has format {header.format}; only format {FORMAT} can be continued",
                f"`fasm session migrate {quote(str(path))}` writes a new file for it",
            )
        real = Path(os.path.realpath(path))
        lock = FileLock(real)
        lock.acquire()
        fd = None
        try:
            fd = disk.open(real)
            found = read if read is not None and read.source.is_unchanged(fd) else scan_file(path)
            if not found.source.is_unchanged(fd):
                raise SessionError(f"{path} was changed or replaced by another program meanwhile", "open it again")
            tail = found.source.at(found.end, found.source.size - found.end)
            if tail:
                saved = save_torn_tail(real, tail, disk)
                disk.truncate(fd, found.end)
                disk.sync(fd)
                found.stored.dropped += f"; saved as {saved.name}"
        except BaseException as error:
            if fd is not None:
                disk.close(fd)
            lock.release()
            if isinstance(error, OSError):
                why = f"cannot open {path} for writing: {reason(error)}"
                raise SessionError(why, "reading still works") from None
            raise
        stored = found.stored
        position = WritePosition(found.end, found.checksum, len(stored.records), stored.head)
        return cls(path, lock, fd, position, stored, found.steps, disk)

    def append(self, record: Record, state: Any = None) -> None:
        """Append a step, with the plain `state` after it as a snapshot if it is given. The step is on disk on return.

        Raises `SessionError` if it could not be written: the file is as before, and can be appended to again unless
        the hint says otherwise.
        """
        before = self._position
        if record.n != before.steps + 1 or not 0 <= record.parent < record.n:
            raise InternalError(f"step {record.n} from {record.parent} cannot follow step {before.steps}")
        block, checksum = with_checksum(step_text(record, state), before.checksum)
        self._write(block, checksum, f"step {record.n}", steps=record.n, head=record.n)
        size = self._position.end - before.end - 1
        self._steps.add(record, before.end + 1, size, before.checksum, snapshot=state is not None)
        self.stored.head = record.n

    def goto(self, step: int) -> None:
        """Move the head to `step` (0: the initial state); on disk on return. Raises `SessionError`."""
        before = self._position
        if not 0 <= step <= before.steps:
            raise InternalError(f"no step {step}; steps go from 0 to {before.steps}")
        if step == before.head:
            return
        block, checksum = with_checksum(goto_text(step, before.steps), before.checksum)
        self._write(block, checksum, f"the move to step {step}", steps=before.steps, head=step)
        self.stored.head = step

    def mark(self, mark: Mark) -> None:
        """Set or remove a mark; on disk on return. Raises `SessionError`."""
        before = self._position
        block, checksum = with_checksum(mark_text(mark, before.steps), before.checksum)
        self._write(block, checksum, f"the {mark.kind}", steps=before.steps, head=before.head)
        self.stored.marks.append(mark)

    @property
    def steps(self) -> int:
        """The number of steps that are on disk."""
        return self._position.steps

    def close(self) -> None:
        """Close the file and release the lock; no effect if it is closed already."""
        if self._is_open:
            self._is_open = False
            try:
                self._disk.close(self._fd)
            except OSError:
                pass  # every step was synced when it was written
            finally:
                self._lock.release()

    def __enter__(self) -> "SessionFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, block: str, checksum: str, what: str, *, steps: int, head: int) -> None:
        self._check_unchanged(what)
        before, data = self._position, f"\n{block}".encode()
        if before.end + len(data) > MAX_FILE:
            raise SessionError(f"{self.path} is full: the limit is {MAX_FILE >> 20} MiB", "continue in a new session")
        try:
            write_all(self._disk, self._fd, data, before.end)
            self._disk.sync(self._fd)
            self._position = WritePosition(before.end + len(data), checksum, steps, head)
        except BaseException as error:
            if self._position is before:
                self._undo_write()
            if isinstance(error, OSError):
                why = f"{what} was not written to {self.path}: {reason(error)}"
                hint = f"every step before it is on disk; {self._failed_hint or 'it can be tried again'}"
                raise SessionError(why, hint) from None
            raise

    def _check_unchanged(self, what: str) -> None:
        """Raise `SessionError` if another program, which ignores the lock, has changed the file."""
        if not self._is_open:
            raise InternalError(f"{what} comes after {self.path} was closed")
        if self._failed_hint:
            raise SessionError(f"{what} was not written to {self.path}: an earlier write failed", self._failed_hint)
        try:
            ours, now = os.fstat(self._fd), self._real.stat()
            same = (ours.st_dev, ours.st_ino, ours.st_size) == (now.st_dev, now.st_ino, self._position.end)
        except OSError:
            same = False
        if not same:
            why = f"{what} was not written: {self.path} was changed or replaced by another program"
            raise SessionError(why, "open it again")

    def _undo_write(self) -> None:
        try:
            self._disk.truncate(self._fd, self._position.end)
            self._disk.sync(self._fd)
        except OSError:
            self._failed_hint = "open the session again, which removes the incomplete step"


# --- whole files -----------------------------------------------------------------------------------------------------


def write_trace(path: Path, header: Header, records: Sequence[Record], disk: Disk | None = None) -> None:
    """Write a whole trace. A file that exists is replaced only if it is a trace of the same machine and finding that
    nobody has continued. Raises `SessionError`; then nothing was changed."""
    disk = disk or Disk()
    data = render_session(header, records).encode()
    if not path.parent.is_dir():
        raise SessionError(f"cannot write {path}: there is no directory {path.parent}")
    real = Path(os.path.realpath(path))
    try:
        if not os.path.lexists(path):
            try:
                disk.close(create_atomically(real, data, disk))
                return
            except FileExistsError:
                pass
        _replace_trace(path, real, header, data, disk)
    except OSError as error:
        raise SessionError(f"cannot write {path}: {reason(error)}") from None


def _replace_trace(path: Path, real: Path, header: Header, data: bytes, disk: Disk) -> None:
    _check_same_finding(path, read_header_of(path), header)  # before a lock file is made beside something else
    if OpenFile.of(path).at(0, MAX_FILE) == data:
        return
    lock = FileLock(real)
    lock.acquire()
    try:
        existing = read_session(path)  # nobody can change it now
        _check_same_finding(path, existing.header, header)
        last = (existing.header.finding or {}).get("step", 0)
        if len(existing.records) > last or existing.marks or existing.dropped:
            raise SessionError(f"{path} exists and was continued; nothing is overwritten", OTHER_NAME)
        temporary, fd = write_temporary(real, data, disk)
        disk.close(fd)
        disk.replace(temporary, real)
        disk.sync_directory(real.parent)
    finally:
        lock.release()


def _check_same_finding(path: Path, existing: Header, header: Header) -> None:
    names = [machine.name for machine in existing.machines.values()]
    if (names, existing.finding) != ([machine.name for machine in header.machines.values()], header.finding):
        law = (existing.finding or {}).get("law")
        what = f"a trace of {', '.join(names)}: {law}" if law else f"a session of {', '.join(names)}"
        raise SessionError(f"{path} exists and is {what}; nothing is overwritten", OTHER_NAME)


def write_copy(paths: Iterable[Path], text: str, disk: Disk | None = None) -> Path:
    """Write `text`, a whole session, to the first of `paths` that does not exist, and return that path. Raises
    `SessionError`, also if all exist."""
    disk = disk or Disk()
    data = text.encode()
    if len(data) > MAX_FILE:
        raise SessionError(f"the session would be too large: the limit is {MAX_FILE >> 20} MiB")
    for path in paths:
        try:
            disk.close(create_atomically(path, data, disk))
        except FileExistsError:
            continue
        except OSError as error:
            raise SessionError(f"cannot write {path}: {reason(error)}") from None
        return path
    raise already_exists_error(path)


# --- removal ---------------------------------------------------------------------------------------------------------


def remove_sessions(paths: list[Path], disk: Disk | None = None) -> dict[Path, list[Path]]:
    """Remove sessions with the files left beside them, and return these files by session. Raises `SessionError` if one
    of `paths` is a link, not a session, or being written; then nothing was removed.

    A file is a session if its header is complete: the damage behind it may be why it is removed.
    """
    disk = disk or Disk()
    wanted = list({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1]
    for path in wanted:
        _check_removable(path)
    with ExitStack() as stack:
        locks = {path: FileLock(path) for path in wanted}
        for lock in locks.values():
            lock.acquire()
            stack.callback(lock.release)
        for path in wanted:
            _check_removable(path)  # nobody can change it now
        return {path: _remove(path, lock, disk) for path, lock in locks.items()}


def _check_removable(path: Path) -> None:
    if path.is_symlink():
        raise SessionError(f"{path} is a link to {os.path.realpath(path)}", "remove its target, or the link")
    read_header_of(path)


def _remove(path: Path, lock: FileLock, disk: Disk) -> list[Path]:
    try:
        left = [*torn_files(path), *sorted(temporary for temporary, _ in temporaries(path))]
        for each in (path, *left):
            disk.remove(each)
        disk.sync_directory(path.parent)
        lock.remove()
    except OSError as error:
        raise SessionError(f"cannot remove {path}: {reason(error)}") from None
    return left
