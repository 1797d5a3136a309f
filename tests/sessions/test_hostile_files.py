"""Hostile files: each is refused with one line in bounded time, and nothing is modified or imported."""

import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from memory_file import scan

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.format import MAX_FILE
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile

Chained = Callable[[Iterable[str | bytes]], bytes]
OLD_HEAD = 'format = 1\nmachine = "m"\nversion = 1\nfingerprint = "f"\norigin = {}\nstate = {}\n'
HEAD = 'format = 3\norigin = {}\n[[machine]]\nname = "m"\nversion = 1\ntypes = []\nstate = {}\n'
STEP = '[[step]]\nn = 1\nparent = 0\nevent = { type = "crash" }\noutcome = "crashed"\ndigest = "d"\n'


def refused(data: bytes) -> str:
    """The message with which `data` is refused within a second of CPU time."""
    start = time.process_time()
    with pytest.raises(SessionError) as error:
        scan(data, "x")
    assert time.process_time() - start < 1
    message = error.value.message
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x is empty, not a session"),
        (b"\n", "x is not a session: it has no `format`"),
        (b"hello\n", "x is not TOML: Expected '=' after a key in a key/value pair (at line 1, column 6)"),
        (b'[project]\nname = "x"\n', "x is not a session: it has no `format`"),
        (b'format = "1"\n', "x is not a session: its format is '1'"),
        (b"format = 0\n", "x is not a session: its format is '0'"),
        (b"format = 4\nanything = goes\n", "x has format 4; this fasm reads formats up to 3"),
        (b"format = 999999999\n", "x has format 999999999; this fasm reads formats up to 3"),
        (b"\xef\xbb\xbfformat = 1\n", "x begins with a byte order mark, which a session does not have"),
        (b"format = 1\r\nmachine = 1\r\n", "x, line 1: the lines end in CRLF, those of a session end in LF"),
        (b"# \xff\xfe\n", "x, line 1: not UTF-8 (byte 0xff)"),
        (b"\x89PNG\r\n\x1a\n", "x, line 1: not UTF-8 (byte 0x89)"),
        (b"\0" * 100, "x, line 1: a NUL byte"),
        ("format = 1\n".encode("utf-16"), "x, line 1: not UTF-8 (byte 0xff)"),
        (b"format = 1", "x, line 1: the file ends inside its header"),
        (b"format = 1\n", "x, line 2: the file ends inside its header"),
        (b"hello", "x is not TOML: Expected '=' after a key in a key/value pair (at end of document)"),
        (b"x" * 100_000, "x is not a session: it has no `format`"),
        (b"[" * 60_000, "x is not TOML: Invalid initial character for a key part (at line 1, column 3)"),
        (
            b"a = " + b"[" * 60_000 + b"\n",
            "x is not TOML: maximum recursion depth exceeded while calling a Python object",
        ),
        (b"a." * 60_000 + b"a = 1\n", "x is not a session: it has no `format`"),
    ],
)
def test_file_that_is_not_a_session_is_refused(data: bytes, message: str) -> None:
    said = refused(data)
    assert said == message or (
        message.startswith("x is not TOML: maximum") and said.startswith("x is not TOML: maximum")
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 3\n", "format = 3\nformat = 3\n", "line 1: the header is not TOML: Cannot overwrite a value"),
        ('name = "m"', "name = 5", "line 1: the header: `name` is '5', not a string"),
        ("version = 1", "version = true", "line 1: the header: `version` is 'True', not an integer"),
        ("version = 1", "version = 1.0", "line 1: the header: `version` is '1.0', not an integer"),
        ("origin = {}", "origin = []", "line 1: the header: `origin` is '[]', not a table"),
        ("origin = {}", "origin = {}\nfinding = 3", "line 1: the header: `finding` is '3', not a table"),
        ("origin = {}\n", "", "line 1: the header: `origin` is missing"),
        ("origin = {}", "origin = {}\nimport = 1", "line 1: the header: unknown key `import`; known keys:"),
        ("state = {}", "state = 9223372036854775808", "line 1: the header: a number beyond 64 bits must be in quotes"),
        (
            "state = {}",
            "state = " + "9" * 1_000_000,
            "line 1: the header: '99999999999999999999' is not allowed",
        ),
        ("state = {}", "state = " + "1" * 1_000_000 + ".5", ""),
        (
            "state = {}",
            "state = 0x" + "f" * 1_000_000,
            "line 1: the header: '0xffffffffffffffffff' is not allowed",
        ),
        ("state = {}", "state = 1979-05-27T07:32:00Z", "line 1: the header: a datetime must be in quotes"),
        ("state = {}", "state = " + "[" * 500_000 + "]" * 500_000, "line 1: the header: it nests deeper than 100"),
        ("state = {}", "state = " + "{a=" * 300_000 + "1" + "}" * 300_000, "line 1: the header: it nests deeper"),
        (
            "state = {}",
            "state = {" + "a." * 900_000 + "a=1}",
            "line 1: the header: '.a.' is not allowed",
        ),
        ("state = {}", "state = {" + ",".join(f"a{n}={n}" for n in range(150_000)) + "}", ""),
        ("state = {}", "a.b = 1\nstate = {}", "line 1: the header: it is not made of `key = value` lines"),
        ("state = {}", "[state]\na = 1", "line 1: the header: it is not made of `key = value` lines"),
        ("state = {}", 'state = """\n    a\n    """', 'line 1: the header: \'"""\' is not allowed outside of quotes'),
        ("state = {}", "state = {} # code", "line 1: the header: '#' is not allowed outside of quotes"),
        (
            "state = {}",
            'state = "\\ud800"',
            "line 1: the header is not TOML: Escaped character is not a Unicode scalar",
        ),
        ("state = {}", 'state = "a\tb\x7f"', "line 1: the header is not TOML: Illegal character"),
        ("n = 1", "n = 2", "line 10: step 1: `n` is 2; the next step is 1"),
        ("n = 1", "n = -1", "line 10: step 1: `n` is -1; the next step is 1"),
        ("\nn = 1\n", "\n", "line 10: step 1: `n` is missing"),
        ("parent = 0", "parent = 1", "line 10: step 1: `parent` is 1; expected an earlier step, 0 to 0"),
        ("parent = 0", "parent = -1", "line 10: step 1: `parent` is -1; expected an earlier step"),
        ("parent = 0", "parent = false", "line 10: step 1: `parent` is 'False', not an integer"),
        ('event = { type = "crash" }', "event = 5", "line 10: step 1: `event` is '5', not a table"),
        ('event = { type = "crash" }', 'event = { type = "None" }', "line 10: step 1: `event` is 'None', not a table"),
        ('outcome = "crashed"', "outcome = []", "line 10: step 1: `outcome` is '[]', not a string"),
        ('digest = "d"', "digest = 5", "line 10: step 1: `digest` is '5', not a string"),
        ('digest = "d"', 'actions = [5]\ndigest = "d"', "line 10: step 1: `actions` is not a list of tables"),
        ('digest = "d"', 'changed = [{}]\ndigest = "d"', "line 10: step 1: `changed` is not a list of strings"),
        ('digest = "d"', 'changed = "x"\ndigest = "d"', "line 10: step 1: `changed` is 'x', not a list"),
        ('digest = "d"', 'digest = "d"\nsum = "x"', "line 10: step 1: unknown key `sum`"),
        ("[[step]]", "[[goto]]", "line 10: the move after step 0: unknown key `n`; known keys: step, after"),
        ("[[step]]", "[[mark]]", "line 10: the mark after step 0: unknown key `n`; known keys: kind, name"),
        ("[[step]]", "[[code]]", "line 10: a block begins with [[step]] or [[goto]] or [[mark]]"),
        ("[[step]]", "[[machine]]", "line 10: a block begins with [[step]] or [[goto]] or [[mark]]"),
        ("[[step]]", "[step]", "line 10: a block begins with [[step]] or [[goto]] or [[mark]]"),
        ("[[machine]]\n", "", "line 1: the header: unknown key `name`; known keys: format, origin, finding"),
        ("[[machine]]\n", "[[machine]]\n[[machine]]\n", "line 1: the header: it has 2 [[machine]] tables; this fasm"),
        ('name = "m"', 'at = "orders"\nname = "m"', "line 1: the header: its machine belongs to a system; this fasm"),
        ("event =", 'at = "orders"\nevent =', "line 10: step 1: `at` is 'orders', and the machine is alone"),
        ("event =", "at = 5\nevent =", "line 10: step 1: `at` is '5', not a string"),
        ("event =", "cause = {}\nevent =", "line 10: step 1: `cause` is '{}', not a string"),
    ],
)
def test_hostile_block_with_valid_checksum_is_refused(chained: Chained, old: str, new: str, message: str) -> None:
    bodies = [text.replace(old, new) for text in (HEAD, STEP)]
    assert bodies != [HEAD, STEP]
    if not message:
        assert scan(chained(bodies), "x").stored.records
        return
    assert refused(chained(bodies)).removeprefix("x, ").startswith(message)


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ("types = 5\n", "`types` does not describe types: each is a table of a name and `is`, `fields` or `members`"),
        ('types = [{ name = "State" }]\n', "`types` does not describe types: "),
        ('types = [{ name = "S", fields = { a = 1 } }]\n', "`types` does not describe types: "),
        ('fingerprint = "f"\n', "unknown key `fingerprint`; known keys: "),
        ("", "`types` is missing"),
    ],
)
def test_invalid_types_are_refused(chained: Chained, types: str, message: str) -> None:
    for head in (OLD_HEAD.replace("format = 1", "format = 2").replace('fingerprint = "f"\n', "types = []\n"), HEAD):
        text = refused(chained([head.replace("types = []\n", types)]))
        assert text.startswith(f"x, line 1: the header: {message}")


