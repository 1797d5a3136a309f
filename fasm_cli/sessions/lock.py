"""Who may write a session: one process at a time, by a lock that the system takes back when that process dies.

The lock file stays behind when it is released. It goes with its session (`remove`); whoever had it open at that moment
holds a lock that locks nothing, sees that, and takes the one that is there now.
"""

import os
import socket
import stat
import sys
import time
from pathlib import Path

from fasm_cli.errors import SessionError

# Two well-kept packages do the same, and `fasm step` would pay for what they import: 12 ms for filelock 4.2 (logging,
# hmac, secrets), 26 ms for portalocker 4.4 (importlib.metadata). A lock of the system is all that is needed of them.
if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int) -> None:
        """Lock the open file, or raise at once; a byte far behind the text, which others may go on reading."""
        os.lseek(fd, 1 << 20, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(fd: int) -> None:
        """Lock the open file, or raise at once; closing it gives the lock back."""
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class WriterLock:
    """The right to write `path`; readers need none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.with_name(f".{path.name}.lock")
        self._fd: int | None = None

    def acquire(self) -> None:
        """Raises `SessionError`, naming the holder as far as known."""
        fd = self._take()
        while not self._is_there(fd):
            os.close(fd)
            fd = self._take()
        self._fd = fd
        self._say(f"pid {os.getpid()} on {socket.gethostname()}")

    def _take(self) -> int:
        if self._file.is_symlink():  # what it leads to would be written
            raise self._no_lock("a link")
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | FLAGS, 0o666)
        except OSError as error:
            raise self._refused(error) from None
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise self._no_lock("no regular file")
        try:
            _lock(fd)
        except (BlockingIOError, PermissionError):
            os.close(fd)
            holder = self._holder_soon() or "another process"
            how = "close that one first; reading is never blocked"
            raise SessionError(f"{self._path} is being written by {holder}", how) from None
        except OSError as error:
            os.close(fd)
            raise self._refused(error) from None
        return fd

    def _is_there(self, fd: int) -> bool:
        """Whether the lock file that `fd` is open on is still the one that others will find."""
        try:
            return os.path.samestat(os.fstat(fd), self._file.stat())
        except OSError:
            return False

    def remove(self) -> None:
        """Give it back and take its file away, with the session that it locked. Raises OSError."""
        if sys.platform == "win32":  # an open file cannot be removed there
            self.release()
            self._file.unlink(missing_ok=True)
        else:
            self._file.unlink(missing_ok=True)
            self._close()

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        if self._fd is not None:
            self._say("")
            self._close()

    def _close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _no_lock(self, what: str) -> SessionError:
        return SessionError(f"{self._file} is {what}, not a lock", "remove it")

    def _refused(self, error: OSError) -> SessionError:
        return SessionError(f"cannot lock {self._path} for writing: {error.strerror}", "reading still works")

    def _say(self, holder: str) -> None:
        assert self._fd is not None
        try:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            os.write(self._fd, holder.encode())
        except OSError:
            return  # it only makes another's message better

    def _holder_soon(self) -> str:
        """The holder writes its name right after it has the lock."""
        for _ in range(20):
            holder = self._holder()
            if holder:
                return holder
            time.sleep(0.005)
        return ""

    def _holder(self) -> str:
        try:
            with self._file.open("rb") as file:
                text = file.read(200).decode("utf-8", "replace")
        except OSError:
            return ""
        return "".join(char for char in text if char.isprintable())
