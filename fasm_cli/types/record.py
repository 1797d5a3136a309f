"""Value classes that are created in hot loops."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """A dataclass with slots that a type checker treats as frozen.

    `@dataclass(frozen=True)` assigns each field through `object.__setattr__`, which makes creating an instance about
    three times slower; a simulation creates one or two for each step.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
