"""Disks that fail, tear or lose writes at every operation in the life of a session.

`Cutting` works on real files and knows what a power cut would leave of them: what was synced for certain, of what was
not any subset of its sectors, and of a name that was made in a directory which was not synced perhaps nothing.
"""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.files import Disk
from fasm_cli.sessions.model import Header
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile

SECTOR = 512


class Unsynced(Disk):
    """For operations after the fault: the files of a test need not survive, and syncing is slow."""

    def sync(self, fd: int) -> None:
        pass

    def sync_directory(self, path: Path) -> None:
        pass


class PowerCut(Exception):
    """Ends the process: no repair or cleanup happens after it."""


class Cutting(Disk):
    """Cuts the power at operation number `at`."""

    def __init__(self, at: int) -> None:
        self.at, self.done = at, 0
        self.synced: dict[int, bytes] = {}  # by inode
        self.names: dict[Path, int] = {}  # that are certainly on disk

    def _count(self) -> None:
        self.done += 1
        if self.done > self.at:
            raise PowerCut

    def create(self, path: Path) -> int:
        self._count()
        fd = super().create(path)
        self.synced[os.fstat(fd).st_ino] = b""
        return fd

    def write(self, fd: int, data: bytes, offset: int) -> int:
        if self.done + 1 == self.at + 1:
            super().write(fd, data, offset)  # it was in progress
        self._count()
        return super().write(fd, data, offset)

    def truncate(self, fd: int, size: int) -> None:
        self._count()
        super().truncate(fd, size)

    def sync(self, fd: int) -> None:
        self._count()
        os.lseek(fd, 0, os.SEEK_SET)
        self.synced[os.fstat(fd).st_ino] = os.read(fd, 10_000_000)

    def sync_directory(self, path: Path) -> None:
        self._count()
        self.names = {child: child.stat().st_ino for child in path.iterdir()}

    def link(self, source: Path, target: Path) -> None:
        self._count()
        super().link(source, target)

    def replace(self, source: Path, target: Path) -> None:
        self._count()
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        self._count()
        super().remove(path)

    def left(self, path: Path) -> Iterator[bytes | None]:
        """The possible contents of `path` after a restart; None if the name may not exist."""
        now = path.stat().st_ino if path.exists() else None
        if self.names.get(path) != now:
            was = self.names.get(path)
            yield None if was is None else self.synced[was]
        if now is not None:
            yield from blends(self.synced[now], path.read_bytes())


