"""What the reader reads and what it keeps in memory: positions of steps, and not the steps."""

import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_file import scan

from fasm_cli.engine.process import ProcessState
from fasm_cli.engine.records import Record, apply_record
from fasm_cli.errors import SessionError
from fasm_cli.sessions import files, journal, reader
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.journal import StepSequence
from fasm_cli.sessions.model import Header, Stored
from fasm_cli.sessions.reader import read_session, scan_file
from fasm_cli.sessions.writer import SessionFile

MakeRecord = Callable[..., Record]
MANY = 2000


@pytest.fixture
def long(tmp_path: Path, header: Header, make_record: MakeRecord) -> Path:
    """Two thousand steps, every 50th with a snapshot."""
    path = tmp_path / "long.toml"
    records = [make_record(n, changed_paths=["x" * 200]) for n in range(1, MANY + 1)]
    path.write_text(render_session(header, records, {n: {"n": n} for n in range(50, MANY + 1, 50)}), encoding="utf-8")
    return path


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the steps that are read, in order."""
    numbers: list[int] = []
    read_step = reader.read_step

    def recording(body: bytes, n: int, number: int) -> Any:
        numbers.append(n)
        return read_step(body, n, number)

    monkeypatch.setattr(reader, "read_step", recording)
    return numbers


def test_every_step_is_read_once_and_not_cached(long: Path, fetched: list[int]) -> None:
    stored = read_session(long)
    assert fetched == [*range(1, MANY + 1)]
    assert (len(stored.records), len(stored.snapshots), stored.head) == (MANY, MANY // 50, MANY)
    assert list(stored.records.parents) == [*range(MANY)]
    assert fetched[MANY:] == []
    assert (stored.records[-1].n, stored.records[6].n, stored.records[6].n) == (MANY, 7, 7)
    assert stored.snapshots[100] == {"n": 100}
    assert fetched[MANY:] == [MANY, 7, 100]


def test_requested_steps_are_cached(long: Path, fetched: list[int]) -> None:
    stored = read_session(long)
    for _ in range(2):
        assert [record.n for record in stored.records[:300]] == [*range(1, 301)]
    assert len(fetched) == MANY + 300
    assert sum(1 for _ in stored.records) == MANY
    assert stored.records[0].n == 1
    assert len(fetched) == MANY + 300 + MANY - 300 + 1


def test_memory_does_not_depend_on_the_size_of_steps(long: Path) -> None:
    read_session(long)
    tracemalloc.start()
    try:
        stored = read_session(long)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(stored.records) == MANY
    assert kept < 100 * MANY < long.stat().st_size // 4
    assert peak < 3 * reader.CHUNK + 100 * MANY


def test_writer_reuses_the_scan(long: Path, fetched: list[int], make_record: MakeRecord) -> None:
    found = scan_file(long)
    with SessionFile.open(long, read=found) as file:
        assert len(fetched) == MANY
        file.append(make_record(MANY + 1))
        assert file.stored.records[-1] == make_record(MANY + 1)
    with SessionFile.open(long, read=found) as file:  # it was written since
        assert len(file.stored.records) == MANY + 1
    assert len(fetched) == MANY + 1 + MANY + 1


def test_chunk_size_does_not_matter(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_session(session)
    data = session.read_bytes()
    for size in (1, 7, 64, 511):
        monkeypatch.setattr(reader, "CHUNK", size)
        assert read_session(session) == whole
        session.write_bytes(data[:-3])
        assert len(read_session(session).records) == 3
        session.write_bytes(data)


def test_removed_file_stays_readable_while_open(session: Path) -> None:
    stored = read_session(session)
    before = list(read_session(session).records)
    session.unlink()
    assert stored.records == before


def test_step_changed_while_the_file_is_open_is_refused(session: Path) -> None:
    stored = read_session(session)
    data = session.read_bytes()
    session.write_bytes(data.replace(b"points = 1 }", b"points = 2 }"))
    assert stored.records[0].n == 1
    with pytest.raises(SessionError) as refused:
        stored.records[1]
    assert refused.value.message == f"{session}: step 2 was changed while the file was open"
    session.write_bytes(b"")
    with pytest.raises(SessionError, match="step 3 was changed while the file was open"):
        stored.snapshots[3]


@pytest.mark.parametrize(
    ("left", "dropped"), [(0, ""), (5, "line 53: dropped 5 bytes of an incomplete write after step 3")]
)
def test_file_can_be_cut_while_it_is_read(
    session: Path, monkeypatch: pytest.MonkeyPatch, left: int, dropped: str
) -> None:
    """The writer cuts off an incomplete block."""
    end = session.read_bytes().rindex(b"\n\n") + 1
    with session.open("ab") as file:
        file.truncate(end + 9)
    real = files._read

    def cutting(fd: int, size: int, offset: int) -> bytes:
        with session.open("ab") as file:
            file.truncate(end + left)
        return real(fd, size, offset)

    monkeypatch.setattr(files, "_read", cutting)
    stored = read_session(session)
    assert (len(stored.records), stored.dropped) == (3, dropped)


def state_after(records: Iterable[Record]) -> ProcessState:
    state = ProcessState()
    for record in records:
        apply_record(state, record)
    return state


def test_process_state_is_stored_at_snapshots(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the steps before the snapshot are not on several branches."""
    assert read_session(session).process_states == {}
    monkeypatch.setattr(journal, "MIN_DISTANCE", 0)
    stored = read_session(session)
    assert stored.process_states == {3: state_after(stored.records[:3])}
    assert stored.process_states[3].pending == {}


