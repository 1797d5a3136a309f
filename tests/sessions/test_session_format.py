"""The format, held by a file that is kept for ever."""

import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions import FORMAT, Header, SessionFile, Stored, read_session, render_session
from fasm_cli.sessions.format import HEADER_KEYS
from fasm_cli.sessions.format_versions import MIGRATIONS, in_present_format
from fasm_cli.sessions.pins import Mark, MarkKind
from fasm_cli.sessions.reader import scan

GOLDEN = Path(__file__).parent / "golden"


def golden(number: int) -> Path:
    return GOLDEN / f"format-{number}.toml"


MARKS = [Mark(MarkKind.LABEL, "„nochmal“", 1), Mark(MarkKind.LABEL, "„nochmal“", removed=True)]


def test_a_session_is_written_as_ever(session: Path) -> None:
    with SessionFile.open(session) as file:
        for mark in MARKS:
            file.mark(mark)
    assert session.read_text("utf-8") == golden(FORMAT).read_text("utf-8")


def test_every_format_is_kept() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"format-{n}.toml" for n in range(1, FORMAT + 1)}
    assert [*MIGRATIONS] == [*range(1, FORMAT)]
    assert [*HEADER_KEYS] == [*range(1, FORMAT + 1)]


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_session_is_read_as_ever(
    number: int, header: Header, old_header: Header, story: list[tuple[Record | int, Any]]
) -> None:
    records = [item for item, _ in story if isinstance(item, Record)]
    snapshots = {3: {"points": 50, "pending": None, "next_id": 2}}
    headers = {1: old_header, 2: header}
    marks = {1: [], 2: MARKS}
    assert read_session(golden(number)) == Stored(headers[number], records, snapshots, 4, "", marks[number])
    assert headers[number].format == number


def test_an_old_session_is_gone_on_with_as_it_is(tmp_path: Path, make_record: Callable[..., Record]) -> None:
    path = tmp_path / "old.toml"
    shutil.copy(golden(1), path)
    with SessionFile.open(path) as file:
        file.append(make_record(5))
    assert path.read_bytes().startswith(golden(1).read_bytes())
    assert len(read_session(path).records) == 5


def test_a_header_moves_to_the_next_format(header: Header, old_header: Header) -> None:
    assert header.types is not None
    known = replace(old_header, fingerprint=header.fingerprint)
    assert in_present_format(known, header.types) == header
    with pytest.raises(SessionError, match="the types are not those"):
        in_present_format(old_header, header.types)


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_it_is_toml_to_everybody_else(number: int) -> None:
    found = tomllib.loads(golden(number).read_text("utf-8"))
    assert found["format"] == number
    assert [step["n"] for step in found["step"]] == [1, 2, 3, 4]
    assert [(move["step"], move["after"]) for move in found["goto"]] == [(1, 3)]


def test_the_text_at_once_is_the_text_in_steps(
    session: Path, header: Header, make_record: Callable[..., Record]
) -> None:
    stored = read_session(session)
    text = render_session(header, stored.records[:3], stored.snapshots)
    assert session.read_text("utf-8").startswith(text)
    moved = render_session(header, stored.records[:3], stored.snapshots, head=1)
    assert session.read_text("utf-8").startswith(moved)
    assert scan(moved.encode(), "x").stored.head == 1


def test_a_step_only_adds_lines(session: Path, header: Header) -> None:
    stored = read_session(session)
    texts = [render_session(header, stored.records[:n]) for n in range(5)]
    assert all(after.startswith(before) for before, after in pairwise(texts))


def test_long_lists_stand_one_element_a_line(header: Header, make_record: Callable[..., Record]) -> None:
    text = render_session(header, [make_record(1, changed_paths=["a" * 40, "b" * 40, "c"], unrestored_ids=[1, 2])])
    assert f'changed = [\n    "{"a" * 40}",\n    "{"b" * 40}",\n    "c",\n]\nmissing = [1, 2]\n' in text


def test_a_finding_stands_in_the_header(header: Header) -> None:
    finding = {"law": "atomic", "step": 3, "why": "the state was changed"}
    text = render_session(Header("m", 2, [], None, {"seed": 1, "flags": ["--crash"]}, finding), [])
    assert text.splitlines()[:7] == [
        "format = 2",
        'machine = "m"',
        "version = 2",
        "types = []",
        'origin = { seed = 1, flags = ["--crash"] }',
        'finding = { law = "atomic", step = 3, why = "the state was changed" }',
        'state = { type = "None" }',
    ]
    assert scan(text.encode(), "x").stored.header.finding == finding


def test_what_cannot_be_stored_is_said_with_its_place(header: Header, make_record: Callable[..., Record]) -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(SessionError) as refused:
        render_session(header, [make_record(1)], {1: deep})
    assert refused.value.message == "step 1 cannot be stored: `state`: it nests deeper than 100 levels"
    with pytest.raises(SessionError) as refused:
        render_session(Header("m", 1, [], "x" * 5_000_000, {}), [])
    assert refused.value.message == "the header is too large to store: 4 MiB, and 4 MiB is the most"


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
        )
        for n in range(1, draw(st.integers(0, 4)) + 1)
    ]


def marks_to(last: int) -> st.SearchStrategy[Mark]:
    return st.builds(Mark, st.sampled_from(MarkKind), TEXT, st.integers(0, last), st.booleans())


@given(records(), TABLES, TABLES | st.none(), VALUES, TEXT, st.integers(-(2**63), 2**63 - 1), st.data())
def test_any_session_is_read_as_it_was_written(
    steps: list[Record], origin: Any, finding: Any, state: Any, name: str, version: int, data: st.DataObject
) -> None:
    types = data.draw(TYPES | st.none())
    header = Header(name, version, types, state, origin, finding, "" if types is not None else name)
    kept = {step.n: {"a": state} for step in steps if step.n % 2}
    head = data.draw(st.integers(0, len(steps)))
    marks = data.draw(st.lists(marks_to(len(steps)), max_size=3)) if types is not None else []
    text = render_session(header, steps, kept, head, marks)
    assert scan(text.encode(), "x").stored == Stored(header, steps, kept, head, "", marks)
