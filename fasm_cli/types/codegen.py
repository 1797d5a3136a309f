"""Functions compiled for one schema, as dataclasses compile their methods: no loop over fields, and no call for a part
that is its own plain data, which is most of what a state is made of.
"""

from collections.abc import Callable, Iterable
from typing import Any

from fasm_cli.contract.constraints import Between, Text
from fasm_cli.types.scalars import LARGEST, Scalar
from fasm_cli.types.schema import ScalarSchema, Schema


class Source:
    """The text of a function of one argument, and what the names in it stand for."""

    def __init__(self, **names: Any) -> None:
        self._names = names

    def name(self, value: Any) -> str:
        """A name for `value`."""
        name = f"name_{len(self._names)}"
        self._names[name] = value
        return name

    def fast_test(self, schema: Schema, read: str) -> str:
        """The test that a value, read by the name `read`, is legal and its own plain data; empty where that cannot be
        seen at a glance. A value that fails it may be legal."""
        match schema:
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=()) if kind in (bool, str):
                return f"type({read}) is {kind.__name__}"
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=()) if kind is int:
                return f"type({read}) is int and {self._within(read, -LARGEST, LARGEST)}"
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=(Between(int(low), int(high)),)) if kind is int:
                return f"type({read}) is int and {self._within(read, max(low, -LARGEST), min(high, LARGEST))}"
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=(Text(low, high, ""),)) if kind is str:
                return f"type({read}) is str and {low} <= len({read}) <= {high}"
        return ""

    def _within(self, read: str, low: int, high: int) -> str:
        return f"{self.name(low)} <= {read} <= {self.name(high)}"

    def function(self, argument: str, lines: Iterable[str]) -> Callable[[Any], Any]:
        text = "\n".join([f"def made({argument}):", *indented(lines)])
        exec(text, self._names)  # our own text: what an author called his fields are identifiers
        made: Callable[[Any], Any] = self._names["made"]
        return made


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
