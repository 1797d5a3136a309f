"""Incomplete files open at their last complete block, changed files are refused, and a reader modifies neither."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from memory_file import scan

from fasm_cli.errors import SessionError
from fasm_cli.sessions.corruption import has_lost_sectors
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile


def steps_until(data: bytes) -> int:
    return data.count(b"[[step]]\n")


def test_file_cut_at_any_byte_opens_at_its_last_complete_block(session: Path) -> None:
    data = session.read_bytes()
    whole = [at + 1 for at in range(len(data)) if data.startswith(b"\n\n", at)] + [len(data)]
    for cut in range(len(data)):
        text = data[:cut]
        last = max((end for end in whole if end <= cut), default=0)
        if last == 0:
            with pytest.raises(SessionError) as refused:
                scan(text, "x")
            line = text.count(b"\n") + 1
            said = f"x, line {line}: the file ends inside its header" if text else "x is empty, not a session"
            assert refused.value.message == said
            continue
        found = scan(text, "x")
        assert found.end == last, cut
        assert len(found.stored.records) == steps_until(data[:last])
        assert bool(found.stored.dropped) == (cut > last)


def test_dropped_bytes_are_reported(session: Path) -> None:
    data = session.read_bytes()
    session.write_bytes(data[:-1])
    stored = read_session(session)
    assert stored.dropped == "line 53: dropped 163 bytes of an incomplete write after step 3"
    assert stored.head == 1
    assert session.read_bytes() == data[:-1]


def damaged(data: bytes, at: int, byte: int) -> bytes:
    return data[:at] + bytes([byte]) + data[at + 1 :]


def test_change_of_any_byte_is_refused(session: Path, slow: bool) -> None:
    data = session.read_bytes()
    for at, old in enumerate(data):
        new = set(range(256)) if slow else {old ^ 1, old ^ 0x80, 10, 32, 35, 34, 0}
        for byte in new - {old}:
            text = damaged(data, at, byte)
            with pytest.raises(SessionError) as refused:
                scan(text, "x")
            assert "line" in refused.value.message or at < len("format = 1\n"), (at, byte)
            assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"points = 1 }", b"points = 2 }", "lines 27-34: step 2 was changed: its checksum does not match"),
        (b"points = 150", b"points = 151", "lines 1-15: the header was changed: its checksum does not match"),
        (b'"rejected"', b'"rejected', "line 31: step 2 was changed and is not TOML"),
        (
            b"step = 1\nafter = 3",
            b"step = 2\nafter = 3",
            "lines 49-52: the move after step 3 was changed: its checksum does not match",
        ),
        ("„".encode(), b"\xe2\x80\xff", "line 42: not UTF-8 (byte 0xe2)"),
        (b"committed", b"comm\0tted", "line 21: a NUL byte"),
        (b'"09e9b84ac51b95f5"', b'"09e9b84ac51b95f6"', "lines 54-62: step 4 was changed: its checksum does not match"),
        (b"\n\n[[goto]]", b"\n[[goto]]", "line 48: expected an empty line after step 3"),
    ],
)
def test_damage_is_located(session: Path, old: bytes, new: bytes, message: str) -> None:
    data = session.read_bytes()
    assert data.count(old) >= 1
    session.write_bytes(data.replace(old, new, 1))
    with pytest.raises(SessionError) as refused:
        read_session(session)
    assert refused.value.message == f"{session}, {message}"
    assert refused.value.hint


def test_removed_moved_and_repeated_blocks_are_refused(session: Path) -> None:
    blocks = session.read_bytes().split(b"\n\n")
    for order, message in (
        ([0, 2, 3], "line 17: expected step 1, found step 2: a block was added, moved or removed"),
        ([0, 1, 1], "line 27: expected step 2, found step 1: a block was added, moved or removed"),
        ([0, 2, 1], "line 17: expected step 1, found step 2: a block was added, moved or removed"),
        ([0, 1, 2, 3, 5], "lines 49-57: step 4 was changed: its checksum does not match"),
        ([1, 2], "x is not a session: it has no `format`"),
    ):
        text = b"\n\n".join([blocks[at].rstrip(b"\n") for at in order]) + b"\n"
        with pytest.raises(SessionError) as refused:
            scan(text, "x")
        assert refused.value.message.removeprefix("x, ") == message


def test_edit_with_recomputed_checksum_breaks_the_chain(session: Path, chained: Callable[..., bytes]) -> None:
    blocks = session.read_bytes().split(b"\n\n")
    other = chained([blocks[0][: blocks[0].rindex(b"sum = ")].replace(b"150", b"151")])
    with pytest.raises(SessionError, match="lines 17-25: step 1 was changed"):
        scan(other + b"\n" + b"\n\n".join(blocks[1:]), "x")


def test_lost_sectors_of_the_last_block_are_dropped(session: Path) -> None:
    data = session.read_bytes()
    start = data.rindex(b"\n\n") + 1
    for zeros in range(1, 2000, 37):  # the size was written, the data was not
        found = scan(data[:start] + bytes(zeros), "x")
        assert (found.end, len(found.stored.records)) == (start, 3)
        assert found.stored.dropped
    big = data.replace(b'violated = "stored"', b'violated = "' + b"x" * 2000 + b'"')
    for sector in range(start // 512, len(big) // 512 + 1):  # one is missing, later ones are there
        first, last = max(start, sector * 512), min(len(big), (sector + 1) * 512)
        text = big[:first] + bytes(last - first) + big[last:]
        assert scan(text, "x").end == start


def test_zeros_elsewhere_are_damage(session: Path) -> None:
    data = session.read_bytes()
    with pytest.raises(SessionError, match="a NUL byte"):
        scan(data[:512] + bytes(512) + data[1024:], "x")
    with pytest.raises(SessionError, match="a NUL byte"):
        scan(data[:-30] + bytes(7) + data[-23:], "x")


def test_open_saves_the_incomplete_write(session: Path) -> None:
    data = session.read_bytes()
    for number in (1, 2):
        session.write_bytes(data[:-9])
        with SessionFile.open(session) as file:
            assert file.stored.dropped == (
                f"line 53: dropped 155 bytes of an incomplete write after step 3; saved as coffee.toml.torn-{number}"
            )
            assert len(file.stored.records) == 3
        end = data.rindex(b"\n\n") + 1
        assert session.read_bytes() == data[:end]
        assert session.with_name(f"coffee.toml.torn-{number}").read_bytes() == data[end:-9]


def test_reading_and_refusing_change_nothing(session: Path, tmp_path: Path) -> None:
    data = session.read_bytes()
    (tmp_path / "torn.toml").write_bytes(data[:-9])
    (tmp_path / "edited.toml").write_bytes(data.replace(b"points = 1 }", b"points = 2 }"))
    before = listing(tmp_path)
    assert read_session(tmp_path / "torn.toml").dropped
    for how in (read_session, SessionFile.open):
        with pytest.raises(SessionError):
            how(tmp_path / "edited.toml")
    after = listing(tmp_path)
    del after[".edited.toml.lock"]
    assert after == before


def listing(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in folder.iterdir()
    }


def test_zeros_before_a_flushed_block_are_damage(session: Path) -> None:
    """Acknowledged steps follow them."""
    data = session.read_bytes()
    at = data.index(b"\n[[goto]]")
    shift = 511 - at % 512  # the empty line before the block is the last byte of a sector
    data = data.replace(b"format = 3\n", b"format = 3\n" + b" " * shift, 1)
    assert has_lost_sectors(b"\0" + data[at + shift + 1 : data.index(b"\n[[step]]", at + shift)], at + shift)
    assert not has_lost_sectors(b"\0" + data[at + shift + 1 :], at + shift)
