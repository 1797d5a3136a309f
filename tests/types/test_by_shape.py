"""Functions made once for each schema, also where the making is broken off."""

from collections.abc import Callable
from typing import Any

import pytest

from fasm_cli.types.codec import SchemaRegistry
from fasm_cli.types.per_schema import PerSchema
from fasm_cli.types.schema import Schema

SCHEMA = SchemaRegistry().of(int, "it")


def test_it_is_made_once_and_meets_itself_while_it_is_made() -> None:
    def make(schema: Schema) -> Callable[[Any], Any]:
        inner = made.of(schema)
        return lambda value: [] if value == 0 else [inner(value - 1)]

    made: PerSchema[Callable[[Any], Any]] = PerSchema(make)
    assert made.of(SCHEMA) is made.of(SCHEMA)
    assert made.of(SCHEMA)(2) == [[[]]]


def test_what_is_broken_off_is_made_anew() -> None:
    tried = 0

    def make(schema: Schema) -> Callable[[Any], Any]:
        nonlocal tried
        tried += 1
        if tried == 1:
            held.append(made.of(schema))
            raise KeyboardInterrupt
        return str

    made: PerSchema[Callable[[Any], Any]] = PerSchema(make)
    held: list[Callable[[Any], Any]] = []
    with pytest.raises(KeyboardInterrupt):
        made.of(SCHEMA)
    assert made.of(SCHEMA)(1) == "1"
    assert held[0](1) == "1"
