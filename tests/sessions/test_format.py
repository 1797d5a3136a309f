"""The text of a session, fixed by golden files of every format."""

import shutil
import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_file import scan

from fasm_cli.engine.records import Record
from fasm_cli.errors import InternalError, SessionError
from fasm_cli.sessions.format import BLOCKS, HEADER_KEYS, render_session
from fasm_cli.sessions.model import FORMAT, Header, Mark, MarkKind, Stored
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.toml_values import value_text
from fasm_cli.sessions.writer import SessionFile

GOLDEN = Path(__file__).parent / "golden"


def golden(number: int) -> Path:
    return GOLDEN / f"format-{number}.toml"


MARKS = [Mark(MarkKind.LABEL, "„nochmal“", 1), Mark(MarkKind.LABEL, "„nochmal“", removed=True)]


def test_session_is_written_like_the_golden_file(session: Path) -> None:
    with SessionFile.open(session) as file:
        for mark in MARKS:
            file.mark(mark)
    assert session.read_text("utf-8") == golden(FORMAT).read_text("utf-8")


def test_every_format_has_a_golden_file() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"format-{n}.toml" for n in range(1, FORMAT + 1)}
    assert [*HEADER_KEYS] == [*BLOCKS] == [*range(1, FORMAT + 1)]


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_golden_file_is_read(
    number: int, header: Header, old_header: Header, history: list[tuple[Record | int, Any]]
) -> None:
    records = [item for item, _ in history if isinstance(item, Record)]
    snapshots = {3: {"points": 50, "pending": None, "next_id": 2}}
    marks = [] if number == 1 else MARKS
    stored = read_session(golden(number))
    assert stored == Stored(old_header if number == 1 else header, records, snapshots, 4, "", marks)
    assert stored.header.format == number


@pytest.mark.parametrize("number", range(1, FORMAT))
def test_older_format_cannot_be_opened_for_writing(tmp_path: Path, number: int) -> None:
    path = tmp_path / "an old.toml"
    shutil.copy(golden(number), path)
    with pytest.raises(SessionError) as refused:
        SessionFile.open(path)
    assert refused.value.message == f"{path} has format {number}; only format {FORMAT} can be continued"
    assert refused.value.hint == f"`fasm session migrate '{path}'` writes a new file for it"
    assert [child.name for child in tmp_path.iterdir()] == ["an old.toml"]
    assert path.read_bytes() == golden(number).read_bytes()


OLD_HEADER = """format = 2
machine = "m"
version = 1
types = []
origin = {}
finding = { law = "atomic", step = 1, why = "it changed", where = "m.py:3", size = 1, quiet = 0 }
state = {}
"""


@pytest.mark.parametrize(
    ("old", "present"),
    [
        ({"type": "lose", "of": "1.1", "id": 1}, {"type": "lost", "of": "1.1", "id": 1}),
        ({"type": "crash", "point": "after-action", "at": 2}, {"type": "crash", "point": "after-action", "nth": 2}),
        ({"type": "fault", "failure": "add", "at": 3}, {"type": "fault", "kind": "actions_full", "nth": 3}),
        ({"type": "fault", "failure": "operation"}, {"type": "fault", "kind": "disconnect"}),
        ({"type": "fault", "failure": "commit"}, {"type": "fault", "kind": "commit"}),
        ({"type": "fault", "failure": [1], "at": "x"}, {"type": "fault", "kind": [1], "nth": "x"}),
        ({"type": "input", "value": {"type": "At", "at": 1}}, {"type": "input", "value": {"type": "At", "at": 1}}),
    ],
)
def test_older_format_is_converted_to_present_words(
    chained: Callable[..., bytes], old: dict[str, Any], present: dict[str, Any]
) -> None:
    step = f'[[step]]\nn = 1\nparent = 0\nevent = {value_text(old)}\noutcome = "failed"\ndigest = "d"\n'
    mark = '[[mark]]\nkind = "label"\nname = "x"\nstep = 1\ngone = true\nafter = 1\n'
    stored = scan(chained([OLD_HEADER, step, mark]), "x").stored
    assert stored.header.finding == {
        "law": "atomic",
        "step": 1,
        "reason": "it changed",
        "location": "m.py:3",
        "size": 1,
        "quiescing_from": 0,
    }
    assert stored.records == [Record(1, 0, present, "aborted", digest="d")]
    assert list(stored.records[0].event) == list(present)
    assert stored.marks == [Mark(MarkKind.LABEL, "x", 1, removed=True)]


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_golden_file_is_toml(number: int) -> None:
    found = tomllib.loads(golden(number).read_text("utf-8"))
    assert found["format"] == number
    assert [step["n"] for step in found["step"]] == [1, 2, 3, 4]
    assert [(move["step"], move["after"]) for move in found["goto"]] == [(1, 3)]


