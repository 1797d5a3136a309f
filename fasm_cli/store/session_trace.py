"""Writing a whole file at once: what a simulation found, or a session that is to be kept."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasm_cli.core.errors import SessionError
from fasm_cli.core.marks import Mark
from fasm_cli.core.record import Record
from fasm_cli.store.lock import WriterLock
from fasm_cli.store.session_disk import Disk
from fasm_cli.store.session_model import Header
from fasm_cli.store.session_reader import load, read_session, reason
from fasm_cli.store.session_text import render_session
from fasm_cli.store.session_whole import place, write_temporary


def write_session(
    path: Path,
    header: Header,
    records: Sequence[Record],
    snapshots: Mapping[int, Any],
    head: int,
    marks: Sequence[Mark],
) -> None:
    """Write a whole session under a new name. Raises `SessionError`, also where `path` exists."""
    disk = Disk()
    data = render_session(header, records, snapshots, head, marks).encode()
    try:
        disk.close(place(Path(os.path.realpath(path)), data, disk))
    except FileExistsError:
        raise SessionError(
            f"{path} exists; nothing is overwritten", "give another name, or go on with that one"
        ) from None
    except OSError as error:
        raise SessionError(f"cannot write {path}: {reason(error)}") from None


def write_trace(path: Path, header: Header, records: Sequence[Record], disk: Disk | None = None) -> None:
    """Write a whole trace. A file that is there is replaced only if it is of the same machine and finding.

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
                disk.close(place(real, data, disk))
                return
            except FileExistsError:
                pass
        _replace_trace(path, real, header, data, disk)
    except OSError as error:
        raise SessionError(f"cannot write {path}: {reason(error)}") from None


def _replace_trace(path: Path, real: Path, header: Header, data: bytes, disk: Disk) -> None:
    old = read_session(path).header
    if (old.machine, old.finding) != (header.machine, header.finding):
        law = (old.finding or {}).get("law")
        what = f"a trace of {old.machine}: {law}" if law else f"a session of {old.machine}"
        raise SessionError(f"{path} exists and is {what}; nothing is overwritten", "give another name, or remove it")
    if load(path) == data:
        return
    lock = WriterLock(real)
    lock.acquire()
    try:
        temporary, fd = write_temporary(real, data, disk)
        disk.close(fd)
        disk.replace(temporary, real)
        disk.sync_directory(real.parent)
    finally:
        lock.release()
