"""What a question is made of: the functions and operators there are, and a fault with its place in the text."""

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
MAX_DIGITS = 4300  # of a number, as everywhere
LARGEST = 10**MAX_DIGITS


class ExpressionError(Exception):
    def __init__(self, node: ast.AST, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.node: Any = node
        self.message, self.hint = message, hint


def short(value: Any) -> str:
    try:
        text = format_value(value)
    except Exception:  # an author's __repr__
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:59]}…"


class Row(dict[str, Any]):
    """A row of a table: its columns can be asked for as fields, as the path of a change writes them."""


def field_names(value: Any) -> list[str]:
    """What can be asked for behind a dot: fields, the tables of a database, the columns of a row."""
    if isinstance(value, Tables):
        return list(value.by_name)
    if type(value) is Row:
        return list(value)
    return list(declared_names(type(value)))


def field_of(value: Any, name: str) -> Any:
    """What `name`, one of the `field_names` of a value, is in it; of a table, its rows by their primary key."""
    if isinstance(value, Tables):
        return {key: Row(row) for key, row in value.table(name).items()}
    return value[name] if type(value) is Row else getattr(value, name)


def members(kind: type) -> list[str]:
    return list(getattr(kind, "__members__", ()))


def targets(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name) if not name.startswith("__"):
            yield name
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from targets(element)
        case _:
            raise ExpressionError(target, "a loop binds names")


Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
NONE = type(None)
NUMBERS = (int, float, Decimal, bool)
COUNTED = (*NUMBERS, timedelta, date, datetime)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "any": any,
    "all": all,
    "sum": lambda values: sum(values),  # without a start: lists would be added up, each into a new one
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
KINDS: dict[type[ast.expr], str] = {
    ast.Await: "await",
    ast.JoinedStr: "an f-string",
    ast.Lambda: "a lambda",
    ast.NamedExpr: "an assignment",
    ast.Starred: "*",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
}
