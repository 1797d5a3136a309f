"""The shape of a declared type: what a value may look like, read once from the author's annotations.

Everything that treats values by type starts here: the codec, the generator, the REPL's completion, `describe`. A type
that has no shape is refused when the machine is loaded, with the path to it and what to write in its place.
"""

import enum
import types
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Annotated, Any, ForwardRef, Literal, NewType, Union, get_args, get_origin, get_type_hints

from fasm_cli.core.codec.scalars import SCALARS, Scalar
from fasm_cli.core.constraints import Between, Constraint, OneOf, Size, Text

REQUIRED: Any = MISSING


class Unsupported(Exception):
    """The annotation at `path` has no shape; the text says why and what to write."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}")


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


class Shapes:
    """Reads annotations into shapes; one instance for each machine, so that a class has one shape everywhere."""

    def __init__(self) -> None:
        self.records: dict[type, Record] = {}
        self.members: dict[str, type] = {}  # every record and enum met, by the name it is written with

    def of(self, annotation: Any, path: str, constraints: tuple[Constraint, ...] = ()) -> Shape:
        """The shape of `annotation`. Raises `Unsupported` with `path` in front."""
        annotation, constraints = _unwrapped(annotation, constraints)
        origin = get_origin(annotation)
        if annotation is None or annotation is type(None):
            shape: Shape = Nothing(annotation)
        elif annotation in SCALARS:
            shape = Plain(annotation, scalar=SCALARS[annotation])
        elif origin in (Union, types.UnionType):
            shape = self._choice(annotation, path)
        elif origin in (list, set, frozenset) and len(get_args(annotation)) == 1:
            shape = self._sequence(annotation, origin, path)
        elif origin is tuple:
            shape = self._tuple(annotation, path)
        elif origin is dict:
            shape = self._mapping(annotation, path)
        elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
            shape = Member(annotation, cls=annotation)
            self._register(annotation, path)
        elif isinstance(annotation, type) and _is_record(annotation):
            shape = self._record(annotation, path)
        else:
            raise Unsupported(path, _why_not(annotation))
        _check_constraints(shape, constraints, path)
        shape.constraints += constraints
        return shape

    def _register(self, kind: type, path: str) -> None:
        known = self.members.setdefault(kind.__name__, kind)
        if known is not kind:
            where = f"{known.__module__}.{known.__qualname__} and {kind.__module__}.{kind.__qualname__}"
            raise Unsupported(path, f"two types are called {kind.__name__} ({where}); rename one of them")
        if kind.__name__ in _RESERVED:
            raise Unsupported(path, f"the name {kind.__name__} is taken by a built-in type; rename the class")

    def _record(self, kind: type, path: str) -> Record:
        shared = self.records.get(kind)
        if shared is None:
            self._register(kind, path)
            shared = self.records[kind] = Record(kind, cls=kind)
            shared.fields = tuple(self._fields(kind))
        return shared

    def _fields(self, kind: type) -> Iterator[Field]:
        try:
            hints = get_type_hints(kind, include_extras=True)
        except (NameError, TypeError, AttributeError) as error:
            raise Unsupported(kind.__name__, f"its annotations cannot be resolved: {error}") from error
        for name, default, init in _declared_fields(kind):
            path = f"{kind.__name__}.{name}"
            if name.startswith("_"):
                raise Unsupported(path, "a stored field has no leading underscore; rename it")
            if not init:
                raise Unsupported(path, "init=False: the codec could not build the value again; make it a property")
            yield Field(name, self.of(hints[name], path), default)

    def _sequence(self, annotation: Any, origin: type, path: str) -> Sequence:
        item = self.of(get_args(annotation)[0], f"{path}[]")
        if origin is not list:
            self._need_hashable(item, path, "an element of a set")
        return Sequence(annotation, cls=origin, item=item)

    def _tuple(self, annotation: Any, path: str) -> Shape:
        args = get_args(annotation)
        if len(args) == 2 and args[1] is Ellipsis:
            return Sequence(annotation, cls=tuple, item=self.of(args[0], f"{path}[]"))
        return Fixed(annotation, items=tuple(self.of(arg, f"{path}[{at}]") for at, arg in enumerate(args)))

    def _mapping(self, annotation: Any, path: str) -> Mapping:
        key, value = get_args(annotation)
        shape = Mapping(annotation, key=self.of(key, f"{path} key"), value=self.of(value, f"{path}[…]"))
        self._need_hashable(shape.key, path, "a key of a dict")
        return shape

    def _choice(self, annotation: Any, path: str) -> Choice:
        members: dict[str, Shape] = {}
        for arg in get_args(annotation):
            shape = self.of(arg, path)
            for member in shape.members.values() if isinstance(shape, Choice) else (shape,):
                tag = tag_of(member)
                if tag in members:
                    raise Unsupported(path, f"two members of the union are a {tag}; give them classes of their own")
                members[tag] = member
        return Choice(annotation, members=members)

    @staticmethod
    def _need_hashable(shape: Shape, path: str, role: str) -> None:
        wrong = unhashable(shape)
        if wrong:
            raise Unsupported(path, f"{wrong} cannot be {role}: it has no hash; write @dataclass(frozen=True)")


def unhashable(shape: Shape) -> str:
    """The name of the first type in `shape` that has no hash, or an empty string."""
    match shape:
        case Record(cls=kind) if getattr(kind, "__hash__", None) is None:
            return kind.__name__
        case Sequence(cls=kind) if kind in (list, set):
            return kind.__name__
        case Mapping():
            return "dict"
        case Sequence(item=item):
            return unhashable(item)
        case Fixed(items=items):
            return next(filter(None, map(unhashable, items)), "")
        case Choice(members=members):
            return next(filter(None, map(unhashable, members.values())), "")
    return ""


_RESERVED = {kind.__name__ for kind in SCALARS} | {"None", "list", "tuple", "set", "frozenset", "dict", "timezone"}
_BARE = {
    list: "list[int]",
    set: "set[str]",
    frozenset: "frozenset[str]",
    tuple: "tuple[int, ...]",
    dict: "dict[str, int]",
}


def _unwrapped(annotation: Any, constraints: tuple[Constraint, ...]) -> tuple[Any, tuple[Constraint, ...]]:
    while True:
        if get_origin(annotation) is Annotated:
            inner, *extras = get_args(annotation)
            constraints += tuple(extra for extra in extras if isinstance(extra, Constraint))
            annotation = inner
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = …`, Python 3.12 and later
            annotation = annotation.__value__
        else:
            return annotation, constraints


def _why_not(annotation: Any) -> str:
    if annotation is Any or annotation is object:
        return "Any says nothing about the value; name the type, or a union of the types it may be"
    if annotation in _BARE:
        return f"a bare {annotation.__name__} does not say of what; write {_BARE[annotation]}"
    if isinstance(annotation, str | ForwardRef):
        return f"the annotation {annotation!r} was not resolved; put the class at the top of the module"
    if get_origin(annotation) is Literal:
        return "Literal is not supported; use an enum, or Annotated[str, OneOf(...)]"
    if isinstance(annotation, type) and issubclass(annotation, tuple):
        return f"{annotation.__name__} is a NamedTuple; write it as a @dataclass(frozen=True)"
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    known = ", ".join(kind.__name__ for kind in SCALARS)
    return (
        f"the codec does not know {name}; use dataclasses, enums, None, {known}, "
        "and lists, tuples, sets, dicts and unions of them"
    )


def _is_record(kind: type) -> bool:
    return hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__attrs_attrs__")


def _declared_fields(kind: Any) -> Iterator[tuple[str, Any, bool]]:
    if hasattr(kind, "__dataclass_fields__"):
        for item in dataclass_fields(kind):
            default = item.default_factory if item.default_factory is not MISSING else item.default
            constant = item.default_factory is MISSING and item.default is not MISSING
            yield item.name, (lambda value=item.default: value) if constant else default, item.init
        return
    for item in kind.__attrs_attrs__:  # read by its documented protocol: core need not import attrs
        made = getattr(item.default, "factory", None)
        if repr(item.default) == "NOTHING":
            yield item.name, REQUIRED, item.init
        else:
            yield item.name, made or (lambda value=item.default: value), item.init


def _check_constraints(shape: Shape, constraints: tuple[Constraint, ...], path: str) -> None:
    for limit in constraints:
        sized = isinstance(shape, Sequence | Mapping) or (isinstance(shape, Plain) and shape.scalar.cls is bytes)
        text = isinstance(shape, Plain) and shape.scalar.cls is str
        fits = {Text: text, Size: sized, Between: isinstance(shape, Plain), OneOf: isinstance(shape, Plain | Member)}[
            type(limit)
        ]
        if fits and isinstance(limit, Between) and isinstance(shape, Plain):
            fits = isinstance(limit.low, int | shape.scalar.cls) and isinstance(limit.high, int | shape.scalar.cls)
        if not fits:
            raise Unsupported(
                path, f"{limit} does not apply to {getattr(shape.annotation, '__name__', shape.annotation)}"
            )
