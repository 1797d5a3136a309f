"""Any bytes are read as a session or refused with one line, soon and in little memory."""

import random
import re
import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from memory_file import scan

from fasm_cli.errors import SessionError
from fasm_cli.sessions.format import GOTO_KEYS, HEADER_KEYS, MACHINE_KEYS, MARK_KEYS, STEP_KEYS, chain_checksum
from fasm_cli.sessions.model import FORMAT
from fasm_cli.sessions.toml_values import parse_as_json

GOLDEN = (Path(__file__).parent / "golden" / f"format-{FORMAT}.toml").read_bytes()
WORDS = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"=",
    b" = ",
    b"\n",
    b"\n\n",
    b"#",
    b"'",
    b'"""',
    b".",
    b",",
    b"\0",
    b"\r",
]
WORDS += [
    b"\xff",
    b"\xef\xbb\xbf",
    b"type",
    b"None",
    b"int",
    b"value",
    b"table",
    b"[[step]]\n",
    b"[[goto]]\n",
    b"[[mark]]\n",
    b"[[machine]]\n",
    b"sum = ",
]
WORDS += [b"n = 1\n", b"-1", b"1e999", b"nan", b"9" * 30, b"0x" + b"f" * 30, b"1979-05-27", b"[" * 300, b"{a=" * 300]
WORDS += [b"a." * 300, b"\\ud800", b"\\U00110000", b"true", b"null", b"state = ", b"format = 3\n", b"after = ", b"    "]
WORDS += [b", a = 1", b"{ a = 1", b",\n    ", b",\n]", b"[\n    ", b'"a b" = ', b"1", b"{}", b": "]


def read(data: bytes) -> bool:
    """Whether it is a session. Fails on any error but a `SessionError` of one line."""
    start = time.process_time()
    try:
        scan(data, "x")
    except SessionError as refused:
        message = refused.message
        assert message.startswith("x")
        assert "\n" not in message
        assert len(message) < 500
        return False
    finally:
        assert time.process_time() - start < 1
    return True


def compare(block: bytes) -> bool:
    """Whether the JSON parser accepted it; then tomllib must agree."""
    found = parse_as_json(block.decode("utf-8", "replace"))
    if found is None or b"null" in block:  # null is accepted here and refused later
        return False
    assert repr(found) == repr(tomllib.loads(block.decode("utf-8", "replace")))
    return True


def reseal(data: bytes) -> bytes:
    """The same blocks with valid checksums, so that their content is parsed."""
    out, last = [], ""
    for block in data.split(b"\n\n"):
        body = re.sub(rb'sum = "[0-9a-f]{16}"\n?\Z', b"", block)
        last = chain_checksum(body, last)
        out.append(body + f'sum = "{last}"\n'.encode())
    return b"\n".join(out)


def mutated(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        upto = min(len(data), at + chance.choice((0, 1, 1, 2, 5, 40, 300)))
        match chance.randrange(5):
            case 0:
                middle = b""
            case 1:
                middle = chance.choice(WORDS)
            case 2:
                middle = data[at:upto] * 2
            case 3:
                middle = bytes(chance.randrange(256) for _ in range(upto - at))
            case _:
                other = chance.randrange(len(data) + 1)
                middle = data[other : other + chance.choice((1, 5, 40, 300))]
        data = data[:at] + middle + data[upto:]
    return data


def test_mutated_session_is_read_or_refused(slow: bool) -> None:
    chance = random.Random(1)
    read_at_all = taken = 0
    for _ in range(500_000 if slow else 1500):
        data = mutated(GOLDEN, chance)
        read(data)
        read_at_all += read(reseal(data))
        taken += sum(compare(block.partition(b"]]\n")[2] or block) for block in data.split(b"\n\n"))
    assert taken > 1000
    assert read_at_all > 100  # else the mutations are too wild to prove anything


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read(data)
    read(b"format = 1\n" + data)
    read(b"format = 3\n" + data)
    read(GOLDEN + data)
    read(GOLDEN + b"\n" + data)


KEYS = st.sampled_from([*HEADER_KEYS[FORMAT], *MACHINE_KEYS, *STEP_KEYS, *GOTO_KEYS, *MARK_KEYS, "sum", "x"])
VALUES = st.recursive(
    st.sampled_from(
        ["1", "0", "-1", "1.5", "true", "nan", '"m"', '"\\u0000"', "1979-05-27", '"', "{", "'x'", "9" * 40]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(KEYS | st.just("type"), inner, max_size=3).map(
            lambda table: f"{{ {', '.join(f'{key} = {value}' for key, value in table.items())} }}"
        )
    ),
    max_leaves=5,
)
BLOCK = st.tuples(
    st.sampled_from(["", "[[step]]\n", "[[step]]\n", "[[goto]]\n", "[[mark]]\n", "[[machine]]\n", "[step]\n"]),
    st.lists(st.tuples(KEYS, VALUES), max_size=7),
).map(lambda block: block[0] + "".join(f"{key} = {value}\n" for key, value in block[1]))


@settings(max_examples=300, deadline=None)
@given(st.lists(BLOCK, max_size=4))
def test_any_blocks_are_read_or_refused(chained: Callable[[Iterable[str | bytes]], bytes], blocks: list[str]) -> None:
    read(chained(blocks))
    head = 'format = 3\norigin = {}\n[[machine]]\nname = "m"\nversion = 1\ntypes = []\nstate = {}\n'
    read(chained([head, *blocks]))
