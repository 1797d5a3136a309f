"""Generates Python functions for schemas, as dataclasses generates methods: fields are accessed without a loop.

`FunctionSource` compiles one function; `PerSchema` keeps one function for each schema. Encoders, decoders and copiers
are made with both.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, cast

from fasm_cli.contract.constraints import Between, Text
from fasm_cli.types.scalars import LARGEST, Scalar
from fasm_cli.types.schema import ScalarSchema, Schema

F = TypeVar("F", bound=Callable[[Any], Any])


class FunctionSource:
    """The source of a function with one parameter, and the objects that its names refer to."""

    def __init__(self, **names: Any) -> None:
        self._names = names

    def name(self, value: Any) -> str:
        """Return a new name that refers to `value` in the source."""
        name = f"name_{len(self._names)}"
        self._names[name] = value
        return name

    def convert(self, target: str, expression: str, schema: Schema, convert: Callable[[Any], Any]) -> list[str]:
        """Return the lines that assign the converted value of `expression` to the variable `target`.

        Conversion leaves most values of a state as they are. The lines test for such a value first, if its type allows
        a fast test, and call `convert` only if the test fails.
        """
        function = self.name(convert)
        test = self._fast_test(schema, target)
        if not test:
            return [f"{target} = {function}({expression})"]
        return [f"{target} = {expression}", f"if not ({test}): {target} = {function}({target})"]

    def _fast_test(self, schema: Schema, variable: str) -> str:
        """A test that a value is legal and equals its plain data; '' if there is no fast one.

        A value that fails the test may still be legal.
        """
        match schema:
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=()) if kind in (bool, str):
                return f"type({variable}) is {kind.__name__}"
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=()) if kind is int:
                return f"type({variable}) is int and {self._range_test(variable, -LARGEST, LARGEST)}"
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=(Between(int(low), int(high)),)) if kind is int:
                within = self._range_test(variable, max(low, -LARGEST), min(high, LARGEST))
                return f"type({variable}) is int and {within}"
            case ScalarSchema(scalar=Scalar(cls=kind), constraints=(Text(low, high, ""),)) if kind is str:
                return f"type({variable}) is str and {low} <= len({variable}) <= {high}"
        return ""

    def _range_test(self, variable: str, low: int, high: int) -> str:
        return f"{self.name(low)} <= {variable} <= {self.name(high)}"

    def compile(self, parameter: str, body: Iterable[str]) -> Callable[[Any], Any]:
        """Compile the function. All identifiers in `body` must be names of this source or fields of a class."""
        text = "\n".join([f"def function({parameter}):", *indent(body)])
        exec(text, self._names)
        function: Callable[[Any], Any] = self._names["function"]
        return function


def indent(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


class _Functions(dict[Schema, F]):
    """Makes the function for a schema at its first look-up; every other one is a look-up in a dict."""

    def __init__(self, make: Callable[[Schema], F]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, schema: Schema) -> F:
        def recursive_stub(value: Any) -> Any:
            return self[schema](value)

        try:
            self[schema] = cast(F, recursive_stub)
            self[schema] = function = self._make(schema)
        except BaseException:
            self.pop(schema, None)
            raise
        return function


class PerSchema(Generic[F]):
    """Functions by schema, each made when it is first needed; `of(schema)` returns it.

    `make` may ask for a function that is being made, because a type may contain itself; it receives a stub that looks
    the function up at each call. A function whose construction was interrupted or failed is not kept.
    """

    def __init__(self, make: Callable[[Schema], F]) -> None:
        self.of: Callable[[Schema], F] = _Functions(make).__getitem__
