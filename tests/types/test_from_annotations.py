"""Annotations become schemas; an unsupported one is refused with its path, the reason and what to write instead."""

# ruff: noqa: F722, F821, UP006, UP007, UP045 - the tests need the old spellings

import sys
import typing
from collections import namedtuple
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, Union

import attrs
import pytest

from fasm_cli import Between, OneOf, Size, Text
from fasm_cli.types.codec import Codec, SchemaRegistry, Unsupported
from fasm_cli.types.description import type_text

KNOWN = "None, bool, int, float, str, bytes, Decimal, UUID, date, datetime, time, timedelta"
NEW_YEAR = datetime(2024, 1, 1)
Cents = NewType("Cents", int)
Price = Annotated[Cents, Between(0, 10)]


class Color(Enum):
    RED = 1


@dataclass
class Open:
    x: int = 0


@dataclass(frozen=True)
class Closed:
    x: int = 0


@dataclass(frozen=True)
class ClosedList:
    x: list[int]


@dataclass(frozen=True)
class ClosedNote:
    x: int
    note: list[int] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class Chain:
    next: Optional["Chain"] = None


@dataclass(eq=False)
class Identity:
    x: list[int]


class Pair(NamedTuple):
    a: int


@dataclass
class Private:
    _x: int = 0


@dataclass
class Derived:
    x: int = field(init=False, default=0)


@dataclass
class NeedsMore:
    x: int
    seed: InitVar[int]


@dataclass
class MayTakeMore:
    x: int
    seed: InitVar[int] = 0


@dataclass(init=False)
class Unbuilt:
    x: int = 0


@attrs.define
class Aliased:
    x: int = attrs.field(alias="y")


@attrs.define
class AttrsDerived:
    x: int = attrs.field(init=False, default=1)


@attrs.define
class AttrsUnhashed:
    x: int = 0


@dataclass
class Lost:
    x: "NoSuchType"


@dataclass
class Broken:
    x: "int |"


@dataclass
class Deep:
    rows: dict[str, list[tuple[int, Any]]]


@dataclass
class Twin:
    x: int


FirstTwin = Twin


@dataclass
class Twin:
    y: int


@dataclass
class UUID:
    x: int


def refused(annotation: Any) -> str:
    with pytest.raises(Unsupported) as caught:
        SchemaRegistry().of(annotation, "State.x")
    return str(caught.value)


def unknown(name: str) -> str:
    return (
        f"State.x: {name} cannot be stored; use dataclasses, enums, {KNOWN}, "
        "and lists, tuples, sets, dicts and unions of them"
    )


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        (Any, "State.x: Any does not say what the value is; name the type, or a union of types"),
        (object, "State.x: Any does not say what the value is; name the type, or a union of types"),
        (list, "State.x: list does not name the type of its elements; write for example list[int]"),
        (set, "State.x: set does not name the type of its elements; write for example set[str]"),
        (frozenset, "State.x: frozenset does not name the type of its elements; write for example frozenset[str]"),
        (tuple, "State.x: tuple does not name the type of its elements; write for example tuple[int, ...]"),
        (dict, "State.x: dict does not name the type of its elements; write for example dict[str, int]"),
        (typing.Dict, "State.x: dict does not name the type of its elements; write for example dict[str, int]"),
        (typing.Tuple, "State.x: tuple does not name the type of its elements; write for example tuple[int, ...]"),
        (list | None, "State.x: list does not name the type of its elements; write for example list[int]"),
        ("int", "State.x: the annotation 'int' cannot be resolved; move the class to the top level of the module"),
        (
            list["Order"],
            "State.x[]: the annotation 'Order' cannot be resolved; move the class to the top level of the module",
        ),
        (Literal["a"], "State.x: Literal is not supported; use an enum, or Annotated[str, OneOf(...)]"),
        (Pair, "State.x: Pair is a NamedTuple; write it as a @dataclass(frozen=True)"),
        (namedtuple("Old", "a"), "State.x: Old is a NamedTuple; write it as a @dataclass(frozen=True)"),
        (complex, unknown("complex")),
        (range, unknown("range")),
        (dict[str], unknown("dict[str]")),
        ([int], unknown("[<class 'int'>]")),
        (type[int], unknown("type[int]")),
        (int | complex, unknown("complex")),
        (tuple[int, complex], unknown("complex").replace("State.x", "State.x[1]")),
        (tuple[complex, ...], unknown("complex").replace("State.x", "State.x[]")),
        (dict[complex, int], unknown("complex").replace("State.x", "State.x key")),
        (dict[str, complex], unknown("complex").replace("State.x", "State.x[…]")),
        (Deep, "Deep.rows[…][][1]: Any does not say what the value is; name the type, or a union of types"),
        (list[int] | list[str], "State.x: two members of the union are a list; give each a class of its own"),
        (
            tuple[int] | tuple[int, ...] | None,
            "State.x: two members of the union are a tuple; give each a class of its own",
        ),
        (set[list[int]], "State.x: list cannot be an element of a set: it has no hash; write tuple[…, ...]"),
        (set[set[int]], "State.x: set cannot be an element of a set: it has no hash; write frozenset[…]"),
        (
            frozenset[tuple[int, dict[int, int]]],
            "State.x: dict cannot be an element of a set: it has no hash; write a tuple of pairs",
        ),
        (dict[Open, int], "State.x: Open cannot be a key of a dict: it has no hash; write @dataclass(frozen=True)"),
        (
            dict[tuple[Open | None, ...], int],
            "State.x: Open cannot be a key of a dict: it has no hash; write @dataclass(frozen=True)",
        ),
        (dict[ClosedList, int], "State.x: list cannot be a key of a dict: it has no hash; write tuple[…, ...]"),
        (
            set[AttrsUnhashed],
            "State.x: AttrsUnhashed cannot be an element of a set: it has no hash; write @dataclass(frozen=True)",
        ),
        (Private, "Private._x: the name of a stored field must not begin with an underscore; rename it"),
        (Derived, "Derived.x: init=False: the decoder passes every field to the constructor; write it as a property"),
        (
            AttrsDerived,
            "AttrsDerived.x: init=False: the decoder passes every field to the constructor; write it as a property",
        ),
        (NeedsMore, "NeedsMore: NeedsMore() requires seed, which is not a field; give it a default"),
        (Unbuilt, "Unbuilt.x: Unbuilt() has no parameter of this name"),
        (Aliased, "Aliased.x: Aliased() has no parameter of this name"),
        (Lost, "Lost: its annotations cannot be resolved: name 'NoSuchType' is not defined"),
        (UUID, "State.x: UUID is the name of a built-in type; rename the class"),
    ],
)
def test_unsupported_annotation_is_refused_with_its_path(annotation, why):
    assert refused(annotation) == why


