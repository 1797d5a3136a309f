"""Who may write a session: one process at a time, by a lock that the system takes back when that process dies.

The lock file stays behind: removing it while another process has it open would let two of them in.
"""

import os
import socket
from pathlib import Path
from typing import Any

from fasm_cli.core.errors import SessionError


class WriterLock:
    """The right to write `path`; readers need none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.with_name(f".{path.name}.lock")
        self._lock: Any = None

    def acquire(self) -> None:
        """Raises `SessionError`, naming the holder as far as known."""
        from filelock import FileLock, Timeout  # only those who write pay for it

        said = self._holder()
        try:
            if self._file.is_symlink():
                raise SessionError(f"{self._file} is a link, not a lock", "remove it")
            lock = FileLock(self._file, thread_local=False)
            lock.acquire(timeout=0)
        except Timeout:
            holder = self._holder() or said or "another process"
            how = "close that one first; reading is never blocked"
            raise SessionError(f"{self._path} is being written by {holder}", how) from None
        except (OSError, NotImplementedError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise SessionError(f"cannot lock {self._path} for writing: {why}", "reading still works") from None
        self._lock = lock
        self._say(f"pid {os.getpid()} on {socket.gethostname()}")

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        if self._lock is not None:
            self._say("")
            self._lock.release()
            self._lock = None

    def _say(self, holder: str) -> None:
        try:
            self._file.write_text(holder, "utf-8")
        except OSError:
            return  # it only makes another's message better

    def _holder(self) -> str:
        try:
            with self._file.open("rb") as file:
                text = file.read(200).decode("utf-8", "replace")
        except OSError:
            return ""
        return "".join(char for char in text if char.isprintable())
