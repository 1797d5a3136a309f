"""Sessions are removed with the files left beside them, and nothing else is removed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fasm_cli.errors import SessionError
from fasm_cli.locks import FileLock
from fasm_cli.sessions.model import Header
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile, remove_sessions


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="session")
def dead_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_session_is_removed_with_its_leftovers_only(session: Path, dead_pid: int) -> None:
    folder = session.parent
    new = [f".coffee.toml.{pid}-{k}.new" for k, pid in enumerate((dead_pid, os.getpid()), 1)]
    mine = ["coffee.toml.torn-1", "coffee.toml.torn-12", *sorted(new)]
    others = ["coffee.toml.torn-x", "coffee.tomls", "xcoffee.toml.torn-1", ".coffee.toml.new", ".coffee2.toml.1-1.new"]
    for name in mine + others:
        (folder / name).write_text("x")
    assert remove_sessions([session]) == {session: [folder / name for name in mine]}
    assert names(folder) == sorted(others)


def test_damaged_session_can_be_removed(session: Path) -> None:
    session.write_bytes(session.read_bytes().replace(b"committed", b"comitted"))
    assert remove_sessions([session]) == {session: []}
    assert names(session.parent) == []


@pytest.mark.parametrize("text", [b"", b"hello", b"format = 4\n", b'format = 1\nmachine = "m"\n'])
def test_nothing_is_removed_if_one_is_not_a_session(session: Path, text: bytes) -> None:
    other = session.with_name("other.toml")
    other.write_bytes(text)
    before = names(session.parent)
    with pytest.raises(SessionError, match=r"other\.toml"):
        remove_sessions([session, other])
    with pytest.raises(SessionError, match="no session"):
        remove_sessions([session, session.with_name("no.toml")])
    assert names(session.parent) == before


def test_nothing_is_removed_if_one_is_being_written(session: Path, header: Header) -> None:
    other = session.with_name("other.toml")
    with SessionFile.create(other, header):
        with pytest.raises(SessionError, match="is being written by pid"):
            remove_sessions([session, other])
        assert (session.exists(), other.exists()) == (True, True)
    assert set(remove_sessions([session, other, session, session.parent / "." / "other.toml"])) == {session, other}
    assert names(session.parent) == []


def test_file_replaced_before_the_lock_is_not_removed(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is replaced between the first check and the lock."""
    acquire = FileLock.acquire

    def replacing(lock: FileLock) -> None:
        session.write_text("mine")
        acquire(lock)

    monkeypatch.setattr(FileLock, "acquire", replacing)
    with pytest.raises(SessionError, match="is not TOML"):
        remove_sessions([session])
    assert session.read_text() == "mine"


def test_link_is_not_removed(session: Path) -> None:
    link = session.with_name("link.toml")
    link.symlink_to(session)
    with pytest.raises(SessionError, match=f"is a link to {session}"):
        remove_sessions([link])
    assert (link.is_symlink(), session.exists()) == (True, True)


def test_remove_in_a_read_only_directory_fails(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(SessionError) as error:
        remove_sessions([session])
    assert error.value.message == f"cannot remove {session}: Permission denied"
    monkeypatch.undo()
    SessionFile.open(session).close()  # the lock was released


def test_lock_on_a_removed_lock_file_is_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session is removed and created again between opening and locking the lock file."""
    path = tmp_path / "a.toml"
    first, second, third = FileLock(path), FileLock(path), FileLock(path)
    real, calls = os.open, []

    def slow(file: Path, *arguments: int) -> int:
        fd = real(file, *arguments)
        if not calls:
            calls.append(file)
            first.acquire()
            first.remove()
            second.acquire()
        return fd

    monkeypatch.setattr(os, "open", slow)
    with pytest.raises(SessionError, match="is being written by"):
        third.acquire()
    second.release()
    third.acquire()
    third.release()


def test_create_removes_files_of_killed_processes(tmp_path: Path, header: Header, dead_pid: int) -> None:
    path = tmp_path / "a.toml"
    dead, alive, other = (
        tmp_path / f".{name}" for name in (f"a.toml.{dead_pid}-1.new", "a.toml.1-1.new", f"b.toml.{dead_pid}-1.new")
    )
    for left in (dead, alive, other):
        left.write_text("half a sess")
    SessionFile.create(path, header).close()
    assert names(tmp_path) == sorted([".a.toml.lock", "a.toml", alive.name, other.name])
    assert read_session(path).header == header
