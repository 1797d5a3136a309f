"""Labels, branch names, watches and breaks in a session file."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from memory_file import scan

from fasm_cli.engine.records import Record
from fasm_cli.errors import SessionError
from fasm_cli.sessions.format import render_session
from fasm_cli.sessions.model import Header, Mark, MarkKind, Marks
from fasm_cli.sessions.reader import read_session
from fasm_cli.sessions.writer import SessionFile

MARKS = [
    Mark(MarkKind.LABEL, "before the crash", 3),
    Mark(MarkKind.BRANCH, "main", 0),
    Mark(MarkKind.WATCH, "points"),
    Mark(MarkKind.BREAK, "state.points < 'é'"),
    Mark(MarkKind.LABEL, "before the crash", 0, removed=True),
]
HEAD = 'format = 3\norigin = {}\n[[machine]]\nname = "m"\nversion = 1\ntypes = []\nstate = 0\n'


def test_marks_are_stored_in_order(session: Path) -> None:
    with SessionFile.open(session) as file:
        for mark in MARKS:
            file.mark(mark)
        assert read_session(session) == file.stored
        assert (file.stored.marks, file.stored.head, file.steps) == (MARKS, 4, 4)
    assert session.read_text("utf-8").endswith(
        '[[mark]]\nkind = "label"\nname = "before the crash"\nstep = 0\nremoved = true\nafter = 4\nsum = "'
        + session.read_text("utf-8")[-18:]
    )
    with SessionFile.open(session) as again:
        again.goto(2)
        again.mark(MARKS[0])
        assert (read_session(session).head, len(read_session(session).marks)) == (2, 6)


def test_rendered_marks_are_read(header: Header, make_record: Callable[..., Record]) -> None:
    text = render_session(header, [make_record(1), make_record(2)], head=1, marks=[Mark(MarkKind.LABEL, "x", 2)])
    stored = scan(text.encode(), "x").stored
    assert (stored.marks, stored.head) == ([Mark(MarkKind.LABEL, "x", 2)], 1)


def test_incomplete_mark_is_dropped(session: Path) -> None:
    whole = session.read_bytes()
    with SessionFile.open(session) as file:
        file.mark(Mark(MarkKind.BREAK, "x" * 300, removed=True))
    data = session.read_bytes()
    for end in range(len(whole) + 1, len(data)):
        found = scan(data[:end], "x")
        assert (found.stored.marks, bool(found.stored.dropped)) == ([], True), end


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            'kind = "x"\nname = "x"\nstep = 0\nafter = 0\n',
            "`kind` is 'x'; known kinds: label, branch, watch, break",
        ),
        ('kind = "label"\nname = "x"\nstep = 1\nafter = 0\n', "`step` is 1; steps go from 0 to 0"),
        ('kind = "label"\nname = "x"\nstep = 0\nafter = 1\n', "`after` is 1; the number of steps before it is 0"),
        ('kind = "label"\nname = 7\nstep = 0\nafter = 0\n', "`name` is '7', not a string"),
        ('kind = "label"\nname = "x"\nstep = 0\nremoved = false\nafter = 0\n', "`removed` must be true or omitted"),
        ('kind = "label"\nstep = 0\nafter = 0\n', "`name` is missing"),
    ],
)
def test_invalid_mark_is_refused(chained: Callable[[Iterable[str]], bytes], block: str, message: str) -> None:
    with pytest.raises(SessionError) as refused:
        scan(chained([HEAD, "[[mark]]\n" + block]), "x")
    assert refused.value.message == f"x, line 10: the mark after step 0: {message}"


def test_marks_that_are_set_now() -> None:
    marks = Marks.of(
        [*MARKS, Mark(MarkKind.LABEL, "a", 1), Mark(MarkKind.BRANCH, "retry", 0), Mark(MarkKind.WATCH, "points")]
    )
    assert (marks.labels, marks.branches) == ({"a": 1}, {0: "retry"})
    assert [stop.name for stop in marks.breakpoints] == ["state.points < 'é'", "points"]
    assert Marks.of(marks.current()) == marks
