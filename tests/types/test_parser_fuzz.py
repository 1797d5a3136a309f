"""Any text parses to a value or raises `InputError`; it is never executed."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fasm_cli.errors import InputError
from fasm_cli.types.codec import Codec, SchemaRegistry


class Size(Enum):
    S = 1
    L = 2


@dataclass(frozen=True)
class Point:
    x: int
    y: float = 0.0


@dataclass
class Price:
    price: Decimal | None
    sizes: set[Size]


registry = SchemaRegistry()
ANY = registry.of(Point | Price | Size, "T")
codec = Codec(registry)

WORDS = re.findall(
    r"\S+",
    r"""1 0x 1e999 1_ 1j x= x=1 price= sizes= ** := ... f' b' None inf nan Point Price Size Size.S set frozenset
    Decimal date timedelta UUID timezone.utc ZoneInfo __import__ lambda for in if else await yield not and is""",
)
SIGNS = [*"()[]{},:=.*-+'\"\\#;@! \n\r\t\x00\x0cé日\u2028\ud800"]
pieces = st.lists(st.sampled_from(WORDS) | st.sampled_from(SIGNS), max_size=25).map("".join)


@settings(max_examples=4 * settings().max_examples)
@given(pieces | st.text(st.characters(exclude_categories=()), max_size=30))
@example("__import__('os').system('touch /tmp/fasm-was-here')")
@example("Point(x=__import__('os')._exit(9))")
@example("{Point(x=1): {**{}}}")
@example("{nan, nan}")
@example("timedelta(days=999999999999)")
@example("datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=99)))")
@example("UUID()")
@example("Decimal(value=('a', 1))")
@example("set(1, 2)")
@example("ZoneInfo(1)")
@example("ZoneInfo('\\x00')")
@example("(((((((((1")
@example("\\")
@example("\\\n")
@example("'\\N{NO SUCH}'")
@example("b'é'")
@example("0777")
@example("\ufeff1")
@pytest.mark.filterwarnings("error")
def test_any_text_is_a_value_or_an_input_error(text):
    error = None
    try:
        codec.parse(ANY, text)
    except InputError as refusal:
        error = refusal
    if error is not None:
        assert error.message
        assert "\n" not in error.message
        assert error.column is None or 0 <= error.column <= len(text)


def test_parsing_executes_nothing(tmp_path):
    touched = tmp_path / "touched"
    for text in (
        f"__import__('pathlib').Path({str(touched)!r}).touch()",
        f"open({str(touched)!r}, 'w')",
        f"Point(x=open({str(touched)!r}, 'w'))",
        f"[open({str(touched)!r}, 'w') for x in (1,)]",
        f"(lambda: open({str(touched)!r}, 'w'))()",
        f"f'{{open({str(touched)!r}, 1)}}'",
    ):
        with pytest.raises(InputError):
            codec.parser.parse(text)
    assert not touched.exists()
