"""Writing a whole trace or session at once: what a simulation found, or what another file was made into."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.atomic_file import already_exists_error, create_atomically, write_temporary
from fasm_cli.sessions.byte_source import OpenFile, reason
from fasm_cli.sessions.disk import Disk
from fasm_cli.sessions.format import MAX_FILE, render_session
from fasm_cli.sessions.lock import WriterLock
from fasm_cli.sessions.model import Header
from fasm_cli.sessions.reader import read_header_of, read_session

ELSEWHERE = "give another name, or remove it"


def write_trace(path: Path, header: Header, records: Sequence[Record], disk: Disk | None = None) -> None:
    """Write a whole trace. A file that is there is replaced only if it is of the same machine and finding, and nobody
    has gone on with it.

    Raises `SessionError`; then nothing is changed.
    """
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


def write_copy(paths: Iterable[Path], text: str, disk: Disk | None = None) -> Path:
    """Write `text`, a whole session, into the first of `paths` that is free; gives that path. Raises `SessionError`,
    also where none is."""
    disk = disk or Disk()
    data = text.encode()
    if len(data) > MAX_FILE:
        raise SessionError(f"it would be larger than any session: more than {MAX_FILE >> 20} MiB")
    for path in paths:
        try:
            disk.close(create_atomically(path, data, disk))
        except FileExistsError:
            continue
        except OSError as error:
            raise SessionError(f"cannot write {path}: {reason(error)}") from None
        return path
    raise already_exists_error(path)


def _replace_trace(path: Path, real: Path, header: Header, data: bytes, disk: Disk) -> None:
    _check_same(path, read_header_of(path), header)  # before a lock file is made for what is no trace
    if OpenFile.of(path).at(0, MAX_FILE) == data:
        return
    lock = WriterLock(real)
    lock.acquire()
    try:
        there = read_session(path)  # nobody can change it any more
        _check_same(path, there.header, header)
        if len(there.records) > (there.header.finding or {}).get("step", 0) or there.marks or there.dropped:
            raise SessionError(f"{path} exists and was gone on with; nothing is overwritten", ELSEWHERE)
        temporary, fd = write_temporary(real, data, disk)
        disk.close(fd)
        disk.replace(temporary, real)
        disk.sync_directory(real.parent)
    finally:
        lock.release()


def _check_same(path: Path, there: Header, header: Header) -> None:
    """Raises `SessionError` where the trace that is `there` is not one of the same machine and finding."""
    if (there.machine, there.finding) != (header.machine, header.finding):
        law = (there.finding or {}).get("law")
        what = f"a trace of {there.machine}: {law}" if law else f"a session of {there.machine}"
        raise SessionError(f"{path} exists and is {what}; nothing is overwritten", ELSEWHERE)
