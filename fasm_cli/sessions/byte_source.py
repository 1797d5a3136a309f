"""Bytes to read a session from: those of an open file, fetched as they are needed, or some in memory."""

import os
import stat
import sys
import weakref
from pathlib import Path
from typing import Protocol

from fasm_cli.errors import SessionError
from fasm_cli.sessions.format import MAX_FILE


class Source(Protocol):
    """`size` bytes; more may be added behind them, and none of them changes."""

    size: int

    def at(self, offset: int, size: int) -> bytes:
        """The bytes from `offset`, fewer where there are no more. Raises `SessionError`."""
        ...

    def is_still(self, fd: int) -> bool:
        """Whether the open file `fd` is this one, and nothing was written to it since."""
        ...


class InMemory:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def at(self, offset: int, size: int) -> bytes:
        return self._data[offset : offset + size]

    def is_still(self, fd: int) -> bool:
        return False


class OpenFile:
    """A file that stays open, and so the same one whatever becomes of its name, until nobody needs it."""

    def __init__(self, fd: int, name: str) -> None:
        self._fd, self._name = fd, name
        weakref.finalize(self, os.close, fd)
        self._stamp = _stamp(fd)
        self.size = self._stamp[-1]

    @classmethod
    def of(cls, path: Path) -> "OpenFile":
        """Raises `SessionError`, also for a file that is larger than any session."""
        file = cls(open_regular(path), str(path))
        if file.size > MAX_FILE:
            raise SessionError(f"{path} is larger than any session: more than {MAX_FILE >> 20} MiB")
        return file

    def at(self, offset: int, size: int) -> bytes:
        try:
            return _read(self._fd, size, offset)
        except OSError as error:
            raise SessionError(f"cannot read {self._name}: {reason(error)}") from None

    def is_still(self, fd: int) -> bool:
        return _stamp(fd) == self._stamp


def _stamp(fd: int) -> tuple[int, int, int, int]:
    found = os.fstat(fd)
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


if sys.platform == "win32":

    def _read(fd: int, size: int, offset: int) -> bytes:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, size)
else:

    def _read(fd: int, size: int, offset: int) -> bytes:
        return os.pread(fd, size, offset)


def open_regular(path: Path) -> int:
    """A descriptor to read the regular file `path`; never waits for a pipe. Raises `SessionError`."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        fd = os.open(path, flags)
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
