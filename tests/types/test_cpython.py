"""What the package uses of CPython's internals returns the same as the documented interface."""

import json
from dataclasses import dataclass
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli.types.fields import is_generated
from fasm_cli.types.plain import canonical_text, json_writer, ordered_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(PLAIN)
def test_plain_data_is_written_as_json_dumps_writes_it(value: Any) -> None:
    assert ordered_text(value) == json.dumps(value, separators=(",", ":"))
    assert canonical_text(value) == json.dumps(value, separators=(",", ":"), sort_keys=True)


def refuse_arguments(**arguments: Any) -> None:
    raise TypeError("another signature")


@pytest.mark.parametrize("c_make_encoder", [None, refuse_arguments])
@pytest.mark.parametrize("sort_keys", [True, False])
def test_without_the_c_encoder_the_text_is_the_same(
    monkeypatch: pytest.MonkeyPatch, c_make_encoder: Any, sort_keys: bool
) -> None:
    fast = json_writer(sort_keys=sort_keys)
    with monkeypatch.context() as patch:
        patch.setattr(json.encoder, "c_make_encoder", c_make_encoder)
        fallback = json_writer(sort_keys=sort_keys)
    assert isinstance(getattr(fallback, "__self__", None), json.JSONEncoder)

    @given(PLAIN)
    def compare(value: Any) -> None:
        assert fallback(value) == fast(value)

    compare()


@dataclass(frozen=True)
class Generated:
    x: int


@attrs.frozen
class GeneratedByAttrs:
    x: int


class Written:
    def __hash__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Generated.__hash__, True),
        (Generated.__eq__, True),
        (GeneratedByAttrs.__hash__, True),
        (Written.__hash__, False),
        (object.__hash__, False),
        (None, False),
    ],
)
def test_generated_methods_are_recognized(function: Any, expected: bool) -> None:
    assert is_generated(function) is expected
