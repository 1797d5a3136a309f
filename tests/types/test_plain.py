"""Plain data is written as `json` writes it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasm_cli.types import plain
from fasm_cli.types.plain import canonical_text, ordered_text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
PLAIN = st.recursive(SCALARS, lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside), max_leaves=10)


@given(PLAIN)
def test_as_json_does(value: Any) -> None:
    assert ordered_text(value) == json.dumps(value, separators=(",", ":"))
    assert canonical_text(value) == json.dumps(value, separators=(",", ":"), sort_keys=True)


def test_also_where_python_has_it_not_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    assert plain._writer(sort_keys=True)({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"\\u00e9"]}'
