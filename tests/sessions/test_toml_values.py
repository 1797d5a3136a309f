"""Plain data as TOML text and back."""

import math
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasm_cli.sessions.toml_values import MAX_DEPTH, NotStorable, from_toml, parse_as_json, read_lines, value_text

TEXT = st.text(st.characters(codec=None, exclude_categories=())) | st.sampled_from(
    ["type", "value", "", "a.b", "\ud800"]
)
TAGS = st.sampled_from(["None", "int", "str", "table", "bytes"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | TAGS | st.integers().map(lambda n: n << 70)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner) | st.dictionaries(TEXT, inner) | st.fixed_dictionaries({"type": TAGS, "value": inner})
    ),
    max_leaves=12,
)


def back(plain: Any) -> Any:
    return from_toml(tomllib.loads(f"k = {value_text(plain)}\n")["k"])


def same(a: Any, b: Any) -> bool:
    """Whether both are equal, with the same types and order; nan equals nan, and -0.0 does not equal 0.0."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return bool(a == b)


@given(PLAIN)
def test_value_round_trips(plain: Any) -> None:
    text = value_text(plain)
    assert "\n" not in text
    assert same(back(plain), plain)


@given(st.dictionaries(st.sampled_from(["n", "event", "actions", "state"]), PLAIN))
def test_json_parser_agrees_with_tomllib(values: dict[str, Any]) -> None:
    text = "".join(f"{key} = {value_text(value)}\n" for key, value in values.items())
    found = parse_as_json(text)
    assert found is None or same(found, tomllib.loads(text))


TOKENS = [" = ", "b = ", "{ ", " }", ", ", "[", "]", "a", "1", '"', '"b"', "\n", "\n    ", ",\n", "\n]", "k = ", "."]


@settings(max_examples=300)
@given(
    st.text(st.sampled_from(list('ab1-.e{}[]=, \n"tru:N\\#')), max_size=30)
    | st.lists(st.sampled_from(TOKENS), max_size=12).map("".join)
)
def test_json_parser_accepts_only_toml(value: str) -> None:
    text = f"k = {value}\n"
    found = parse_as_json(text)
    if found is not None:
        assert same(found, tomllib.loads(text))


@pytest.mark.parametrize(
    "value", ['{ "a": 1 }', "{ = 5 = 6 }", "null", "NaN", "[1, Infinity]", '"\x7f"', "[1] [2]", '"a" "b"', "\r1"]
)
def test_json_syntax_is_refused(value: str) -> None:
    with pytest.raises((NotStorable, tomllib.TOMLDecodeError)):
        from_toml(read_lines(f"k = {value}\n".encode())["k"])
    assert parse_as_json(f"k = {value}\n") is None


def test_json_parser_reads_a_plain_block() -> None:
    line = 'actions = [\n    { type = "T", "a b" = [1, -2.5, true], c = {} },\n    [],\n]\nn = 3\nmissing = []\n'
    assert parse_as_json(line) == tomllib.loads(line)
    assert parse_as_json(line) is not None


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        (None, '{ type = "None" }'),
        (True, "true"),
        (2**63 - 1, "9223372036854775807"),
        (2**63, '{ type = "int", value = "9223372036854775808" }'),
        (-(2**63) - 1, '{ type = "int", value = "-9223372036854775809" }'),
        (1e16, "1e+16"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (-0.0, "-0.0"),
        ('a\x00\n"\\é\x7f', '"a\\u0000\\n\\"\\\\é\\u007f"'),
        ("\ud800", '{ type = "str", value = "eda080" }'),
        ({"": 1, "a b": [], "c-d": {}}, '{ "" = 1, "a b" = [], c-d = {} }'),
        ({"type": "None"}, '{ type = "table", value = [["type", "None"]] }'),
        ({"type": "None", "a": 1}, '{ type = "None", a = 1 }'),
        ({"type": "int", "value": "5"}, '{ type = "table", value = [["type", "int"], ["value", "5"]] }'),
        ({"\udfff": None}, '{ type = "table", value = [[{ type = "str", value = "edbfbf" }, { type = "None" }]] }'),
    ],
)
def test_value_text(plain: Any, text: str) -> None:
    assert value_text(plain) == text
    assert same(back(plain), plain)


def test_integer_too_long_for_decimal_conversion() -> None:
    plain = -(7**20_000)
    assert value_text(plain).startswith('{ type = "int", value = "-0x')
    assert back(plain) == plain


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = {"a": value}
    return value


def test_values_round_trip_up_to_the_maximum_depth() -> None:
    assert back(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    with pytest.raises(NotStorable, match="nests deeper than 100 levels"):
        value_text(nested(MAX_DEPTH + 1))


def test_none_counts_as_a_level() -> None:
    for depth, fits in ((MAX_DEPTH - 1, True), (MAX_DEPTH, False)):
        plain = deepest = nested(depth)
        while deepest:
            deepest = deepest["a"]
        deepest.append(None)
        if fits:
            assert back(plain) == plain
        else:
            with pytest.raises(NotStorable):
                value_text(plain)


@pytest.mark.parametrize("plain", [(1,), b"x", {1: 2}, object(), {None: 1}])
def test_value_that_is_not_plain_is_refused(plain: Any) -> None:
    with pytest.raises(NotStorable):
        value_text(plain)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'k = { type = "int", value = "5" }\n', "5 must not be in quotes"),
        (b'k = { type = "int", value = "1_000" }\n', "not an integer: '1_000'"),
        (b'k = { type = "int", value = 5 }\n', "a table of type \"int\" cannot hold '5'"),
        (b'k = { type = "str", value = "xx" }\n', "not text in hexadecimal: 'xx'"),
        (b'k = { type = "table", value = [1] }\n', 'a table of type "table" cannot hold'),
        (b'k = { type = "table", value = [["a", 1], ["a", 2]] }\n', 'a table of type "table" cannot hold'),
        (b"k = 9223372036854775808\n", "a number beyond 64 bits must be in quotes"),
        (b"k = 2020-01-01\n", "a date must be in quotes"),
        (b"k = " + b"9" * 5000 + b"\n", "is not allowed outside of quotes"),
        (b"k = { a.b.c = 1 }\n", "'.b.' is not allowed outside of quotes"),
        (b"k = 'a'\n", '"\'" is not allowed outside of quotes'),
        (b"k = 1 # one\n", "'#' is not allowed outside of quotes"),
        (b"k.a = 1\n", "it is not made of `key = value` lines"),
        (b"k = \xff\n", "it is not UTF-8"),
        (b"k = " + b"[" * 5000 + b"]" * 5000 + b"\n", "it nests deeper than 100 levels"),
    ],
)
def test_value_that_no_session_contains_is_refused(line: bytes, why: str) -> None:
    with pytest.raises(NotStorable) as refused:
        from_toml(read_lines(line)["k"])
    assert why in str(refused.value)


def test_duplicate_key_is_refused() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        read_lines(b"k = 1\nk = 2\n")
    with pytest.raises(tomllib.TOMLDecodeError):
        read_lines(b"k = { a = 1, a = 2 }\n")
