"""Files that are there whole or not at all, whenever the power goes."""

import os
import re
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from fasm_cli.errors import SessionError
from fasm_cli.sessions.disk import Disk

TEMPORARY = count(1)  # with the process id, a name of its own for each temporary file


def create_atomically(path: Path, data: bytes, disk: Disk) -> int:
    """A new file that is there whole or not at all, open for writing. Raises OSError, also where `path` exists."""
    temporary, fd = write_temporary(path, data, disk)
    placed = False
    try:
        try:
            disk.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(path):
                raise FileExistsError from None
            disk.replace(temporary, path)
        placed = True
        disk.remove(temporary)
        disk.sync_directory(path.parent)
    except BaseException:
        disk.close(fd)
        discard(temporary, disk)
        if placed:
            discard(path, disk)  # whoever tries again must not be told that it exists
        raise
    return fd


def make_folder(path: Path, disk: Disk | None = None) -> None:
    """The folder `path`, with those above it: where it had to be made, it is on the disk on return. Raises OSError."""
    disk = disk or Disk()
    missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in reversed(missing):
        disk.sync_directory(folder.parent)


def write_temporary(path: Path, data: bytes, disk: Disk) -> tuple[Path, int]:
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(TEMPORARY)}.new")
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
    """What a creation of `path` that never ended left behind, and the id of the process that made it."""
    name = re.compile(rf"\.{re.escape(path.name)}\.([0-9]{{1,9}})-[0-9]+\.new")
    for other in path.parent.iterdir():
        found = name.fullmatch(other.name)
        if found:
            yield other, int(found[1])


def remove_orphans(path: Path, disk: Disk) -> None:
    """Take away what creations of `path` by processes that are gone have left; for who holds its lock."""
    for temporary, pid in list(temporaries(path)):
        if not _runs(pid):
            discard(temporary, disk)


def _runs(pid: int) -> bool:
    """Whether there may be such a process."""
    if sys.platform == "win32":  # asking would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def already_exists_error(path: Path) -> SessionError:
    return SessionError(f"{path} exists; nothing is overwritten", "give another name, or go on with that one")


def write_all(disk: Disk, fd: int, data: bytes, offset: int) -> None:
    while data:
        written = disk.write(fd, data, offset)
        data, offset = data[written:], offset + written


def discard(path: Path, disk: Disk) -> None:
    try:
        disk.remove(path)
    except OSError:
        return  # the error that led here says more


def torn_files(path: Path) -> list[Path]:
    """The ends of writes that were cut off, kept beside `path`."""
    name = re.compile(rf"{re.escape(path.name)}\.torn-[0-9]+")
    return sorted(other for other in path.parent.iterdir() if name.fullmatch(other.name))


def save_torn_tail(path: Path, tail: bytes, disk: Disk) -> Path:
    """Put `tail` into a new file next to `path`; an earlier one is never overwritten."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.torn-{number}")
        try:
            fd = disk.create(aside)
        except FileExistsError:
            continue
        try:
            write_all(disk, fd, tail, 0)
            disk.sync(fd)
        finally:
            disk.close(fd)
        disk.sync_directory(path.parent)
        return aside
    raise AssertionError("count ends")
