"""A long value over several lines is still the value."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli.cli.render.writer import ONE_LINE, outline
from fasm_cli.types.codec import format_value

LONG = "x" * 90
SCALARS = st.one_of(st.integers(), st.text(max_size=30), st.booleans(), st.none(), st.floats(allow_nan=False))
VALUES = st.recursive(
    SCALARS.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.dictionaries(st.text(max_size=10), inner, max_size=6),
        st.tuples(inner),
        st.tuples(inner, inner),
    ),
    max_leaves=40,
)


@given(VALUES)
def test_the_lines_are_the_value(value: Any) -> None:
    lines = outline(format_value(value))
    assert ast.literal_eval("\n".join(lines)) == value


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A(b=1)", ["A(b=1)"]),
        (f"A(b={LONG!r}, c=[1, 2], d={{3: (4,)}})", ["A(", f"   b={LONG!r},", "   c=[1, 2],", "   d={3: (4,)},", ")"]),
        (f"{{1: {'(' * 110!r}}}", ["{", f"   1: {'(' * 110!r},", "}"]),
        ("x" * (ONE_LINE + 1), ["x" * (ONE_LINE + 1)]),
    ],
)  # fmt: skip
def test_a_part_has_a_line(text: str, lines: list[str]) -> None:
    assert outline(text) == lines
