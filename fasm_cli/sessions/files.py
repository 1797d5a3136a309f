"""File operations of sessions: reading, writing through a `Disk`, and creating files atomically.

Tests replace `Disk` by one that fails, tears or loses writes at any operation.
"""

import errno
import os
import re
import stat
import sys
import weakref
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from fasm_cli.errors import SessionError
from fasm_cli.sessions.format import MAX_FILE

_temporary_numbers = count(1)  # with the process id, these make the names of temporary files unique


# --- reading -------------------------------------------------------------------------------------------------------


class OpenFile:
    """`size` bytes of a session in an open file; bytes may be appended, but none changes. The file stays open, whatever
    happens to its name, until the object is garbage collected."""

    def __init__(self, fd: int, name: str) -> None:
        self._fd, self._name = fd, name
        weakref.finalize(self, os.close, fd)
        self._identity = _identity(fd)
        self.size = self._identity[-1]

    @classmethod
    def of(cls, path: Path) -> "OpenFile":
        """Open `path`. Raises `SessionError`, also if the file is larger than any session."""
        file = cls(open_regular(path), str(path))
        if file.size > MAX_FILE:
            raise SessionError(f"{path} is too large: a session has at most {MAX_FILE >> 20} MiB")
        return file

    def at(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`, fewer at the end. Raises `SessionError`."""
        try:
            return _read(self._fd, size, offset)
        except OSError as error:
            raise SessionError(f"cannot read {self._name}: {reason(error)}") from None

    def is_unchanged(self, fd: int) -> bool:
        """Whether the open file `fd` is this one and was not written since."""
        return _identity(fd) == self._identity


def _identity(fd: int) -> tuple[int, int, int, int]:
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
    """A descriptor to read the regular file `path`. Does not wait for a pipe. Raises `SessionError`."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        fd = os.open(path, flags)
    except FileNotFoundError:
        raise SessionError(f"no session {path}", "`fasm session list` lists the sessions") from None
    except (OSError, ValueError) as error:
        raise SessionError(f"cannot read {path}: {reason(error)}") from None
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    raise SessionError(f"{path} is {'a directory' if stat.S_ISDIR(mode) else 'not a regular file'}, not a session")


def reason(error: Exception) -> str:
    """The operating system's description of the error."""
    return getattr(error, "strerror", None) or str(error)


# --- writing -------------------------------------------------------------------------------------------------------


class Disk:
    """The operations on the real disk. Every method raises OSError if the system refuses."""

    def create(self, path: Path) -> int:
        """Create a file that does not exist yet and open it for writing."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN_FLAGS, 0o666)

    def open(self, path: Path) -> int:
        """Open a file for writing."""
        return os.open(path, os.O_RDWR | _OPEN_FLAGS)

    def close(self, fd: int) -> None:
        """Close a file."""
        os.close(fd)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        """Write and return the number of bytes written, which may be less than all."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)

    def truncate(self, fd: int, size: int) -> None:
        """Cut the file to `size` bytes."""
        os.ftruncate(fd, size)

    def sync(self, fd: int) -> None:
        """Wait until everything written to `fd` is on disk."""
        _sync(fd)

    def sync_directory(self, path: Path) -> None:
        """Wait until the names in the directory `path` are on disk. Windows needs no such call and has none."""
        if os.name == "nt":
            return
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EBADF):  # some network file systems do not support it
                raise
        finally:
            os.close(fd)

    def link(self, source: Path, target: Path) -> None:
        """Give the file a second name. Raises FileExistsError and overwrites nothing."""
        os.link(source, target)

    def replace(self, source: Path, target: Path) -> None:
        """Rename the file; a file that has the name already is replaced."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove the file if it exists."""
        path.unlink(missing_ok=True)


_OPEN_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def _sync(fd: int) -> None:
    try:
        import fcntl

        full_sync = fcntl.F_FULLFSYNC  # type: ignore[attr-defined, unused-ignore]
    except (ImportError, AttributeError):
        os.fsync(fd)
        return
    try:
        fcntl.fcntl(fd, full_sync)  # on macOS, fsync leaves the data in the drive's cache
    except OSError:
        os.fsync(fd)


def write_all(disk: Disk, fd: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`. Raises OSError."""
    while data:
        written = disk.write(fd, data, offset)
        data, offset = data[written:], offset + written


def discard(path: Path, disk: Disk) -> None:
    """Remove a file while another error is handled, which says more than a failure to remove."""
    try:
        disk.remove(path)
    except OSError:
        return


def make_folder(path: Path, disk: Disk | None = None) -> None:
    """Create the folder `path` and its parents, on disk on return. Raises OSError."""
    disk = disk or Disk()
    missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in reversed(missing):
        disk.sync_directory(folder.parent)


# --- files that exist completely or not at all, even after a power failure -------------------------------------------


def create_atomically(path: Path, data: bytes, disk: Disk) -> int:
    """Create a file with this content and leave it open for writing. Raises OSError, also if `path` exists."""
    temporary, fd = write_temporary(path, data, disk)
    created = False
    try:
        try:
            disk.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(path):
                raise FileExistsError from None
            disk.replace(temporary, path)
        created = True
        disk.remove(temporary)
        disk.sync_directory(path.parent)
    except BaseException:
        disk.close(fd)
        discard(temporary, disk)
        if created:
            discard(path, disk)  # a second attempt must not fail because the file exists
        raise
    return fd


def write_temporary(path: Path, data: bytes, disk: Disk) -> tuple[Path, int]:
    """Write `data`, synced, to a temporary file beside `path`. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(_temporary_numbers)}.new")
    disk.remove(temporary)
    fd = disk.create(temporary)
    try:
        write_all(disk, fd, data, 0)
        disk.sync(fd)
    except BaseException:
        disk.close(fd)
        discard(temporary, disk)
        raise
    return temporary, fd


def temporaries(path: Path) -> Iterator[tuple[Path, int]]:
    """The temporary files of unfinished creations of `path`, with the id of the process that made each."""
    name = re.compile(rf"\.{re.escape(path.name)}\.([0-9]{{1,9}})-[0-9]+\.new")
    for other in path.parent.iterdir():
        found = name.fullmatch(other.name)
        if found:
            yield other, int(found[1])


def remove_orphans(path: Path, disk: Disk) -> None:
    """Remove the temporary files of processes that no longer run. The caller must hold the lock of `path`."""
    for temporary, pid in list(temporaries(path)):
        if not _may_run(pid):
            discard(temporary, disk)


def _may_run(pid: int) -> bool:
    if sys.platform == "win32":  # os.kill would terminate it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def torn_files(path: Path) -> list[Path]:
    """The files beside `path` into which incomplete writes were moved."""
    name = re.compile(rf"{re.escape(path.name)}\.torn-[0-9]+")
    return sorted(other for other in path.parent.iterdir() if name.fullmatch(other.name))


def save_torn_tail(path: Path, tail: bytes, disk: Disk) -> Path:
    """Write `tail` to a new file beside `path`, synced, and return its path. Raises OSError."""
    for number in count(1):
        target = path.with_name(f"{path.name}.torn-{number}")
        try:
            fd = disk.create(target)
        except FileExistsError:
            continue
        try:
            write_all(disk, fd, tail, 0)
            disk.sync(fd)
        finally:
            disk.close(fd)
        disk.sync_directory(path.parent)
        return target
    raise AssertionError("count() does not end")


def already_exists_error(path: Path) -> SessionError:
    """The error for a new file whose name is in use."""
    return SessionError(f"{path} exists; nothing is overwritten", "give another name, or continue that session")
