"""A small session, and fixtures to make others."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from fasm_cli.engine.records import Record
from fasm_cli.sessions.format import chain_checksum
from fasm_cli.sessions.model import ALONE, Header, MachineEntry
from fasm_cli.sessions.writer import SessionFile

SLOW = bool(os.environ.get("FASM_SLOW"))


@pytest.fixture(scope="session")
def slow() -> bool:
    """Whether the long versions of tests run (FASM_SLOW=1)."""
    return SLOW


@pytest.fixture(scope="session")
def header() -> Header:
    state = {"points": 150, "pending": None, "next_id": 1}
    types = [
        {"name": "State", "is": "Shop"},
        {"name": "Input", "is": "RedeemPoints"},
        {"name": "ActionId", "is": "int"},
        {"name": "Phase", "members": ["ASKED", "SURE"]},
        {"name": "RedeemPoints", "fields": {"points": "int from 1 to 200"}},
        {"name": "Shop", "fields": {"points": "int", "pending": "Redemption | None", "next_id": "int"}},
    ]
    return Header.alone("coffee_shop", 1, types, state, {"kind": "session"})


@pytest.fixture(scope="session")
def old_header(header: Header) -> Header:
    """The same header as format 1 stores it: without types."""
    machine = MachineEntry("coffee_shop", 1, None, header.machine.state, "e4c2a19b03d7f586")
    return Header({ALONE: machine}, {"kind": "session"}, None, 1)


@pytest.fixture(scope="session")
def history() -> list[tuple[Record | int, Any]]:
    """Steps with their snapshots; a number alone is a move of the head."""
    redeem = {"type": "Tracked", "id": 1, "action": {"type": "Redeem", "points": 100}}
    show = {"type": "Untracked", "action": {"type": "ShowMessage", "text": "redeemed 100 — „danke“\n\x00"}}
    pending = ["pending: None -> Redemption(id=1, points=100)", "next_id: 1 -> 2"]
    done = ["points: 150 -> 50", "pending: Redemption(id=1, points=100) -> None"]
    confirmed = {"type": "completion", "of": "1.1", "id": 1, "result": {"type": "Confirmed"}}
    after = {"points": 50, "pending": None, "next_id": 2}
    return [
        (Record(1, 0, ask(100), "committed", "", [redeem], pending, [], "", "88726458e8225b94"), None),
        (Record(2, 1, ask(1), "rejected", "RedemptionPending(1)", digest="88726458e8225b94"), None),
        (Record(3, 2, confirmed, "committed", "", [show], done, [], "", "1d0e7a54b0c2ff10"), after),
        (1, None),
        (Record(4, 1, {"type": "crash"}, "crashed", "", [], [], [1], "stored", "88726458e8225b94"), None),
    ]


def ask(points: int) -> dict[str, Any]:
    return {"type": "input", "value": {"type": "RedeemPoints", "points": points}}


@pytest.fixture(scope="session")
def make_record() -> Callable[..., Record]:
    def record(n: int, parent: int | None = None, **fields: Any) -> Record:
        values = {"event": ask(n % 200), "outcome": "committed", "digest": f"{n:016x}", **fields}
        return Record(n, n - 1 if parent is None else parent, **values)

    return record


@pytest.fixture
def session(tmp_path: Path, header: Header, history: list[tuple[Record | int, Any]]) -> Path:
    """A file with `history`."""
    path = tmp_path / "coffee.toml"
    with SessionFile.create(path, header) as file:
        write_history(file, history)
    return path


def write_history(file: SessionFile, history: Iterable[tuple[Record | int, Any]]) -> None:
    for item, state in history:
        if isinstance(item, int):
            file.goto(item)
        else:
            file.append(item, state)


@pytest.fixture(scope="session")
def chained() -> Callable[[Iterable[str | bytes]], bytes]:
    """Return a function that makes a file with valid checksums from blocks without them, as an attacker would."""

    def render(bodies: Iterable[str | bytes]) -> bytes:
        blocks, last = [], ""
        for body in bodies:
            raw = body.encode() if isinstance(body, str) else body
            last = chain_checksum(raw, last)
            blocks.append(raw + f'sum = "{last}"\n'.encode())
        return b"\n".join(blocks)

    return render
