"""The shape of a declared type: what a value may look like. How it is read from annotations is in `annotations`.

Everything that treats values by type starts here: the codec, the generator, the REPL's completion, `describe`.
"""

import enum
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field
from typing import Any

from fasm_cli.contract.constraints import Constraint
from fasm_cli.types.scalars import Scalar

REQUIRED: Any = MISSING


@dataclass(eq=False, slots=True)
class Shape:
    """Base; `annotation` is what the author wrote, `constraints` what stood beside it in `Annotated`."""

    annotation: Any
    constraints: tuple[Constraint, ...] = ()


@dataclass(eq=False, slots=True)
class Nothing(Shape):
    """None."""


@dataclass(eq=False, slots=True)
class Plain(Shape):
    """A scalar: one row of `scalars`."""

    scalar: Scalar = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Member(Shape):
    """An enum; stored by the name of the member."""

    cls: type[enum.Enum] = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Field:
    name: str
    shape: Shape
    default: Any  # REQUIRED, or a function without arguments that makes it
    hashed: bool = True  # the hash of the class, where it is a generated one, reads it


@dataclass(eq=False, slots=True)
class Record(Shape):
    """A dataclass or attrs class; its fields are filled in once known, so that a type may contain itself."""

    cls: type = field(kw_only=True)
    fields: tuple[Field, ...] = ()


@dataclass(eq=False, slots=True)
class Sequence(Shape):
    """`list[item]`, `tuple[item, ...]`, `set[item]` or `frozenset[item]`: all of one kind of element."""

    cls: type = field(kw_only=True)
    item: Shape = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Fixed(Shape):
    """`tuple[A, B]`: one shape for each place."""

    items: tuple[Shape, ...] = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Mapping(Shape):
    """`dict[key, value]`."""

    key: Shape = field(kw_only=True)
    value: Shape = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Choice(Shape):
    """A union; each member has a tag of its own."""

    members: dict[str, Shape] = field(kw_only=True)


@dataclass(eq=False, slots=True)
class Relations(Shape):
    """A `Database`: the rows of its tables. Only a field of the state has this shape."""

    rows: Shape = field(kw_only=True)  # what it is stored as: a list of rows for each table, each a dict of columns


NATIVE = (bool, int, float, str)  # plain data tells these apart by itself: no tag in a union


def tag_of(shape: Shape) -> str:
    """The name under which a member of a union is stored and reported."""
    match shape:
        case Nothing():
            return "None"
        case Plain(scalar=scalar):
            return scalar.cls.__name__
        case Member(cls=kind) | Record(cls=kind) | Sequence(cls=kind):
            return kind.__name__
        case Fixed():
            return "tuple"
        case Mapping():
            return "dict"
        case Relations():
            return "Database"
    raise AssertionError(f"a {type(shape).__name__} inside a union is flattened before it is tagged")


def runtime_type(shape: Shape) -> type:
    """The class that values of this shape are instances of (never asked of a union)."""
    match shape:
        case Nothing():
            return type(None)
        case Plain(scalar=scalar):
            return scalar.cls
        case Member(cls=kind) | Record(cls=kind) | Sequence(cls=kind):
            return kind
        case Fixed():
            return tuple
        case Mapping():
            return dict
    raise AssertionError(f"a {type(shape).__name__} has no single class")


def unhashable(shape: Shape, _inside: tuple[Shape, ...] = ()) -> str:
    """The name of the first type in `shape` that has no hash, or an empty string."""
    if shape in _inside:
        return ""
    inside = (*_inside, shape)
    parts: Iterable[Shape] = ()
    match shape:
        case Record(cls=kind, fields=fields):
            hashes: Any = kind.__hash__  # None where there is none, whatever typeshed says
            if hashes is None:
                return kind.__name__
            made = getattr(hashes, "__code__", None)
            if made is not None and made.co_filename.startswith("<"):  # generated: it hashes every field
                parts = [field.shape for field in fields if field.hashed]
        case Sequence(cls=kind) if kind in (list, set):
            return kind.__name__
        case Mapping():
            return "dict"
        case Sequence(item=item):
            parts = (item,)
        case Fixed(items=items):
            parts = items
        case Choice(members=members):
            parts = members.values()
    return next((wrong for part in parts if (wrong := unhashable(part, inside))), "")


def hashable_in_place_of(name: str) -> str:
    """What to write instead of the type that `unhashable` named."""
    return _HASHABLE.get(name, "@dataclass(frozen=True)")


_HASHABLE = {"list": "tuple[…, ...]", "set": "frozenset[…]", "dict": "a tuple of pairs"}
