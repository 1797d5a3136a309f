"""Generates Python functions for schemas, as dataclasses generates methods: fields are accessed without a loop.

`FunctionSource` compiles one function; `PerSchema` keeps one function for each schema. Encoders, decoders and the
copiers below are made with both.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, assert_never, cast

from fasm_cli.contract.constraints import Between, Text
from fasm_cli.types.fields import is_frozen
from fasm_cli.types.scalars import LARGEST, Scalar
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    is_immutable,
)

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


# --- copiers ---

Copier = Callable[[Any], Any]


class CopierCache:
    """Copiers for the schemas of one machine, faster than `copy.deepcopy`.

    A copy shares with the original whatever cannot change: scalars, enums, and frozen records of such. A value that
    does not match its schema is returned or copied in part.
    """

    def __init__(self) -> None:
        self.of = PerSchema[Copier](self._make).of

    def _make(self, schema: Schema) -> Copier:
        if is_immutable(schema):
            return _share
        match schema:
            case RecordSchema():
                return self._record(schema)
            case CollectionSchema(cls=kind, item=item) if is_immutable(item):
                return kind
            case CollectionSchema(cls=kind, item=item):
                copy = self.of(item)
                return lambda values: kind([copy(value) for value in values])
            case DictSchema(value=value) if is_immutable(value):
                return dict
            case DictSchema(value=value):
                copy = self.of(value)
                return lambda pairs: {key: copy(item) for key, item in pairs.items()}
            case TupleSchema(items=items):
                copiers = [self.of(item) for item in items]
                return lambda values: tuple([copy(value) for copy, value in zip(copiers, values, strict=True)])
            case UnionSchema(members=members):
                by_class: dict[type, Copier] = {member.cls: self.of(member) for member in members.values()}
                return lambda value: by_class.get(type(value), _share)(value)
            case NoneSchema() | ScalarSchema() | EnumSchema() | DatabaseSchema():
                return _share  # not reached: these are immutable
        assert_never(schema)

    def _record(self, schema: RecordSchema) -> Copier:
        source = FunctionSource(kind=schema.cls, new=object.__new__, assign=object.__setattr__)
        frozen = is_frozen(schema.cls)
        body = ["if type(value) is not kind: return value", "copied = new(kind)"]
        for field in schema.fields:
            part = f"value.{field.name}"
            if not is_immutable(field.schema):
                part = f"{source.name(self.of(field.schema))}({part})"
            body.append(f"assign(copied, {field.name!r}, {part})" if frozen else f"copied.{field.name} = {part}")
        return source.compile("value", [*body, "return copied"])


def _share(value: Any) -> Any:
    return value
