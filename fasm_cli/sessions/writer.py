"""Writing a session file: one writer, which only adds.

What `append` promises when it returns is that the step is on the disk; what it promises when it raises is that the
file holds every step before and that the next open finds them. The lock is held from open to close.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Any

from fasm_cli.engine.records import Record
from fasm_cli.errors import InternalError, SessionError
from fasm_cli.sessions.atomic_file import (
    already_exists_error,
    create_atomically,
    remove_orphans,
    save_torn_tail,
    write_all,
)
from fasm_cli.sessions.byte_source import OpenFile, open_regular, reason
from fasm_cli.sessions.disk import Disk
from fasm_cli.sessions.format import (
    FIRST_WITH_MARKS,
    MAX_FILE,
    goto_text,
    header_text,
    mark_text,
    step_text,
    with_checksum,
)
from fasm_cli.sessions.lock import WriterLock
from fasm_cli.sessions.model import Header, Stored
from fasm_cli.sessions.pins import Mark
from fasm_cli.sessions.reader import Scan, scan_file
from fasm_cli.sessions.step_index import FileSteps


@dataclass(frozen=True, slots=True)
class WritePosition:
    """Where the file ends, for certain. One value, so that an interrupt never finds half of a change."""

    end: int
    sum: str
    steps: int
    head: int


class SessionFile:
    """A session that is open for writing; `stored` is what it holds. Use it as a context manager, or `close` it."""

    def __init__(
        self, path: Path, lock: WriterLock, fd: int, tip: WritePosition, stored: Stored, steps: FileSteps, disk: Disk
    ) -> None:
        self.path = path
        self._real = Path(os.path.realpath(path))  # still the same file when the working directory changes
        self.stored, self._steps = stored, steps
        self._lock, self._fd, self._tip, self._disk = lock, fd, tip, disk
        self._write_failed_hint = ""
        self._open = True

    @classmethod
    def create(cls, path: Path, header: Header, disk: Disk | None = None) -> "SessionFile":
        """A new session without a step. Raises `SessionError`, also where `path` exists; then nothing is changed."""
        disk = disk or Disk()
        text, own = with_checksum(header_text(header), "")
        if os.path.lexists(path):
            raise already_exists_error(path)
        if not path.parent.is_dir():
            raise SessionError(f"cannot create {path}: there is no directory {path.parent}")
        real = Path(os.path.realpath(path))
        lock = WriterLock(real)
        lock.acquire()
        try:
            remove_orphans(real, disk)
            fd = create_atomically(real, text.encode(), disk)
        except FileExistsError:
            lock.release()
            raise already_exists_error(path) from None
        except OSError as error:
            lock.release()
            raise SessionError(f"cannot create {path}: {reason(error)}") from None
        except BaseException:
            lock.release()
            raise
        tip = WritePosition(len(text.encode()), own, 0, 0)
        steps = FileSteps(OpenFile(os.dup(fd), str(path)), str(path))
        return cls(path, lock, fd, tip, Stored(header, steps, steps.snapshots, 0), steps, disk)

    @classmethod
    def open(cls, path: Path, disk: Disk | None = None, read: Scan | None = None) -> "SessionFile":
        """Go on with a session. A write that was cut off is moved into a file beside it. Raises `SessionError`.

        `read` is what was read of it already, before there was a lock; it is read again where it was written since.
        """
        disk = disk or Disk()
        os.close(open_regular(path))  # before a lock file is made for something that is no session
        real = Path(os.path.realpath(path))
        lock = WriterLock(real)
        lock.acquire()
        fd = None
        try:
            fd = disk.open(real)
            found = read if read is not None and read.source.is_still(fd) else scan_file(path)
            if not found.source.is_still(fd):
                raise SessionError(f"{path} was changed or replaced by another program meanwhile", "open it again")
            tail = found.source.at(found.end, found.source.size - found.end)
            if tail:
                aside = save_torn_tail(real, tail, disk)
                disk.truncate(fd, found.end)
                disk.sync(fd)
                found.stored.dropped += f"; it is kept in {aside.name}"
        except BaseException as error:
            if fd is not None:
                disk.close(fd)
            lock.release()
            if isinstance(error, OSError):
                why = f"cannot open {path} for writing: {reason(error)}"
                raise SessionError(why, "reading still works") from None
            raise
        stored = found.stored
        tip = WritePosition(found.end, found.sum, len(stored.records), stored.head)
        return cls(path, lock, fd, tip, stored, found.steps, disk)

    def append(self, record: Record, state: Any = None) -> None:
        """Add a step, with a snapshot of the plain `state` after it where given. It is on the disk on return.

        Raises `SessionError` where it could not be written: the file is as it was, and can be appended to again
        unless the message says otherwise.
        """
        tip = self._tip
        if record.n != tip.steps + 1 or not 0 <= record.parent < record.n:
            raise InternalError(f"step {record.n} from {record.parent} cannot follow step {tip.steps}")
        block, own = with_checksum(step_text(record, state), tip.sum)
        self._write(block, own, f"step {record.n}", steps=record.n, head=record.n)
        self._steps.note(record, tip.end + 1, self._tip.end - tip.end - 1, tip.sum, snapshot=state is not None)
        self.stored.head = record.n

    def goto(self, step: int) -> None:
        """Move the head to `step` (0 is the initial state), on the disk on return. Raises `SessionError`."""
        tip = self._tip
        if not 0 <= step <= tip.steps:
            raise InternalError(f"there is no step {step} to go to, only 0 to {tip.steps}")
        if step == tip.head:
            return
        block, own = with_checksum(goto_text(step, tip.steps), tip.sum)
        self._write(block, own, f"the move to step {step}", steps=tip.steps, head=step)
        self.stored.head = step

    def mark(self, mark: Mark) -> None:
        """Pin something, or take it off, on the disk on return. Raises `SessionError`."""
        header, tip = self.stored.header, self._tip
        if header.format < FIRST_WITH_MARKS:
            why = f"{self.path} is format {header.format}, which has no place for a {mark.kind}"
            raise SessionError(why, f"`fasm session migrate {quote(str(self.path))}` makes a new file of it")
        block, own = with_checksum(mark_text(mark, tip.steps), tip.sum)
        self._write(block, own, f"the {mark.kind}", steps=tip.steps, head=tip.head)
        self.stored.marks.append(mark)

    @property
    def steps(self) -> int:
        """How many are on the disk for certain."""
        return self._tip.steps

    def close(self) -> None:
        """Let others write. A second time does nothing."""
        if self._open:
            self._open = False
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

    def _write(self, block: str, own: str, what: str, *, steps: int, head: int) -> None:
        self._check(what)
        tip, data = self._tip, f"\n{block}".encode()
        if tip.end + len(data) > MAX_FILE:
            raise SessionError(f"{self.path} is full: {MAX_FILE >> 20} MiB is the most", "go on in a new session")
        try:
            write_all(self._disk, self._fd, data, tip.end)
            self._disk.sync(self._fd)
            self._tip = WritePosition(tip.end + len(data), own, steps, head)
        except BaseException as error:
            if self._tip is tip:
                self._undo()
            if isinstance(error, OSError):
                why = f"{what} was not written to {self.path}: {reason(error)}"
                how = f"every step before it is there; {self._write_failed_hint or 'it can be tried again'}"
                raise SessionError(why, how) from None
            raise

    def _check(self, what: str) -> None:
        """Raises `SessionError` where another program, which knows no lock, has had its hands on the file."""
        if not self._open:
            raise InternalError(f"{what} comes after {self.path} was closed")
        if self._write_failed_hint:
            raise SessionError(
                f"{what} was not written to {self.path}: an earlier write failed", self._write_failed_hint
            )
        try:
            ours, now = os.fstat(self._fd), self._real.stat()
            same = (ours.st_dev, ours.st_ino, ours.st_size) == (now.st_dev, now.st_ino, self._tip.end)
        except OSError:
            same = False
        if not same:
            why = f"{what} was not written: {self.path} was changed or replaced by another program"
            raise SessionError(why, "open it again")

    def _undo(self) -> None:
        try:
            self._disk.truncate(self._fd, self._tip.end)
            self._disk.sync(self._fd)
        except OSError:
            self._write_failed_hint = "open the session again to go on: it will be cut to its last whole step"
