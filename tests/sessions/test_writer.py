"""Appending to a session: success, failures of the disk, locks, and other programs."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.engine.records import Record
from fasm_cli.errors import InternalError, SessionError
from fasm_cli.sessions.files import Disk, make_folder
from fasm_cli.sessions.model import Header, Stored
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile

MakeRecord = Callable[..., Record]


def test_appended_step_is_readable_at_once(tmp_path: Path, header: Header, make_record: MakeRecord) -> None:
    path = tmp_path / "a.toml"
    with SessionFile.create(path, header) as file:
        assert read_session(path) == Stored(header, [], {}, 0)
        for n in range(1, 4):
            file.append(make_record(n), {"n": n} if n == 2 else None)
            assert read_session(path) == file.stored
        file.goto(1)
        file.append(make_record(4, parent=1))
        file.goto(0)
        assert read_session(path) == file.stored
    assert file.stored.head == 0
    assert file.stored.snapshots == {2: {"n": 2}}
    with SessionFile.open(path) as again:
        assert again.stored == file.stored
        again.append(make_record(5, parent=0))
    assert read_session(path).head == 5


def test_goto_the_head_writes_nothing(session: Path) -> None:
    before = session.read_bytes()
    with SessionFile.open(session) as file:
        file.goto(4)
    assert session.read_bytes() == before


def test_create_overwrites_nothing(tmp_path: Path, header: Header) -> None:
    path = tmp_path / "a.toml"
    path.write_text("mine")
    dangling = tmp_path / "b.toml"
    dangling.symlink_to(tmp_path / "nowhere")
    for taken in (path, dangling, tmp_path):
        with pytest.raises(SessionError) as refused:
            SessionFile.create(taken, header)
        assert refused.value.message == f"{taken} exists; nothing is overwritten"
    assert path.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_create_needs_a_directory(tmp_path: Path, header: Header) -> None:
    path = tmp_path / "no" / "a.toml"
    with pytest.raises(SessionError) as refused:
        SessionFile.create(path, header)
    assert refused.value.message == f"cannot create {path}: there is no directory {path.parent}"


def test_create_leaves_only_the_session_and_its_lock(tmp_path: Path, header: Header) -> None:
    SessionFile.create(tmp_path / "a.toml", header).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.toml.lock", "a.toml"]


@pytest.mark.parametrize(("n", "parent"), [(0, 0), (2, 1), (6, 0), (5, 5), (5, -1)])
def test_wrong_step_number_is_an_internal_error(session: Path, make_record: MakeRecord, n: int, parent: int) -> None:
    before = session.read_bytes()
    with SessionFile.open(session) as file, pytest.raises(InternalError):
        file.append(make_record(n, parent=parent))
    with SessionFile.open(session) as file, pytest.raises(InternalError):
        file.goto(5)
    assert session.read_bytes() == before


def test_append_after_close_is_an_internal_error(session: Path, make_record: MakeRecord) -> None:
    file = SessionFile.open(session)
    file.close()
    file.close()
    with pytest.raises(InternalError, match="was closed"):
        file.append(make_record(5))


def test_second_writer_is_refused_and_readers_are_not(session: Path) -> None:
    link = session.with_name("link.toml")
    link.symlink_to(session)
    with SessionFile.open(session):
        for name in (session, link):
            with pytest.raises(SessionError) as refused:
                SessionFile.open(name)
            assert f"is being written by pid {os.getpid()} on " in refused.value.message
            assert refused.value.hint == "close that program first; the file can be read meanwhile"
        assert len(read_session(session).records) == 4
    SessionFile.open(session).close()


def test_released_lock_file_does_not_lock(session: Path) -> None:
    session.with_name(".coffee.toml.lock").write_text("pid 1 on nowhere")
    SessionFile.open(session).close()


def test_link_as_lock_file_is_refused(session: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    lock = session.with_name(".coffee.toml.lock")
    lock.unlink()
    lock.symlink_to(victim)
    with pytest.raises(SessionError, match="is a link, not a lock"):
        SessionFile.open(session)
    assert victim.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are POSIX's")
def test_link_created_while_locking_is_not_followed(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    lock = session.with_name(".coffee.toml.lock")
    lock.unlink()
    lock.symlink_to(victim)
    monkeypatch.setattr(Path, "is_symlink", lambda path: False)
    with pytest.raises(SessionError, match=r"cannot lock .*: Too many levels of symbolic links"):
        SessionFile.open(session)
    assert victim.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in the file system are POSIX's")
def test_pipe_as_lock_file_is_refused(session: Path) -> None:
    lock = session.with_name(".coffee.toml.lock")
    lock.unlink()
    os.mkfifo(lock)
    with pytest.raises(SessionError, match="is not a regular file, not a lock"):
        SessionFile.open(session)


def test_link_changed_during_open_is_refused(session: Path, header: Header) -> None:
    other, link = session.with_name("other.toml"), session.with_name("link.toml")
    SessionFile.create(other, header).close()
    link.symlink_to(session)

    class Turning(Disk):
        def open(self, path: Path) -> int:
            link.unlink()
            link.symlink_to(other)
            return super().open(path)

    before = session.read_bytes(), other.read_bytes()
    with pytest.raises(SessionError, match="was changed or replaced by another program meanwhile"):
        SessionFile.open(link, Turning())
    assert (session.read_bytes(), other.read_bytes()) == before


def test_file_changed_by_another_program_is_not_overwritten(session: Path, make_record: MakeRecord) -> None:
    for change in (_append_a_line, _replace, _remove):
        data = session.read_bytes()
        with SessionFile.open(session) as file:
            change(session)
            with pytest.raises(SessionError) as refused:
                file.append(make_record(5))
        assert refused.value.message == f"step 5 was not written: {session} was changed or replaced by another program"
        session.write_bytes(data)


def _append_a_line(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"# note\n")


def _replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def _remove(path: Path) -> None:
    path.unlink()


class Refusing(Disk):
    """Fails at `operations`; a write first writes `part` bytes."""

    def __init__(self, *operations: str, part: int = 0) -> None:
        self.operations = set(operations)
        self.part = part

    def _may(self, operation: str) -> None:
        if operation in self.operations:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def create(self, path: Path) -> int:
        self._may("create")
        return super().create(path)

    def write(self, fd: int, data: bytes, offset: int) -> int:
        if "write" in self.operations:
            super().write(fd, data[: self.part], offset)
        self._may("write")
        return super().write(fd, data[:100], offset)  # the system may write less than requested

    def truncate(self, fd: int, size: int) -> None:
        self._may("truncate")
        super().truncate(fd, size)

    def sync(self, fd: int) -> None:
        self._may("sync")
        super().sync(fd)

    def sync_directory(self, path: Path) -> None:
        self._may("sync_directory")
        super().sync_directory(path)

    def link(self, source: Path, target: Path) -> None:
        self._may("link")
        super().link(source, target)

    def replace(self, source: Path, target: Path) -> None:
        self._may("replace")
        super().replace(source, target)


def test_full_disk_loses_only_the_step_that_did_not_fit(session: Path, make_record: MakeRecord) -> None:
    disk = Refusing()
    before = session.read_bytes()
    with SessionFile.open(session, disk) as file:
        for part in (0, 1, 60, 100_000):
            disk.operations, disk.part = {"write"}, part
            with pytest.raises(SessionError) as refused:
                file.append(make_record(5))
            assert refused.value.message == f"step 5 was not written to {session}: No space left on device"
            assert refused.value.hint == "every step before it is on disk; it can be tried again"
            assert session.read_bytes() == before
        disk.operations = set()
        file.append(make_record(5))
    assert len(read_session(session).records) == 5


def test_nothing_is_written_after_a_failed_undo(session: Path, make_record: MakeRecord) -> None:
    before = session.read_bytes()
    disk = Refusing("write", "truncate", part=70)
    with SessionFile.open(session, disk) as file:
        with pytest.raises(SessionError) as refused:
            file.append(make_record(5))
        assert refused.value.hint == (
            "every step before it is on disk; open the session again, which removes the incomplete step"
        )
        disk.operations = set()
        with pytest.raises(SessionError, match="an earlier write failed"):
            file.append(make_record(5))
    assert len(session.read_bytes()) == len(before) + 70
    with SessionFile.open(session) as file:
        assert "saved as coffee.toml.torn-1" in file.stored.dropped
        file.append(make_record(5))
    assert len(read_session(session).records) == 5


def test_step_that_was_not_synced_is_not_acknowledged(session: Path, make_record: MakeRecord) -> None:
    before = session.read_bytes()
    disk = Refusing("sync")
    with SessionFile.open(session, disk) as file:
        with pytest.raises(SessionError, match="step 5 was not written"):
            file.append(make_record(5))
        with pytest.raises(SessionError, match="an earlier write failed"):
            file.goto(2)
    assert session.read_bytes() == before


@pytest.mark.parametrize("operation", ["create", "write", "sync", "sync_directory"])
def test_failed_create_leaves_nothing(tmp_path: Path, header: Header, operation: str) -> None:
    path = tmp_path / "a.toml"
    with pytest.raises(SessionError) as refused:
        SessionFile.create(path, header, Refusing(operation, part=10))
    assert refused.value.message == f"cannot create {path}: No space left on device"
    left = [found.name for found in tmp_path.iterdir() if found.name != ".a.toml.lock"]
    assert left == []


def test_new_folders_are_synced(tmp_path: Path) -> None:
    synced: list[Path] = []

    class Noting(Disk):
        def sync_directory(self, path: Path) -> None:
            synced.append(path)

    for _ in range(2):
        make_folder(tmp_path / "a" / "b", Noting())
    assert (tmp_path / "a" / "b").is_dir()
    assert synced == [tmp_path, tmp_path / "a"]


@pytest.mark.skipif(os.name == "nt", reason="Windows flushes no directory")
def test_file_system_without_directory_sync(tmp_path: Path, header: Header, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int, real: Callable[[int], None] = os.fsync) -> Callable[[int], None]:
        def fsync(fd: int) -> None:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                raise OSError(number, os.strerror(number))
            real(fd)

        return fsync

    monkeypatch.setattr(os, "fsync", refuse(errno.EINVAL))
    SessionFile.create(tmp_path / "a.toml", header).close()
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(SessionError, match=r"cannot create .*: Input/output error"):
        SessionFile.create(tmp_path / "b.toml", header)


def test_file_system_without_hard_links(tmp_path: Path, header: Header) -> None:
    path = tmp_path / "a.toml"
    SessionFile.create(path, header, Refusing("link")).close()
    assert read_session(path).header == header


def test_failed_repair_changes_nothing(session: Path) -> None:
    torn = session.read_bytes()[:-5]
    session.write_bytes(torn)
    for operation in ("create", "write", "sync", "truncate"):
        with pytest.raises(SessionError, match=r"cannot open .* for writing: No space left on device"):
            SessionFile.open(session, Refusing(operation))
        assert session.read_bytes() == torn
    SessionFile.open(session).close()


def test_interrupted_append_is_undone(session: Path, make_record: MakeRecord) -> None:
    class Interrupted(Disk):
        def write(self, fd: int, data: bytes, offset: int) -> int:
            super().write(fd, data[:50], offset)
            raise KeyboardInterrupt

    before = session.read_bytes()
    with SessionFile.open(session, Interrupted()) as file:
        with pytest.raises(KeyboardInterrupt):
            file.append(make_record(5))
        file._disk = Disk()
        assert session.read_bytes() == before
        file.append(make_record(5))
    assert len(read_session(session).records) == 5


@contextmanager
def without_rights() -> Iterator[Path]:
    """A directory whose permissions a test may change."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        folder.chmod(0o700)


