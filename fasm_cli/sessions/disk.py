"""The file operations a writer uses, in one place, so that a test can let any of them fail, tear or be forgotten."""

import errno
import os
from pathlib import Path


class Disk:
    """The real one. Every method raises OSError where the system refuses."""

    def create(self, path: Path) -> int:
        """A new file to write; it must not exist."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _COMMON, 0o666)

    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | _COMMON)

    def close(self, fd: int) -> None:
        os.close(fd)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        """How many bytes were written, perhaps not all."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def sync(self, fd: int) -> None:
        """Everything written to `fd` is on the disk when this returns."""
        _sync(fd)

    def sync_directory(self, path: Path) -> None:
        """The names in the directory `path` are on the disk; Windows has no such thing, and needs none."""
        if os.name == "nt":
            return
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EBADF):  # some network file systems have no such thing either
                raise
        finally:
            os.close(fd)

    def link(self, source: Path, target: Path) -> None:
        """Give the file a second name. Raises FileExistsError and overwrites nothing."""
        os.link(source, target)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)


_COMMON = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def _sync(fd: int) -> None:
    try:
        import fcntl

        full = fcntl.F_FULLFSYNC  # type: ignore[attr-defined, unused-ignore]
    except (ImportError, AttributeError):
        os.fsync(fd)
        return
    try:
        fcntl.fcntl(fd, full)  # on macOS fsync leaves the data in the drive's cache
    except OSError:
        os.fsync(fd)
