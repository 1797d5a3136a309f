"""The grammar of expressions: allowed functions, operators and fields, and errors that point at a node."""

import ast
import operator
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fasm_cli.contract.database import Tables
from fasm_cli.types.codec import format_value
from fasm_cli.types.fields import field_names as declared_names

MAX_DEPTH = 50
MAX_DIGITS = 4300  # of an integer: Python's own limit for converting one to text
MAX_INTEGER = 10**MAX_DIGITS


class ExpressionError(Exception):
    """What is wrong with `node` of an expression; `Expression` turns it into an `InputError` with a column."""

    def __init__(self, node: ast.AST, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.node: Any = node
        self.message, self.hint = message, hint


def format_short(value: Any) -> str:
    """Return `value` as text of at most 60 characters, for a message."""
    try:
        text = format_value(value)
    except Exception:  # an author's __repr__
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"


class Row(dict[str, Any]):
    """A row of a table. Its columns can be read as fields, as a changed path writes them."""


def field_names(value: Any) -> list[str]:
    """Return the names that may follow a dot: fields, the tables of a database, the columns of a row."""
    if isinstance(value, Tables):
        return list(value.by_name)
    if type(value) is Row:
        return list(value)
    return list(declared_names(type(value)))


def field_of(value: Any, name: str) -> Any:
    """Return the field `name`, one of `field_names(value)`; for a table, its rows by primary key."""
    if isinstance(value, Tables):
        return {key: Row(row) for key, row in value.table(name).items()}
    return value[name] if type(value) is Row else getattr(value, name)


def member_names(kind: type) -> list[str]:
    """Return the names of the members of an enum, and nothing for other types."""
    return list(getattr(kind, "__members__", ()))


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