def test_many_machines_are_refused_soon(chained: Chained) -> None:
    assert refused(
        chained([HEAD + '[[machine]]\nname = "m"\nversion = 1\ntypes = []\nstate = {}\n' * 70_000])
    ).startswith("x, line 1: the header: it has 70001 [[machine]] tables; ")
    damaged = chained([HEAD + "[[machine]]\n" * 300_000]).replace(b"version = 1", b"version = 2")
    assert refused(damaged).endswith("the header was changed: its checksum does not match")


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("step = 2\nafter = 1\n", "`step` is 2; steps go from 0 to 1"),
        ("step = -1\nafter = 1\n", "`step` is -1; steps go from 0 to 1"),
        ("step = 0\nafter = 2\n", "`after` is 2; the number of steps before it is 1"),
        ("step = 0\n", "`after` is missing"),
        ('step = "0"\nafter = 1\n', "`step` is '0', not an integer"),
    ],
)
def test_invalid_move_is_refused(chained: Chained, block: str, message: str) -> None:
    assert refused(chained([HEAD, STEP, "[[goto]]\n" + block])) == f"x, line 18: the move after step 1: {message}"


def test_name_in_a_file_is_not_imported(chained: Chained, tmp_path: Path) -> None:
    evil = tmp_path / "evil.py"
    evil.write_text("raise SystemExit('imported')")
    for name in ("../evil", str(evil), "os:system", "evil", "__import__('os')", "a\\u0000b"):
        path = tmp_path / "a.toml"
        path.write_bytes(chained([HEAD.replace('"m"', f'"{name}"')]))
        before = set(sys.modules)
        assert read_session(path).header.machine.name == name.replace("\\u0000", "\0")
        assert set(sys.modules) == before


