"""`PerSchema` makes one function for each schema, also after an interruption."""

from collections.abc import Callable
from typing import Any

import pytest

from fasm_cli.types.codec import SchemaRegistry
from fasm_cli.types.codegen import PerSchema
from fasm_cli.types.schema import Schema

SCHEMA = SchemaRegistry().of(int, "it")


def test_a_function_is_made_once_and_may_refer_to_itself() -> None:
    def make(schema: Schema) -> Callable[[Any], Any]:
        inner = functions.of(schema)
        return lambda value: [] if value == 0 else [inner(value - 1)]

    functions: PerSchema[Callable[[Any], Any]] = PerSchema(make)
    assert functions.of(SCHEMA) is functions.of(SCHEMA)
    assert functions.of(SCHEMA)(2) == [[[]]]


def test_a_function_is_made_again_after_an_interruption() -> None:
    calls = 0

    def make(schema: Schema) -> Callable[[Any], Any]:
        nonlocal calls
        calls += 1
        if calls == 1:
            stubs.append(functions.of(schema))
            raise KeyboardInterrupt
        return str

    functions: PerSchema[Callable[[Any], Any]] = PerSchema(make)
    stubs: list[Callable[[Any], Any]] = []
    with pytest.raises(KeyboardInterrupt):
        functions.of(SCHEMA)
    assert functions.of(SCHEMA)(1) == "1"
    assert stubs[0](1) == "1"
