"""Generated values of types that contain themselves, that must be of a size, or that refuse what is drawn."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import pytest

from fasm_cli import Between, Chooser, Size
from fasm_cli.errors import MachineError
from fasm_cli.types.codec import Codec, SchemaRegistry
from fasm_cli.types.generate import Generators


@dataclass
class Tree:
    kids: "dict[str, Tree]"


@dataclass
class Literal:
    value: int


@dataclass
class Sum:
    left: "Sum | Literal"
    right: "Sum | Literal"


@dataclass
class Nest:
    inside: "list[Nest]"


@dataclass
class Picky:
    value: int

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("below zero")


@dataclass
class Never:
    value: int

    def __post_init__(self) -> None:
        raise ValueError("never")


def drawn(annotation: Any, times: int = 100) -> list[Any]:
    registry = SchemaRegistry()
    schema = registry.of(annotation, "Input")
    draw, choose = Generators().of(schema), Chooser(1)
    values = [draw(choose) for _ in range(times)]
    for value in values:
        Codec(registry).encode(schema, value)
    return values


@pytest.mark.parametrize(
    "annotation",
    [
        Tree,
        Sum,
        Nest,
        Picky,
        Annotated[dict[bool, int], Size(2, 2)],
        Annotated[dict[int, int], Size(4, 5)],
        Annotated[set[int], Size(10, 12)],
        Annotated[timedelta, Between(timedelta.min, timedelta.max)],
    ],
    ids=str,
)
def test_every_value_fits_its_type(annotation: Any) -> None:
    assert len(drawn(annotation)) == 100


def test_a_wide_range_of_floats_gives_more_than_its_bounds() -> None:
    values = drawn(Annotated[float, Between(-1.7e308, 1.7e308)])
    assert len({value for value in values if abs(value) < 1.7e308}) > 90


def test_a_class_that_refuses_everything_is_named() -> None:
    with pytest.raises(MachineError) as caught:
        drawn(Never, 1)
    assert caught.value.message == "Never refuses every generated value: ValueError: never"