def test_endless_block_is_refused(chained: Chained) -> None:
    big = b'state = "' + b"a" * 100_000_000
    assert refused(HEAD.encode() + big) == "x, line 1: the header is too large: a block has at most 4 MiB"
    whole = chained([HEAD, STEP.encode() + big + b'"\n'])
    assert refused(whole) == "x, line 10: step 1 is too large: a block has at most 4 MiB"
    assert refused(chained([HEAD]) + b"\n" * 100_000_000).startswith("x, line 10: ")
    escapes = 'state = "' + "\\n" * 1_900_000 + '"\n'
    assert len(scan(chained([HEAD.replace("state = {}\n", escapes)]), "x").stored.header.machine.state) == 1_900_000


def test_endless_zeros_are_refused_in_bounded_memory(session: Path) -> None:
    """Each zero could be a lost sector, but an incomplete block is no longer than a block."""
    whole = session.read_bytes()
    for tail in (b"\n[[step]]\n" + b"a\0" * 2_000_000, b"\n" + b"\0" * 100_000_000):
        data = whole + tail
        tracemalloc.start()
        try:
            assert refused(data).endswith(": a NUL byte")
            assert tracemalloc.get_traced_memory()[1] < 50 * 1024 * 1024
        finally:
            tracemalloc.stop()
    assert scan(whole + b"\0" * 4_000_000, "x").stored.dropped  # as long as a step may be


def test_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.toml"
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)  # sparse: it takes no room
    with pytest.raises(SessionError) as error:
        read_session(path)
    assert error.value.message == f"{path} is too large: a session has at most 256 MiB"


def test_append_beyond_the_limit_is_refused(
    session: Path, monkeypatch: pytest.MonkeyPatch, make_record: Callable[..., Record]
) -> None:
    monkeypatch.setattr("fasm_cli.sessions.writer.MAX_FILE", session.stat().st_size + 100)
    with SessionFile.open(session) as file, pytest.raises(SessionError, match="is full: "):
        file.append(make_record(5))


def test_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    missing = tmp_path / "no.toml"
    for how in (read_session, SessionFile.open):
        with pytest.raises(SessionError) as error:
            how(missing)
        assert error.value.message == f"no session {missing}"
        with pytest.raises(SessionError) as error:
            how(tmp_path)
        assert error.value.message == f"{tmp_path} is a directory, not a session"
        with pytest.raises(SessionError, match="cannot read"):
            how(Path("a\0b"))
        with pytest.raises(SessionError, match=r"cannot read|no session"):
            how(tmp_path / ("x" * 5000))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in the file system are POSIX's")
def test_pipes_devices_and_circular_links_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    circle = tmp_path / "circle.toml"
    circle.symlink_to(circle)
    for path, message in (
        (pipe, f"{pipe} is not a regular file, not a session"),
        (Path("/dev/zero"), "/dev/zero is not a regular file, not a session"),
        (circle, f"cannot read {circle}: Too many levels of symbolic links"),
    ):
        with pytest.raises(SessionError) as error:
            read_session(path)
        assert error.value.message == message


def test_reader_only_opens_for_reading(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags: list[int] = []
    real = os.open

    def noting(path: Path, mode: int) -> int:
        flags.append(mode)
        return real(path, mode)

    monkeypatch.setattr(os, "open", noting)
    read_session(session)
    assert [mode & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) for mode in flags] == [0]
