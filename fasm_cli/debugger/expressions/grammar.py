"""The grammar of expressions: allowed functions, operators and fields, and errors that point at a node."""

import ast
import operator
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

MAX_DEPTH = 50
MAX_DIGITS = 4300  # of an integer: Python's own limit for converting one to text
MAX_INTEGER = 10**MAX_DIGITS


class ExpressionError(Exception):
    """What is wrong with `node` of an expression; `Expression` turns it into an `InputError` with a column."""

    def __init__(self, node: ast.AST, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.node: Any = node
        self.message, self.hint = message, hint


def loop_variables(target: ast.expr) -> Iterator[str]:
    """Yield the names that the target of a loop binds. Raises `ExpressionError`."""
    match target:
        case ast.Name(id=name) if not name.startswith("__"):
            yield name
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from loop_variables(element)
        case _:
            raise ExpressionError(target, "a loop variable must be a name")


Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
NONE = type(None)
NUMBERS = (int, float, Decimal, bool)
ARITHMETIC_TYPES = (*NUMBERS, timedelta, date, datetime)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "any": any,
    "all": all,
    "sum": lambda values: sum(values),  # no start value: adding lists would build a new list each time
    "min": min,
    "max": max,
    "sorted": sorted,
    "abs": abs,
}
VIEWS: dict[str, Callable[[dict[Any, Any]], Any]] = {"keys": dict.keys, "values": dict.values, "items": dict.items}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
NODE_NAMES: dict[type[ast.expr], str] = {
    ast.Await: "await",
    ast.JoinedStr: "an f-string",
    ast.Lambda: "a lambda",
    ast.NamedExpr: "an assignment",
    ast.Starred: "*",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