def blends(old: bytes, new: bytes) -> Iterator[bytes]:
    """Every mixture of the two by sectors; data that was not written reads as zeros."""
    yield from {old, new, new[: (len(old) + len(new)) // 2] if len(new) > len(old) else new}
    size = max(len(old), len(new))
    sectors = [at for at in range(0, size, SECTOR) if old[at : at + SECTOR] != new[at : at + SECTOR]]
    for chosen in itertools.product((False, True), repeat=min(len(sectors), 5)):
        mixed = bytearray(old.ljust(size, b"\0"))
        for at, take in zip(sectors, chosen, strict=False):
            if take:
                mixed[at : at + SECTOR] = new[at : at + SECTOR].ljust(min(SECTOR, size - at), b"\0")
        yield bytes(mixed)


def live(path: Path, header: Header, steps: list[Record], disk: Disk) -> Iterator[int]:
    """Create a session, append half of the steps, open it again and append the rest. Yields the number of acknowledged
    steps."""
    half = len(steps) // 2
    with SessionFile.create(path, header, disk) as file:
        yield 0
        for record in steps[:half]:
            file.append(record, {"n": record.n} if record.n % 7 == 0 else None)
            yield record.n
    with SessionFile.open(path, disk) as file:
        for record in steps[half:]:
            file.append(record)
            yield record.n


@pytest.fixture
def steps(make_record: Callable[..., Record]) -> list[Record]:
    """Fifty steps; some are longer than a sector, so that they tear in several ways."""
    return [make_record(n, changed_paths=["x" * 700] if n % 5 == 0 else []) for n in range(1, 51)]


def test_power_failure_at_any_operation_loses_no_acknowledged_step(
    tmp_path: Path, header: Header, steps: list[Record]
) -> None:
    last = make_next(steps)
    for at in itertools.count():
        folder = tmp_path / str(at)
        folder.mkdir()
        path = folder / "a.toml"
        disk = Cutting(at)
        acknowledged = -1
        try:
            for step in live(path, header, steps, disk):
                acknowledged = step
        except PowerCut:
            pass
        else:
            assert at == disk.done
            assert at > 100
            break
        for image in set(disk.left(path)):
            check(path, image, acknowledged, steps, last)


def make_next(steps: list[Record]) -> Record:
    return Record(0, 0, steps[0].event, "committed", digest="next")


def check(path: Path, image: bytes | None, acknowledged: int, steps: list[Record], last: Record) -> None:
    """Every acknowledged step is there and at most one more, and the session can be continued."""
    if image is None:
        assert acknowledged < 0
        return
    path.unlink(missing_ok=True)
    path.write_bytes(image)
    found = read_session(path).records
    assert len(found) in (acknowledged, acknowledged + 1)
    assert found == steps[: len(found)]
    last.n, last.parent = len(found) + 1, len(found)
    with SessionFile.open(path, Unsynced()) as file:
        file.append(last)
    assert read_session(path).records == [*found, last]
    for aside in path.parent.glob("*.torn-*"):
        aside.unlink()


def test_power_failure_during_a_repair(session: Path) -> None:
    torn = session.read_bytes()[:-40]
    records = read_session(session).records[:3]
    session.write_bytes(torn)
    end = torn.rindex(b"\n\n") + 1
    for at in itertools.count():
        session.write_bytes(torn)
        disk = Cutting(at)
        disk.synced[session.stat().st_ino] = torn
        disk.names[session] = session.stat().st_ino
        try:
            SessionFile.open(session, disk).close()
        except PowerCut:
            pass
        else:
            assert at == 6  # create, write, sync, sync the directory, truncate, sync
            break
        kept = [aside.read_bytes() for aside in disk.names if aside.suffix == ".torn-1"]
        for image in set(disk.left(session)):
            assert image is not None
            session.write_bytes(image)
            assert read_session(session).records == records
            assert image == torn or kept == [torn[end:]]
        for aside in session.parent.glob("*.torn-*"):
            aside.unlink()


class Failing(Disk):
    """Operation number `at` fails after a part of its work; all later ones fail too if `permanently`."""

    def __init__(self, at: int, part: float, *, permanently: bool) -> None:
        self.at, self.part, self.permanently, self.done = at, part, permanently, 0
        self.repaired = False

    def _may(self) -> None:
        self.done += 1
        if not self.repaired and (self.done == self.at or (self.permanently and self.done > self.at)):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def create(self, path: Path) -> int:
        self._may()
        return super().create(path)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        try:
            self._may()
        except OSError:
            super().write(fd, data[: int(len(data) * self.part)], offset)
            raise
        return super().write(fd, data, offset)

    def truncate(self, fd: int, size: int) -> None:
        self._may()
        super().truncate(fd, size)

    def sync(self, fd: int) -> None:
        self._may()  # the files of a test need not survive

    def sync_directory(self, path: Path) -> None:
        self._may()

    def link(self, source: Path, target: Path) -> None:
        self._may()
        super().link(source, target)

    def replace(self, source: Path, target: Path) -> None:
        self._may()
        super().replace(source, target)

    def remove(self, path: Path) -> None:
        self._may()
        super().remove(path)


@pytest.mark.parametrize("permanently", [False, True])
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_failure_of_any_operation_loses_no_acknowledged_step(
    tmp_path: Path, header: Header, steps: list[Record], part: float, permanently: bool
) -> None:
    last = make_next(steps)
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        path = folder / "a.toml"
        disk = Failing(at, part, permanently=permanently)
        acknowledged = -1
        try:
            for step in live(path, header, steps, disk):
                acknowledged = step
        except SessionError as failed:
            said = failed.message
            assert "Input/output error" in said
        else:
            if disk.done < at:
                assert at > 100
                break
            assert acknowledged == 50  # a failure without consequence
        image = path.read_bytes() if path.exists() else None
        if image is not None and acknowledged < 0:
            assert permanently  # it was created, but perhaps not on disk, and could not be removed
            continue
        check(path, image, acknowledged, steps, last)


def test_failed_append_can_be_repeated(tmp_path: Path, header: Header, steps: list[Record]) -> None:
    for at in range(1, 40):
        path = tmp_path / f"{at}.toml"
        disk = Failing(10_000, 0.5, permanently=False)
        with SessionFile.create(path, header, disk) as file:
            disk.at = disk.done + at
            for record in steps[:12]:
                try:
                    file.append(record)
                except SessionError as failed:
                    hint = failed.hint
                    assert hint == "every step before it is on disk; it can be tried again"
                    file.append(record)
        assert read_session(path).records == steps[:12]
