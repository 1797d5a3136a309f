"""Reads the fields of dataclasses and attrs classes in the same way, without importing attrs."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass
from dataclasses import fields as dataclass_fields
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, dataclass_transform

REQUIRED: Any = MISSING
T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """A dataclass with slots that a type checker treats as frozen, for values that are created in hot loops.

    `@dataclass(frozen=True)` assigns each field through `object.__setattr__`, which makes creating an instance about
    three times slower; a simulation creates one or two for each step.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


class DeclaredField(NamedTuple):
    """A field as its class declares it.

    default: a function without arguments that returns the default, or `REQUIRED`.
    in_init: the constructor takes the field.
    hashed: a generated `__hash__` reads the field.
    """

    name: str
    default: Callable[[], Any] | Any
    in_init: bool
    hashed: bool


def is_record(cls: type) -> bool:
    """Whether `cls` is a dataclass or an attrs class."""
    return hasattr(cls, "__dataclass_fields__") or hasattr(cls, "__attrs_attrs__")


def _field_names(cls: type) -> tuple[str, ...]:
    """The names of the fields of a class in the order of declaration; empty if it is not a record."""
    if hasattr(cls, "__dataclass_fields__"):
        return tuple([field.name for field in dataclass_fields(cls)])
    return tuple([field.name for field in getattr(cls, "__attrs_attrs__", ())])


# The cache is bounded, so that classes of reloaded machines do not accumulate. mypy rejects `type` as a cache key.
field_names: Callable[[type], tuple[str, ...]] = lru_cache(maxsize=256)(_field_names)


def declared_fields(cls: Any) -> Iterator[DeclaredField]:
    """The fields of a record class in the order of declaration."""
    if hasattr(cls, "__dataclass_fields__"):
        for item in dataclass_fields(cls):
            default = item.default_factory if item.default is MISSING else _constant(item.default)
            yield DeclaredField(item.name, default, item.init, bool(item.compare if item.hash is None else item.hash))
        return
    for item in cls.__attrs_attrs__:
        factory = getattr(item.default, "factory", None) or _constant(item.default)
        default = REQUIRED if repr(item.default) == "NOTHING" else factory
        yield DeclaredField(item.name, default, item.init, bool(item.eq if item.hash is None else item.hash))


def is_frozen(cls: type) -> bool:
    """Whether a record class refuses assignment to its fields.

    Only dataclasses publish this. A frozen attrs class refuses an undeclared attribute with `FrozenInstanceError`.
    """
    params = getattr(cls, "__dataclass_params__", None)
    if params is not None:
        return bool(params.frozen)
    try:
        setattr(object.__new__(cls), "_fasm_probe", None)  # noqa: B010 - the name is not declared
    except Exception as error:
        return type(error).__name__ == "FrozenInstanceError"
    return False


def compares_fields(cls: type) -> bool:
    """Whether `==` of a dataclass compares every field; then equal values need no second comparison."""
    params = getattr(cls, "__dataclass_params__", None)
    if params is None or not params.eq:
        return False
    own = vars(cls).get("__eq__")
    return (own is None or is_generated(own)) and all(field.compare for field in dataclass_fields(cls))


def is_generated(function: Any) -> bool:
    """Whether dataclasses or attrs generated a method; False for a method that the author wrote.

    Both compile methods from text, under a file name such as `<string>` or `<attrs generated hash Point>`. If a later
    version stops doing so, methods count as written by the author, which is the safe answer: no shortcut is taken.
    """
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename.startswith("<")


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value
