"""Draws random values of a declared type, for machines that do not propose inputs or results themselves.

Values satisfy the declared constraints. Without any, ints are small with an occasional edge case, floats are finite,
datetimes have no time zone, and collections are short. `scalars` says how each scalar is drawn.
"""

from math import inf
from typing import Any, assert_never

from fasm_cli.contract.chooser import Chooser
from fasm_cli.contract.constraints import Between, OneOf, Size, Text
from fasm_cli.errors import MachineError
from fasm_cli.types.codegen import PerSchema
from fasm_cli.types.scalars import LETTERS, Draw, draw_bytes, draw_text
from fasm_cli.types.schema import (
    CollectionSchema,
    DatabaseSchema,
    DictSchema,
    EnumSchema,
    Member,
    NoneSchema,
    RecordSchema,
    ScalarSchema,
    Schema,
    TupleSchema,
    UnionSchema,
    constraint_of,
)

MAX_TRIES = 20  # for a value that the author's class refuses, and for each element that a set already holds
MAX_DEPTH = 4  # collections and unions nested deeper than this are drawn as small as possible


class Generators:
    """Generators for the schemas of one machine, each made once."""

    def __init__(self) -> None:
        self.of = PerSchema[Draw](lambda schema: _draw_constrained(schema) or self._make(schema)).of
        self._depth = 0

    def _make(self, schema: Schema) -> Draw:
        match schema:
            case NoneSchema():
                return lambda _: None
            case ScalarSchema(scalar=scalar):
                return scalar.draw
            case EnumSchema(cls=kind):
                members = list(kind)
                return lambda choose: choose.pick(members)
            case RecordSchema():
                return self._record(schema)
            case CollectionSchema(cls=kind, item=item):
                return self._collection(kind, self.of(item), _size(schema))
            case TupleSchema(items=items):
                draws = [self.of(item) for item in items]
                return lambda choose: tuple([draw(choose) for draw in draws])
            case DictSchema(key=key, value=value):
                return self._dict(self.of(key), self.of(value), _size(schema))
            case UnionSchema(members=members):
                shallowest: Member = min(members.values(), key=min_depth)
                return self._union([self.of(member) for member in members.values()], self.of(shallowest))
            case DatabaseSchema():
                raise AssertionError("only a state has a Database, and states are not drawn")
        assert_never(schema)

    def _record(self, schema: RecordSchema) -> Draw:
        kind = schema.cls
        draws = [(field.name, self.of(field.schema)) for field in schema.fields]
        if not draws:
            return lambda _: kind()

        def draw_record(choose: Chooser) -> Any:
            for _ in range(MAX_TRIES):
                values = {name: draw(choose) for name, draw in draws}
                try:
                    return kind(**values)
                except Exception as error:  # the author's class may refuse values
                    refusal = error
            text = f"{kind.__name__} refuses every generated value: {type(refusal).__name__}: {refusal}"
            raise MachineError(
                text, "declare the legal values with Annotated (Between, OneOf, Text, Size), or write propose"
            )

        return draw_record

    def _collection(self, kind: type, item: Draw, size: Size) -> Draw:
        def draw_collection(choose: Chooser) -> Any:
            self._depth += 1
            try:
                length = self._length(choose, size)
                values = [item(choose) for _ in range(length)]
                for _ in range(MAX_TRIES * length):  # a set may have drawn the same element twice
                    if kind in (list, tuple) or len(set(values)) >= size.min:
                        break
                    values.append(item(choose))
            finally:
                self._depth -= 1
            return kind(values)

        return draw_collection

    def _dict(self, key: Draw, value: Draw, size: Size) -> Draw:
        def draw_dict(choose: Chooser) -> Any:
            self._depth += 1
            try:
                length = self._length(choose, size)
                pairs = {key(choose): value(choose) for _ in range(length)}
                for _ in range(MAX_TRIES * length):
                    if len(pairs) >= size.min:
                        break
                    pairs[key(choose)] = value(choose)
            finally:
                self._depth -= 1
            return pairs

        return draw_dict

    def _length(self, choose: Chooser, size: Size) -> int:
        longest = max(size.min, size.max >> max(self._depth - 3, 0))  # halved at each level from the fourth on
        return size.min if self._depth > MAX_DEPTH else choose.randint(size.min, longest)

    def _union(self, draws: list[Draw], shallowest: Draw) -> Draw:
        def draw_member(choose: Chooser) -> Any:
            if self._depth > MAX_DEPTH:
                return shallowest(choose)
            self._depth += 1
            try:
                return choose.pick(draws)(choose)
            finally:
                self._depth -= 1

        return draw_member


def _draw_constrained(schema: Schema) -> Draw | None:
    """A `Draw` of the values that a constraint allows; None if the constraints do not decide alone."""
    for limit in schema.constraints:
        match limit:
            case OneOf(values=values):
                return lambda choose: choose.pick(values)
            case Between(low=low, high=high) if isinstance(schema, ScalarSchema):
                assert schema.scalar.draw_between is not None, "from_annotations refuses other types"
                return schema.scalar.draw_between(low, high)
            case Text(min=low, max=high, alphabet=alphabet):
                return draw_text(low, high, alphabet or LETTERS)
            case Size(min=low, max=high) if isinstance(schema, ScalarSchema):
                return draw_bytes(low, high)
    return None


def _size(schema: Schema) -> Size:
    return constraint_of(schema, Size) or Size()


def min_depth(schema: Schema, _outer: tuple[Schema, ...] = ()) -> float:
    """The smallest number of records nested in each other in any value; infinite if no value is finite."""
    if schema in _outer:
        return inf
    depths = [min_depth(part, (*_outer, schema)) for part in schema.parts]
    match schema:
        case RecordSchema():
            return 1 + max(depths, default=0)
        case UnionSchema():
            return min(depths)
        case CollectionSchema() | DictSchema():
            return max(depths) if _size(schema).min else 0
        case TupleSchema() | NoneSchema() | ScalarSchema() | EnumSchema() | DatabaseSchema():
            return max(depths, default=0)
    assert_never(schema)
