"""Sessions go with what was left beside them; nothing else goes, and nothing that somebody writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fasm_cli.errors import SessionError
from fasm_cli.locks import FileLock
from fasm_cli.sessions import Header, SessionFile, read_session, remove_sessions


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="session")
def gone() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_session_goes_with_its_leftovers_and_nothing_else_does(session: Path, gone: int) -> None:
    folder = session.parent
    new = [f".coffee.toml.{pid}-{k}.new" for k, pid in enumerate((gone, os.getpid()), 1)]
    mine = ["coffee.toml.torn-1", "coffee.toml.torn-12", *sorted(new)]
    others = ["coffee.toml.torn-x", "coffee.tomls", "xcoffee.toml.torn-1", ".coffee.toml.new", ".coffee2.toml.1-1.new"]
    for name in mine + others:
        (folder / name).write_text("x")
    assert remove_sessions([session]) == {session: [folder / name for name in mine]}
    assert names(folder) == sorted(others)


def test_what_is_wrong_behind_the_header_keeps_nothing(session: Path) -> None:
    session.write_bytes(session.read_bytes().replace(b"committed", b"comitted"))
    assert remove_sessions([session]) == {session: []}
    assert names(session.parent) == []


@pytest.mark.parametrize("text", [b"", b"hello", b"format = 4\n", b'format = 1\nmachine = "m"\n'])
def test_what_is_no_session_stays_and_so_do_the_others(session: Path, text: bytes) -> None:
    other = session.with_name("other.toml")
    other.write_bytes(text)
    before = names(session.parent)
    with pytest.raises(SessionError, match=r"other\.toml"):
        remove_sessions([session, other])
    with pytest.raises(SessionError, match="no session"):
        remove_sessions([session, session.with_name("no.toml")])
    assert names(session.parent) == before


def test_what_is_being_written_stays_and_so_do_the_others(session: Path, header: Header) -> None:
    other = session.with_name("other.toml")
    with SessionFile.create(other, header):
        with pytest.raises(SessionError, match="is being written by pid"):
            remove_sessions([session, other])
        assert (session.exists(), other.exists()) == (True, True)
    assert set(remove_sessions([session, other, session, session.parent / "." / "other.toml"])) == {session, other}
    assert names(session.parent) == []


def test_what_came_in_its_place_stays(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the first look at the file and the lock."""
    acquire = FileLock.acquire

    def replacing(lock: FileLock) -> None:
        session.write_text("mine")
        acquire(lock)

    monkeypatch.setattr(FileLock, "acquire", replacing)
    with pytest.raises(SessionError, match="is not TOML"):
        remove_sessions([session])
    assert session.read_text() == "mine"


def test_a_link_stays(session: Path) -> None:
    link = session.with_name("link.toml")
    link.symlink_to(session)
    with pytest.raises(SessionError, match=f"is a link to {session}"):
        remove_sessions([link])
    assert (link.is_symlink(), session.exists()) == (True, True)


def test_a_directory_that_may_not_be_changed(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(SessionError) as error:
        remove_sessions([session])
    assert error.value.message == f"cannot remove {session}: Permission denied"
    monkeypatch.undo()
    SessionFile.open(session).close()  # the lock was given back


def test_who_waits_with_a_removed_lock_takes_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its opening of the lock file and the locking, the session was removed and made again."""
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


def test_the_next_creation_takes_away_what_a_killed_one_left(tmp_path: Path, header: Header, gone: int) -> None:
    path = tmp_path / "a.toml"
    dead, alive, other = (
        tmp_path / f".{name}" for name in (f"a.toml.{gone}-1.new", "a.toml.1-1.new", f"b.toml.{gone}-1.new")
    )
    for left in (dead, alive, other):
        left.write_text("half a sess")
    SessionFile.create(path, header).close()
    assert names(tmp_path) == sorted([".a.toml.lock", "a.toml", alive.name, other.name])
    assert read_session(path).header == header