def test_rendered_text_equals_appended_text(session: Path, header: Header, make_record: Callable[..., Record]) -> None:
    stored = read_session(session)
    text = render_session(header, stored.records[:3], stored.snapshots)
    assert session.read_text("utf-8").startswith(text)
    moved = render_session(header, stored.records[:3], stored.snapshots, head=1)
    assert session.read_text("utf-8").startswith(moved)
    assert scan(moved.encode(), "x").stored.head == 1


def test_step_only_adds_lines(session: Path, header: Header) -> None:
    stored = read_session(session)
    texts = [render_session(header, stored.records[:n]) for n in range(5)]
    assert all(after.startswith(before) for before, after in pairwise(texts))


def test_long_list_has_one_element_on_each_line(header: Header, make_record: Callable[..., Record]) -> None:
    text = render_session(header, [make_record(1, changed_paths=["a" * 40, "b" * 40, "c"], unrestored_ids=[1, 2])])
    assert f'changed = [\n    "{"a" * 40}",\n    "{"b" * 40}",\n    "c",\n]\nunrestored = [1, 2]\n' in text


def test_header_has_the_finding(header: Header) -> None:
    finding = {"law": "atomic", "step": 3, "reason": "the state was changed"}
    text = render_session(Header.alone("m", 2, [], None, {"seed": 1, "flags": ["--crash"]}, finding), [])
    assert text.splitlines()[:8] == [
        "format = 3",
        'origin = { seed = 1, flags = ["--crash"] }',
        'finding = { law = "atomic", step = 3, reason = "the state was changed" }',
        "[[machine]]",
        'name = "m"',
        "version = 2",
        "types = []",
        'state = { type = "None" }',
    ]
    assert scan(text.encode(), "x").stored.header.finding == finding


def test_value_that_cannot_be_stored_is_located(header: Header, make_record: Callable[..., Record]) -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(SessionError) as refused:
        render_session(header, [make_record(1)], {1: deep})
    assert refused.value.message == "step 1 cannot be stored: `state`: it nests deeper than 100 levels"
    with pytest.raises(SessionError) as refused:
        render_session(Header.alone("m", 1, [], "x" * 5_000_000, {}), [])
    assert refused.value.message == "the header is too large to store: 4 MiB; the limit is 4 MiB"


def test_header_without_types_cannot_be_written(old_header: Header) -> None:
    with pytest.raises(InternalError, match="the types of coffee_shop are not known"):
        render_session(old_header, [])


TEXT = st.text(st.characters(codec=None, exclude_categories=()))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.just("type"), inner, max_size=3),
    max_leaves=8,
)
TABLES = st.dictionaries(TEXT, VALUES, max_size=3)
SAID = (
    st.fixed_dictionaries({"name": TEXT, "is": TEXT})
    | st.fixed_dictionaries({"name": TEXT, "fields": st.dictionaries(TEXT, TEXT, max_size=3)})
    | st.fixed_dictionaries({"name": TEXT, "members": st.lists(TEXT, max_size=3)})
)
TYPES = st.lists(SAID, max_size=4)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    return [
        Record(
            n,
            draw(st.integers(0, n - 1)),
            draw(TABLES),
            draw(TEXT),
            draw(TEXT),
            draw(st.lists(TABLES, max_size=3)),
            draw(st.lists(TEXT, max_size=3)),
            draw(st.lists(VALUES, max_size=3)),
            draw(TEXT),
            draw(TEXT),
            cause=draw(TEXT),
        )
        for n in range(1, draw(st.integers(0, 4)) + 1)
    ]


def marks_to(last: int) -> st.SearchStrategy[Mark]:
    return st.builds(Mark, st.sampled_from(MarkKind), TEXT, st.integers(0, last), st.booleans())


@given(records(), TABLES, TABLES | st.none(), VALUES, TEXT, st.integers(-(2**63), 2**63 - 1), st.data())
def test_any_session_round_trips(
    steps: list[Record], origin: Any, finding: Any, state: Any, name: str, version: int, data: st.DataObject
) -> None:
    header = Header.alone(name, version, data.draw(TYPES), state, origin, finding)
    kept = {step.n: {"a": state} for step in steps if step.n % 2}
    head = data.draw(st.integers(0, len(steps)))
    marks = data.draw(st.lists(marks_to(len(steps)), max_size=3))
    text = render_session(header, steps, kept, head, marks)
    assert scan(text.encode(), "x").stored == Stored(header, steps, kept, head, "", marks)