def test_annotation_with_a_syntax_error_is_refused():
    assert refused(Broken).startswith("Broken: its annotations cannot be resolved: ")


def test_two_classes_with_the_same_name_are_refused():
    where = f"{__name__}.Twin and {__name__}.Twin"
    assert refused(FirstTwin | Twin) == f"State.x: two types have the name Twin ({where}); rename one of them"


@pytest.mark.parametrize(
    "annotation",
    [
        dict[Closed, int],
        dict[ClosedNote, int],
        set[Chain],
        set[Identity],
        MayTakeMore,
        tuple[()],
        Optional[list[int]],
        Union[int, None],
        dict[Color | Closed | None, set[tuple[int, ...]]],
    ],
)
def test_supported_annotation_has_a_schema(annotation):
    assert SchemaRegistry().of(annotation, "T").annotation is not None


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Cents, "int"),
        (Price, "int Between(low=0, high=10)"),
        (list[Price], "list[int Between(low=0, high=10)]"),
        (
            Annotated[Annotated[str, Text(1, 2)], "a note", OneOf("a", "b")],
            "str Text(min=1, max=2, alphabet='') OneOf(values=('a', 'b'))",
        ),
        (Optional[Cents], "int | None"),
        (Union[int, Union[str, None]], "int | str | None"),
        (typing.List[int], "list[int]"),
        (Annotated[dict[str, Price], Size(1, 2)], "dict[str, int Between(low=0, high=10)] Size(min=1, max=2)"),
    ],
)
def test_wrappers_do_not_change_the_type(annotation, text):
    assert type_text(SchemaRegistry().of(annotation, "T")) == text


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`type X = …` is Python 3.12")
def test_type_statement_does_not_change_the_type():
    names: dict[str, Any] = {"Between": Between, "Annotated": Annotated}
    exec(
        "type Small = Annotated[int, Between(0, 9)]\n"
        "type Maybe = Small | None\n"
        "type Tree = int | list[Tree]\n"
        "type Both[T] = tuple[T, T]\n",
        names,
    )
    registry = SchemaRegistry()
    schema = registry.of(list[names["Maybe"]], "T")
    assert type_text(schema) == "list[int Between(low=0, high=9) | None]"
    assert Codec(registry).validate(schema, [1, None]) == [1, None]
    assert refused(names["Tree"]).endswith(": a type alias that contains itself never ends; write it as a @dataclass")
    assert refused(names["Both"][int]) == unknown("Both[int]")


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        (Annotated[int, Between(1, 2.5)], "Between(low=1, high=2.5) does not apply to int"),
        (Annotated[str, Between(1, 2)], "Between(low=1, high=2) does not apply to str"),
        (Annotated[bool, Between(0, 1)], "Between(low=0, high=1) does not apply to bool"),
        (Annotated[bytes, Between(0, 1)], "Between(low=0, high=1) does not apply to bytes"),
        (Annotated[int, Between(0.5, 1)], "Between(low=0.5, high=1) does not apply to int"),
        (Annotated[int, Between(False, True)], "Between(low=False, high=True) does not apply to int"),
        (Annotated[datetime, Between(0, 1)], "Between(low=0, high=1) does not apply to datetime"),
        (
            Annotated[date, Between(NEW_YEAR, NEW_YEAR)],
            f"Between(low={NEW_YEAR!r}, high={NEW_YEAR!r}) does not apply to date",
        ),
        (Annotated[int | None, Between(0, 1)], "Between(low=0, high=1) does not apply to int | None"),
        (Annotated[list[int], Between(0, 1)], "Between(low=0, high=1) does not apply to list"),
        (Annotated[int, Text()], "Text(min=0, max=20, alphabet='') does not apply to int"),
        (Annotated[str, Size()], "Size(min=0, max=5) does not apply to str"),
        (Annotated[int, OneOf(1, "2")], "OneOf(values=(1, '2')) does not apply to int"),
        (Annotated[int, OneOf(True)], "OneOf(values=(True,)) does not apply to int"),
        (Annotated[Color, OneOf(1)], "OneOf(values=(1,)) does not apply to Color"),
        (Annotated[Open, OneOf(Open())], "OneOf(values=(Open(x=0),)) does not apply to Open"),
        (Annotated[Open, Size(1, 2)], "Size(min=1, max=2) does not apply to Open"),
    ],
)
def test_inapplicable_constraint_is_refused(annotation, why):
    assert refused(annotation).replace("list[int]", "list") == f"State.x: {why}"
