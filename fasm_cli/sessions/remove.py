"""Taking sessions away, with everything that was left beside them; and nothing that is no session."""

import os
from contextlib import ExitStack
from pathlib import Path

from fasm_cli.errors import SessionError
from fasm_cli.sessions.atomic_file import temporaries, torn_files
from fasm_cli.sessions.byte_source import reason
from fasm_cli.sessions.disk import Disk
from fasm_cli.sessions.lock import WriterLock
from fasm_cli.sessions.reader import read_header_of


def remove_sessions(paths: list[Path], disk: Disk | None = None) -> dict[Path, list[Path]]:
    """Remove the files at `paths`; gives the leftovers that went with each. Raises `SessionError`: where one is a link,
    no session or being written, nothing is removed at all.

    A file is a session where its header is whole: what is wrong behind it may be why it is removed.
    """
    disk = disk or Disk()
    wanted = list({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1]
    for path in wanted:
        _check(path)
    with ExitStack() as stack:
        locks = {path: WriterLock(path) for path in wanted}
        for lock in locks.values():
            lock.acquire()
            stack.callback(lock.release)
        for path in wanted:
            _check(path)  # nobody can change it any more
        return {path: _remove(path, lock, disk) for path, lock in locks.items()}


def _check(path: Path) -> None:
    if path.is_symlink():
        raise SessionError(f"{path} is a link to {os.path.realpath(path)}", "remove the one it leads to, or the link")
    read_header_of(path)


def _remove(path: Path, lock: WriterLock, disk: Disk) -> list[Path]:
    try:
        left = [*torn_files(path), *sorted(temporary for temporary, _ in temporaries(path))]
        for each in (path, *left):
            disk.remove(each)
        disk.sync_directory(path.parent)
        lock.remove()
    except OSError as error:
        raise SessionError(f"cannot remove {path}: {reason(error)}") from None
    return left
