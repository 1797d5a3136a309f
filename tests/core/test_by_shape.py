"""Functions made once for each shape, also where the making is broken off."""

from collections.abc import Callable
from typing import Any

import pytest

from fasm_cli.core.codec import Shapes
from fasm_cli.core.codec.by_shape import ByShape
from fasm_cli.core.codec.shape import Shape

SHAPE = Shapes().of(int, "it")


def test_it_is_made_once_and_meets_itself_while_it_is_made() -> None:
    made: ByShape[Callable[[Any], Any]] = ByShape()

    def make(shape: Shape) -> Callable[[Any], Any]:
        inner = made.of(shape, make)
        return lambda value: [] if value == 0 else [inner(value - 1)]

    assert made.of(SHAPE, make) is made.of(SHAPE, make)
    assert made.of(SHAPE, make)(2) == [[[]]]


def test_what_is_broken_off_is_made_anew() -> None:
    made: ByShape[Callable[[Any], Any]] = ByShape()
    held = []

    def broken(shape: Shape) -> Callable[[Any], Any]:
        held.append(made.of(shape, lambda _: str))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.of(SHAPE, broken)
    assert made.of(SHAPE, lambda _: str)(1) == "1"