@contextmanager
def as_nobody() -> Iterator[None]:
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="rights are POSIX's")
def test_read_only_directory(header: Header, session: Path, make_record: MakeRecord) -> None:
    with without_rights() as folder:
        path = folder / "a.toml"
        path.write_bytes(session.read_bytes())
        path.chmod(0o444)
        folder.chmod(0o555)
        with as_nobody():
            assert len(read_session(path).records) == 4
            with pytest.raises(SessionError) as refused:
                SessionFile.open(path)
            assert refused.value.message == f"cannot lock {path} for writing: Permission denied"
            assert refused.value.hint == "reading still works"
            with pytest.raises(SessionError) as refused:
                SessionFile.create(folder / "b.toml", header)
            assert "Permission denied" in refused.value.message
        path.chmod(0o000)
        with as_nobody(), pytest.raises(SessionError) as refused:
            read_session(path)
        assert refused.value.message == f"cannot read {path}: Permission denied"


@pytest.mark.skipif(os.name == "nt", reason="rights are POSIX's")
def test_read_only_file(session: Path) -> None:
    with without_rights() as folder:
        path = folder / "a.toml"
        path.write_bytes(session.read_bytes())
        path.chmod(0o444)
        folder.chmod(0o777)
        with as_nobody(), pytest.raises(SessionError) as refused:
            SessionFile.open(path)
        assert refused.value.message == f"cannot open {path} for writing: Permission denied"


def test_open_session_survives_a_change_of_directory(
    session: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(session.parent)
    with SessionFile.open(Path("coffee.toml")) as file:
        monkeypatch.chdir(tmp_path_factory.mktemp("other"))
        file.append(make_record(5))
    assert len(read_session(session).records) == 5


def test_every_step_costs_the_same(tmp_path: Path, header: Header, make_record: MakeRecord) -> None:
    """Counts bytes and calls; `benchmarks/session.py` measures the time."""
    calls: list[tuple[str, int]] = []

    class Counting(Disk):
        def write(self, fd: int, data: bytes, offset: int) -> int:
            calls.append(("write", len(data)))
            return super().write(fd, data, offset)

        def sync(self, fd: int) -> None:
            calls.append(("sync", 0))

    same: dict[str, Any] = {"digest": "0" * 16}
    with SessionFile.create(tmp_path / "a.toml", header, Counting()) as file:
        for n in range(1, 1000):
            file.append(make_record(n, parent=0, **same))
    steps = [calls[at] for at in range(2, len(calls), 2)]
    assert calls[3::2] == [("sync", 0)] * 999
    assert {size for _, size in steps[100:]} == {178, 179, 180}  # depends on the digits of the points
