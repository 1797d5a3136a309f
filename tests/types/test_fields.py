"""Fields of dataclasses and attrs classes are read in the same way."""

from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar

import attrs
import pytest

from fasm_cli.types.fields import (
    REQUIRED,
    DeclaredField,
    compares_fields,
    declared_fields,
    field_names,
    is_frozen,
    is_record,
)


@dataclass
class Point:
    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list, compare=False)
    limit: ClassVar[int] = 9
    scale: InitVar[int] = 1
    length: int = field(init=False, default=0, hash=False)


@attrs.define
class PointByAttrs:
    x: int
    y: int = 2
    tags: list[str] = attrs.field(factory=list, eq=False)
    limit: ClassVar[int] = 9
    length: int = attrs.field(init=False, default=0, hash=False)


@dataclass(frozen=True)
class Frozen:
    x: int


@attrs.frozen
class FrozenByAttrs:
    x: int


@attrs.frozen(slots=False)
class FrozenInDict:
    x: int


@attrs.define
class Guarded:
    x: int

    def __setattr__(self, name: str, value: object) -> None:
        raise ValueError(name)


class Plain:
    x = 1


@pytest.mark.parametrize("cls", [Point, PointByAttrs])
def test_the_fields_of_a_record(cls: Any) -> None:
    assert is_record(cls)
    assert field_names(cls) == ("x", "y", "tags", "length")
    x, y, tags, length = declared_fields(cls)
    assert x == DeclaredField("x", REQUIRED, in_init=True, hashed=True)
    assert (y.default(), tags.default(), length.default()) == (2, [], 0)
    assert [each.hashed for each in (y, tags, length)] == [True, False, False]
    assert [each.in_init for each in (y, tags, length)] == [True, True, False]


def test_a_class_without_declared_fields_is_no_record() -> None:
    assert not is_record(Plain)
    assert field_names(Plain) == ()


@pytest.mark.parametrize(
    ("cls", "frozen"),
    [
        (Point, False),
        (PointByAttrs, False),
        (attrs.make_class("Empty", {}), False),
        (Guarded, False),
        (Frozen, True),
        (FrozenByAttrs, True),
        (FrozenInDict, True),
        (attrs.make_class("FrozenEmpty", {}, frozen=True), True),
    ],
)
def test_frozen_classes_are_recognized(cls: type, frozen: bool) -> None:
    assert is_frozen(cls) is frozen


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_dataclass_is_recognized_without_its_parameters(frozen: bool) -> None:
    cls: Any = dataclass(frozen=frozen)(type("Point", (), {"__annotations__": {"x": int}}))
    del cls.__dataclass_params__
    assert is_frozen(cls) is frozen
    assert not compares_fields(cls)


@dataclass
class ComparesSome:
    x: int
    y: int = field(default=0, compare=False)


@dataclass
class ComparesItself:
    x: int

    def __eq__(self, other: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (Frozen, True),
        (ComparesSome, False),
        (ComparesItself, False),
        (dataclass(eq=False)(type("ByIdentity", (), {})), False),
        (FrozenByAttrs, False),
    ],
)
def test_classes_whose_equality_is_exact(cls: type, expected: bool) -> None:
    assert compares_fields(cls) is expected
