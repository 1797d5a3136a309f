"""Lines that are folded for a person at a prompt."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli.cli.render.writer import Line, Span, wrap_line


def texts(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        (
            "   why  An action that was sent out and is lost.",
            ["   why  An action that was sent", "        out and is lost."],
        ),
        (
            "#1 Book(seat=8, guest='the eve')  committed",
            ["#1 Book(seat=8, guest='the eve')", "   committed"],
        ),
        ("   note: - Request(id=3, status=Status.OPEN)", ["   note: - Request(id=3,", "      status=Status.OPEN)"]),
        ("A('one string with many words in it, that is all')", ["A('one string with many words in it, that is all')"]),
        ("the machine's faults are shown, whatever it is", ["the machine's faults are shown,", "   whatever it is"]),
    ],
)  # fmt: skip
def test_lines_are_cut_where_a_reader_would(text: str, lines: list[str]) -> None:
    assert texts(wrap_line([Span(text)], 32)) == lines


def test_what_is_coloured_stays_coloured() -> None:
    line = [Span("   BROKEN ", "bad"), Span("invariant:", "name"), Span("it holds no more of anything at all")]
    assert wrap_line(line, 30) == [
        [Span("   BROKEN ", "bad"), Span("invariant:", "name"), Span("it holds")],
        [Span("      "), Span("no more of anything at")],
        [Span("      "), Span("all")],
    ]


WORDS = st.lists(st.sampled_from(["a", "words", "  ", "'quoted text'", "(", ")", "x=1,", "\\", "it's"]), max_size=30)


@given(WORDS.map(" ".join), st.integers(1, 40))
def test_nothing_is_lost_but_the_blank_at_a_cut(text: str, width: int) -> None:
    lines = texts(wrap_line([Span(text[:3]), Span(text[3:], "bad")], width))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= width or " " not in line.strip() or "'" in line or width < 20 for line in lines)


@given(st.lists(st.one_of(st.integers(), st.text("ab '\"\\", max_size=9)), max_size=20), st.integers(20, 60))
def test_a_value_on_several_lines_is_the_same_value(value: list[object], width: int) -> None:
    assert ast.literal_eval("\n".join(texts(wrap_line([Span(repr(value))], width)))) == value
