"""Evaluate an expression node by node, at a bounded cost. Tables list what it may use.

Every node and element that is visited is charged to a budget, and so is the size of every value that is built. A shared
part is charged once per occurrence, so nested references cannot build exponentially large values cheaply (compare the
XML entity attack "billion laughs").
"""

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from sys import getsizeof
from typing import Any

from fasm_cli.contract.database import Tables
from fasm_cli.errors import did_you_mean
from fasm_cli.types.codec import SchemaRegistry, format_value
from fasm_cli.types.fields import field_names as declared_names
from fasm_cli.types.parse import BUILDERS

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


Variables = Mapping[str, Any]

MAX_WORK = 200_000  # nodes and elements visited, or held by one value: a fraction of a second
CHUNK = 64  # bytes of a text or an integer that count as one element
SMALLER = "use a smaller part of the state"


class Budget:
    """The work that the evaluation of one expression has done."""

    def __init__(self) -> None:
        self._work = 0
        self._sizes: dict[int, tuple[Any, int]] = {}  # by id; holding the value keeps its id from being reused

    def spend(self, node: ast.expr, work: int) -> None:
        """Charge `work` units to `node`. Raises `ExpressionError` if the budget is exceeded."""
        self._work += work
        if self._work > MAX_WORK:
            raise ExpressionError(node, f"this visits more than {MAX_WORK} values", SMALLER)

    def charge_read(self, node: ast.expr, *values: Any) -> None:
        """Charge the size of `values`, which `node` reads completely. Raises `ExpressionError`."""
        for value in values:
            self.spend(node, self._size(value))

    def charge_build(self, node: ast.expr, value: Any) -> Any:
        """Return `value`, which `node` built. Raises `ExpressionError` if it is too large."""
        if self._size(value) > MAX_WORK:
            raise ExpressionError(node, f"this would hold more than {MAX_WORK} values", SMALLER)
        if type(value) is int and not -MAX_INTEGER < value < MAX_INTEGER:
            raise ExpressionError(node, f"a number of more than {MAX_DIGITS} digits")
        return value

    def _size(self, value: Any) -> int:
        """Return how many values `value` holds, shared ones once per occurrence; counting stops beyond MAX_WORK."""
        if type(value) in (int, str, bytes):
            return 1 + getsizeof(value) // CHUNK
        known = self._sizes.get(id(value))
        if known is not None:
            return known[1]
        size = 1
        for part in _parts(value):
            size += self._size(part)
            if size > MAX_WORK:
                break
        if size > 1:
            self._sizes[id(value)] = (value, size)
        return size


def _parts(value: Any) -> Iterable[Any]:
    if type(value) in (list, tuple, set, frozenset):
        return value  # type: ignore[no-any-return]
    if isinstance(value, dict):
        return (part for pair in value.items() for part in pair)
    if isinstance(value, Tables):
        return (dict(table.rows) for table in value.by_name.values())
    return (getattr(value, name) for name in field_names(value))


# --- fields and texts of values -----------------------------------------------------------------------------------


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


# --- evaluation ---------------------------------------------------------------------------------------------------


