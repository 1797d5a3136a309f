"""Lets one process at a time write a session or a database file, with a lock that the system releases if the process
dies.

The lock is taken on a file beside the locked one, which stays when the lock is released and is removed together with
the locked file. A process that opened the lock file before it was removed then holds a lock without effect; `acquire`
notices that and locks the new one.
"""

import os
import socket
import stat
import sys
import time
from pathlib import Path

from fasm_cli.errors import SessionError

# Two packages do the same, and `fasm step` would pay for their imports: 12 ms for filelock 4.2 (logging, hmac,
# secrets), 26 ms for portalocker 4.4 (importlib.metadata).
if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        """Lock a byte far behind the text, so that others can read it. Raises OSError at once if it is locked."""
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(fd: int) -> None:
        """Lock the open file until it is closed. Raises OSError at once if it is locked."""
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
HOLDER_RETRIES, HOLDER_DELAY = 20, 0.005  # seconds; the holder writes its name right after it has locked


class FileLock:
    """The right to write `path`. Readers need none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.with_name(f".{path.name}.lock")
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises `SessionError` that names the holder, as far as known."""
        fd = self._open_and_lock()
        while not self._is_current(fd):
            os.close(fd)
            fd = self._open_and_lock()
        self._fd = fd
        self._write_holder(f"pid {os.getpid()} on {socket.gethostname()}")

    def release(self) -> None:
        """Release the lock; no effect if it is not held."""
        if self._fd is not None:
            self._write_holder("")
            self._close()

    def remove(self) -> None:
        """Release the lock and remove its file, after the locked file was removed. Raises OSError."""
        if sys.platform == "win32":  # an open file cannot be removed there
            self.release()
            self._file.unlink(missing_ok=True)
        else:
            self._file.unlink(missing_ok=True)
            self._close()

    def _open_and_lock(self) -> int:
        if self._file.is_symlink():  # its target would be written
            raise self._not_a_lock("a link")
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | FLAGS, 0o666)
        except OSError as error:
            raise self._cannot_lock(error) from None
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise self._not_a_lock("not a regular file")
        try:
            _lock(fd)
        except (BlockingIOError, PermissionError):
            os.close(fd)
            holder = self._wait_for_holder() or "another process"
            hint = "close that program first; the file can be read meanwhile"
            raise SessionError(f"{self._path} is being written by {holder}", hint) from None
        except OSError as error:
            os.close(fd)
            raise self._cannot_lock(error) from None
        return fd

    def _is_current(self, fd: int) -> bool:
        """Whether the open lock file is the one that other processes find."""
        try:
            return os.path.samestat(os.fstat(fd), self._file.stat())
        except OSError:
            return False

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _not_a_lock(self, what: str) -> SessionError:
        return SessionError(f"{self._file} is {what}, not a lock", "remove it")

    def _cannot_lock(self, error: OSError) -> SessionError:
        return SessionError(f"cannot lock {self._path} for writing: {error.strerror}", "reading still works")

    def _write_holder(self, holder: str) -> None:
        assert self._fd is not None
        try:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            os.write(self._fd, holder.encode())
        except OSError:
            return  # it only improves another process's error message

    def _wait_for_holder(self) -> str:
        for _ in range(HOLDER_RETRIES):
            holder = self._read_holder()
            if holder:
                return holder
            time.sleep(HOLDER_DELAY)
        return ""

    def _read_holder(self) -> str:
        try:
            with self._file.open("rb") as file:
                text = file.read(200).decode("utf-8", "replace")
        except OSError:
            return ""
        return "".join(char for char in text if char.isprintable())