def test_process_states_are_fewer_if_many_actions_are_pending(header: Header) -> None:
    """They take no more memory than the steps would."""
    action = [{"type": "Tracked", "id": 0, "action": {"type": "Ask"}}]
    records = [Record(n, n - 1, ASK, "committed", actions=[{**action[0], "id": n}]) for n in range(1, 401)]
    text = render_session(header, records, {n: n for n in range(1, 401)})
    stored = scan(text.encode(), "x").stored
    assert sum(len(state.pending) for state in stored.process_states.values()) <= 400
    assert [*stored.process_states] == []
    few = [Record(n, n - 1, ASK, "committed") for n in range(1, 401)]
    stored = scan(render_session(header, few, {n: n for n in range(1, 401)}).encode(), "x").stored
    assert [*stored.process_states] == [*range(25, 401, 25)]


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 2)), max_size=12))
def test_process_state_is_correct_on_every_branch(header: Header, steps: list[tuple[int, bool, int]]) -> None:
    """Steps that emit an action, complete a recent one, or crash, each on some earlier step."""
    records: list[Record] = []
    for n, (back, _, kind) in enumerate(steps, 1):
        emits = [{"type": "Tracked", "id": n, "action": {"type": "Ask"}}] if kind == 0 else []
        event = [ASK, {"type": "completion", "id": max(1, n - 2)}, {"type": "crash", "point": "between"}][kind]
        records.append(Record(n, max(0, n - 1 - back), event, "committed", actions=emits))
    snapshots = {n: n for n, (_, whole, _) in enumerate(steps, 1) if whole}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "MIN_DISTANCE", 0)
        stored = scan(render_session(header, records, snapshots).encode(), "x").stored
    for n, state in stored.process_states.items():
        assert state == state_after(records[each - 1] for each in stored.journal().ancestor_numbers(n))
        assert n in snapshots


ASK = {"type": "input", "value": {"type": "Go"}}


def test_invalid_event_does_not_stop_the_reader(
    header: Header, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [make_record(1), make_record(2, event={}), make_record(3)]
    monkeypatch.setattr(journal, "MIN_DISTANCE", 0)
    stored = scan(render_session(header, records, {1: 1, 3: 3}).encode(), "x").stored
    assert stored.records == records
    assert [*stored.process_states] == [1]


def test_steps_are_a_sequence(make_record: MakeRecord, header: Header) -> None:
    records = [make_record(n) for n in (1, 2, 3)]
    stored = scan(render_session(header, records).encode(), "x").stored
    for steps in (StepSequence(records), stored.records):
        assert (len(steps), steps[0], steps[-1], steps[1:]) == (3, records[0], records[2], records[1:])
        assert (steps == records, steps == records[:2], steps == 3) == (True, False, False)
        for wrong in (3, -4):
            with pytest.raises(IndexError):
                steps[wrong]
    assert stored == Stored(header, StepSequence(records), {}, 3)