class Evaluation:
    """One evaluation; `schemas` are the types of the machine."""

    def __init__(self, schemas: SchemaRegistry) -> None:
        self._types: Mapping[str, type] = schemas.classes
        self._records = schemas.records
        self._budget = Budget()

    def evaluate(self, node: ast.expr, variables: Variables) -> Any:
        """Return the value of `node`. Raises `ExpressionError`."""
        self._budget.spend(node, 1)
        return EVALUATE[type(node)](self, node, variables)

    def _iterate(self, node: ast.expr, value: Any) -> list[Any]:
        if type(value) not in (list, tuple, set, frozenset, dict, str):
            raise ExpressionError(node, f"{format_short(value)} cannot be iterated")
        self._budget.spend(node, len(value))
        if type(value) not in (set, frozenset):
            return list(value)
        self._budget.charge_read(node, value)
        return sorted(value, key=format_value)

    def _name(self, node: ast.Name, variables: Variables) -> Any:
        if node.id in variables:
            return variables[node.id]
        kind = self._types[node.id]
        if kind in self._records:
            return self._construct(node, node.id, kind, [], {})
        raise ExpressionError(
            node, f"{node.id} is an enum; write a member", ", ".join(f"{node.id}.{each}" for each in member_names(kind))
        )

    def _attribute(self, node: ast.Attribute, variables: Variables) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id not in variables:
            kind = self._types.get(node.value.id)
            if kind is not None and issubclass(kind, Enum):
                if node.attr in kind.__members__:
                    return kind[node.attr]
                raise ExpressionError(
                    node, f"{kind.__name__} has no member {node.attr!r}", did_you_mean(node.attr, member_names(kind))
                )
        owner = self.evaluate(node.value, variables)
        if isinstance(owner, Enum) and node.attr in ("name", "value"):
            return owner.name if node.attr == "name" else owner.value
        names = field_names(owner)
        if node.attr not in names:
            hint = did_you_mean(node.attr, names) if names else "it has no fields"
            raise ExpressionError(node, f"{type(owner).__name__} has no field {node.attr!r}", hint)
        if isinstance(owner, Tables):
            self._budget.spend(node, len(owner.by_name[node.attr].rows))
        return field_of(owner, node.attr)

    def _subscript(self, node: ast.Subscript, variables: Variables) -> Any:
        owner = self.evaluate(node.value, variables)
        if type(owner) not in (list, tuple, dict, str, Row):
            raise ExpressionError(node, f"{format_short(owner)} cannot be indexed")
        if isinstance(node.slice, ast.Slice):
            bounds = [self.evaluate(part, variables) if part else None for part in (node.slice.lower, node.slice.upper)]
            if (
                node.slice.step is not None
                or type(owner) is dict
                or not all(type(bound) in (int, NONE) for bound in bounds)
            ):
                raise ExpressionError(node, "a slice is [from:to] of a list, tuple or str, with integer bounds")
            return owner[slice(*bounds)]
        key = self.evaluate(node.slice, variables)
        self._budget.charge_read(node, key)
        try:
            return owner[key]
        except KeyError:
            known = ", ".join(map(format_value, list(owner)[:20])) or "nothing"
            raise ExpressionError(node, f"no key {format_short(key)}", f"known: {known}") from None
        except (IndexError, TypeError) as error:
            raise ExpressionError(node, f"[{format_short(key)}]: {error}") from None

    def _compare(self, node: ast.Compare, variables: Variables) -> bool:
        left = self.evaluate(node.left, variables)
        for sign, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(right_node, variables)
            self._budget.charge_read(node, left, right)
            try:
                held = bool(COMPARE[type(sign)](left, right))
            except Exception as error:  # an author's __eq__ may raise anything
                raise ExpressionError(node, f"{format_short(left)} and {format_short(right)}: {error}") from None
            if not held:
                return False
            left = right
        return True

    def _bool(self, node: ast.BoolOp, variables: Variables) -> Any:
        stop = isinstance(node.op, ast.Or)
        value: Any = None
        for part in node.values:
            value = self.evaluate(part, variables)
            if self._truth(part, value) is stop:
                break
        return value

    def _truth(self, node: ast.expr, value: Any) -> bool:
        if field_names(value):  # an author's __bool__ or __len__ must not run
            return True
        try:
            return bool(value)
        except Exception as error:
            raise ExpressionError(node, f"{format_short(value)}: {error}") from None

    def _unary(self, node: ast.UnaryOp, variables: Variables) -> Any:
        value = self.evaluate(node.operand, variables)
        if isinstance(node.op, ast.Not):
            return not self._truth(node.operand, value)
        if isinstance(node.op, ast.Invert) or type(value) not in (*NUMBERS, timedelta):
            raise ExpressionError(node, f"a sign needs a number, not {format_short(value)}")
        return -value if isinstance(node.op, ast.USub) else value

    def _binary(self, node: ast.BinOp, variables: Variables) -> Any:
        sign = ARITHMETIC.get(type(node.op))
        if sign is None:
            raise ExpressionError(node, "this operator is not allowed here", "allowed: + - * // %")
        left, right = self.evaluate(node.left, variables), self.evaluate(node.right, variables)
        joined = isinstance(node.op, ast.Add) and type(left) is type(right) and type(left) in (str, list, tuple)
        counted = type(left) in ARITHMETIC_TYPES and type(right) in ARITHMETIC_TYPES
        if not joined and not counted:
            raise ExpressionError(node, f"{format_short(left)} and {format_short(right)}: this operator needs numbers")
        if joined:
            self._budget.charge_read(node, left, right)
        try:
            value = sign(left, right)
        except Exception as error:  # division by zero, a date and a date, a signal of Decimal
            raise ExpressionError(node, f"{format_short(left)} and {format_short(right)}: {error}") from None
        return self._budget.charge_build(node, value)

    def _if(self, node: ast.IfExp, variables: Variables) -> Any:
        chosen = node.body if self._truth(node.test, self.evaluate(node.test, variables)) else node.orelse
        return self.evaluate(chosen, variables)

    def _call(self, node: ast.Call, variables: Variables) -> Any:
        if isinstance(node.func, ast.Attribute):
            owner = self.evaluate(node.func.value, variables)
            if type(owner) is not dict:
                raise ExpressionError(node, f".{node.func.attr}() needs a dict, not {format_short(owner)}")
            self._budget.spend(node, len(owner))
            return list(VIEWS[node.func.attr](owner))
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        args = [self.evaluate(argument, variables) for argument in node.args]
        named = {str(keyword.arg): self.evaluate(keyword.value, variables) for keyword in node.keywords}
        if name not in FUNCTIONS:
            return self._construct(node, name, self._types.get(name) or BUILDERS[name], args, named)
        for value in args:
            if field_names(value):
                raise ExpressionError(node, f"{name} needs numbers or collections, not a {type(value).__name__}")
            self._budget.charge_read(node, value)
        return self._construct(node, name, FUNCTIONS[name], args, {})

    def _construct(
        self, node: ast.expr, name: str, make: Callable[..., Any], args: list[Any], named: dict[str, Any]
    ) -> Any:
        try:
            value = make(*args, **named)
        except Exception as error:  # an author's constructor raises, or a function gets an argument of the wrong type
            text = " ".join(f"{type(error).__name__}: {error}".split())
            raise ExpressionError(node, f"{name}() failed: {text[:200]}") from None
        return self._budget.charge_build(node, value)

    def _comprehension(self, node: "Comprehension", variables: Variables) -> Any:
        if isinstance(node, ast.DictComp):
            pairs = [
                (self.evaluate(node.key, inner), self.evaluate(node.value, inner))
                for inner in self._iterations(node, variables)
            ]
            return self._build_hashed(node, dict, pairs)
        found = [self.evaluate(node.elt, inner) for inner in self._iterations(node, variables)]
        return (
            self._build_hashed(node, set, found)
            if isinstance(node, ast.SetComp)
            else self._budget.charge_build(node, found)
        )

    def _iterations(self, node: "Comprehension", variables: Variables, depth: int = 0) -> Iterator[Variables]:
        if depth == len(node.generators):
            yield variables
            return
        loop = node.generators[depth]
        for element in self._iterate(loop.iter, self.evaluate(loop.iter, variables)):
            inner = {**variables, **self._bind(loop.target, element)}
            if all(self._truth(condition, self.evaluate(condition, inner)) for condition in loop.ifs):
                yield from self._iterations(node, inner, depth + 1)

    def _bind(self, target: ast.expr, value: Any) -> dict[str, Any]:
        if isinstance(target, ast.Name):
            return {target.id: value}
        assert isinstance(target, ast.Tuple | ast.List)
        if type(value) not in (tuple, list) or len(value) != len(target.elts):
            raise ExpressionError(target, f"{format_short(value)} is not a sequence of {len(target.elts)} values")
        out: dict[str, Any] = {}
        for part, item in zip(target.elts, value, strict=True):
            out.update(self._bind(part, item))
        return out

    def _collection(self, node: ast.List | ast.Tuple | ast.Set, variables: Variables) -> Any:
        found = [self.evaluate(element, variables) for element in node.elts]
        if isinstance(node, ast.Set):
            return self._build_hashed(node, set, found)
        return self._budget.charge_build(node, tuple(found) if isinstance(node, ast.Tuple) else found)

    def _dict(self, node: ast.Dict, variables: Variables) -> Any:
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise ExpressionError(value, "** is not allowed here")
            pairs.append((self.evaluate(key, variables), self.evaluate(value, variables)))
        return self._build_hashed(node, dict, pairs)

    def _build_hashed(self, node: ast.expr, make: Callable[[Any], Any], parts: list[Any]) -> Any:
        self._budget.charge_build(node, parts)
        try:
            return make(parts)
        except Exception as error:  # a list in a set; an author's __hash__
            raise ExpressionError(node, str(error)) from None

    def _slice(self, node: ast.Slice, variables: Variables) -> Any:
        raise ExpressionError(node.lower or node.upper or node, "a slice must be the only thing in its brackets")

    def _constant(self, node: ast.Constant, variables: Variables) -> Any:
        if node.value is Ellipsis or isinstance(node.value, complex):
            raise ExpressionError(node, f"{ast.unparse(node)} is not allowed here")
        return node.value


EVALUATE: dict[type[ast.expr], Callable[[Evaluation, Any, Variables], Any]] = {
    ast.Constant: Evaluation._constant,
    ast.Name: Evaluation._name,
    ast.Attribute: Evaluation._attribute,
    ast.Subscript: Evaluation._subscript,
    ast.Slice: Evaluation._slice,
    ast.Compare: Evaluation._compare,
    ast.BoolOp: Evaluation._bool,
    ast.UnaryOp: Evaluation._unary,
    ast.BinOp: Evaluation._binary,
    ast.IfExp: Evaluation._if,
    ast.Call: Evaluation._call,
    ast.ListComp: Evaluation._comprehension,
    ast.SetComp: Evaluation._comprehension,
    ast.GeneratorExp: Evaluation._comprehension,
    ast.DictComp: Evaluation._comprehension,
    ast.List: Evaluation._collection,
    ast.Tuple: Evaluation._collection,
    ast.Set: Evaluation._collection,
    ast.Dict: Evaluation._dict,
}
