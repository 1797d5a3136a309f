"""Writing whole traces, as a simulation does."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.files import Disk
from fasm_cli.sessions.model import ALONE, Header, Mark, MarkKind
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile, write_trace

FINDING = {"law": "atomic", "step": 2, "reason": "the state was changed"}


@pytest.fixture
def found(header: Header) -> Header:
    return replace(header, origin={"seed": 1, "run": 3}, finding=FINDING)


def test_trace_is_written_and_can_be_continued(
    tmp_path: Path, found: Header, make_record: Callable[..., Record]
) -> None:
    path = tmp_path / "t.toml"
    write_trace(path, found, [make_record(1), make_record(2)])
    assert [child.name for child in tmp_path.iterdir()] == ["t.toml"]
    stored = read_session(path)
    assert (stored.header, stored.records, stored.head) == (found, [make_record(1), make_record(2)], 2)
    with SessionFile.open(path) as file:
        file.append(make_record(3))
    assert len(read_session(path).records) == 3


def test_only_a_trace_of_the_same_finding_is_replaced(
    tmp_path: Path, found: Header, make_record: Callable[..., Record]
) -> None:
    path = tmp_path / "t.toml"
    write_trace(path, found, [make_record(1), make_record(2)])
    write_trace(path, replace(found, origin={"seed": 2}), [make_record(1)])
    assert read_session(path).header.origin == {"seed": 2}
    before = path.read_bytes()
    for other, what in (
        (replace(found, machines={ALONE: replace(found.machine, name="tea_shop")}), "a trace of coffee_shop: atomic"),
        (replace(found, finding={**FINDING, "law": "ids"}), "a trace of coffee_shop: atomic"),
        (replace(found, finding=None), "a trace of coffee_shop: atomic"),
    ):
        with pytest.raises(SessionError) as refused:
            write_trace(path, other, [])
        assert refused.value.message == f"{path} exists and is {what}; nothing is overwritten"
    assert path.read_bytes() == before


@pytest.mark.parametrize("how", ["step", "mark", "torn"])
def test_continued_trace_is_not_replaced(
    tmp_path: Path, found: Header, make_record: Callable[..., Record], how: str
) -> None:
    path = tmp_path / "t.toml"
    write_trace(path, found, [make_record(1), make_record(2)])
    with SessionFile.open(path) as file:
        if how == "mark":
            file.mark(Mark(MarkKind.LABEL, "here", 2))
        else:
            file.append(make_record(3))
    if how == "torn":
        path.write_bytes(path.read_bytes()[:-5])
    before = path.read_bytes()
    with pytest.raises(SessionError) as refused:
        write_trace(path, found, [make_record(1)])
    assert refused.value.message == f"{path} exists and was continued; nothing is overwritten"
    assert path.read_bytes() == before


def test_identical_trace_is_not_written_again(
    tmp_path: Path, found: Header, make_record: Callable[..., Record]
) -> None:
    path = tmp_path / "t.toml"
    write_trace(path, found, [make_record(1)])
    before = path.stat()
    write_trace(path, found, [make_record(1)])
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_file_is_not_replaced(tmp_path: Path, found: Header) -> None:
    path = tmp_path / "t.toml"
    path.write_text("mine")
    for taken in (path, tmp_path):
        with pytest.raises(SessionError):
            write_trace(taken, found, [])
    assert path.read_text() == "mine"
    with pytest.raises(SessionError, match="there is no directory"):
        write_trace(tmp_path / "no" / "t.toml", found, [])


def test_open_trace_is_not_replaced(tmp_path: Path, found: Header, make_record: Callable[..., Record]) -> None:
    path = tmp_path / "t.toml"
    write_trace(path, found, [make_record(1)])
    with SessionFile.open(path), pytest.raises(SessionError, match="is being written by"):
        write_trace(path, found, [])
    assert len(read_session(path).records) == 1


def test_full_disk_leaves_the_trace_unchanged(
    tmp_path: Path, found: Header, make_record: Callable[..., Record]
) -> None:
    class Full(Disk):
        def sync(self, fd: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "t.toml"
    with pytest.raises(SessionError) as refused:
        write_trace(path, found, [], Full())
    assert refused.value.message == f"cannot write {path}: No space left on device"
    assert list(tmp_path.iterdir()) == []
    write_trace(path, found, [make_record(1)])
    before = path.read_bytes()
    with pytest.raises(SessionError, match="No space left"):
        write_trace(path, found, [], Full())
    assert path.read_bytes() == before
