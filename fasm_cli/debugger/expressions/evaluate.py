"""The answer to one question, node by node, at a bounded cost."""

import ast
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any

from fasm_cli.contract.database import Tables
from fasm_cli.debugger.expressions.budget import Budget
from fasm_cli.debugger.expressions.grammar import (
    ARITHMETIC,
    COMPARE,
    COUNTED,
    FUNCTIONS,
    NONE,
    NUMBERS,
    VIEWS,
    Comprehension,
    ExpressionError,
    Row,
    field_names,
    field_of,
    members,
    short,
)
from fasm_cli.errors import did_you_mean
from fasm_cli.types.codec import SchemaRegistry, format_value
from fasm_cli.types.parse import BUILDERS

Scope = Mapping[str, Any]


class Evaluation:
    """One answer; `shapes` are those of the machine."""

    def __init__(self, shapes: SchemaRegistry) -> None:
        self._types: Mapping[str, type] = shapes.classes
        self._records = shapes.records
        self._budget = Budget()

    def of(self, node: ast.expr, scope: Scope) -> Any:
        """The value of `node`. Raises `Fault`."""
        self._budget.spend(node, 1)
        return EVALUATE[type(node)](self, node, scope)

    def _iterate(self, node: ast.expr, value: Any) -> list[Any]:
        if type(value) not in (list, tuple, set, frozenset, dict, str):
            raise ExpressionError(node, f"{short(value)} has no elements to go through")
        self._budget.spend(node, len(value))
        if type(value) not in (set, frozenset):
            return list(value)
        self._budget.charge_read(node, value)
        return sorted(value, key=format_value)

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        if node.id in scope:
            return scope[node.id]
        kind = self._types[node.id]
        if kind in self._records:
            return self._made(node, node.id, kind, [], {})
        raise ExpressionError(
            node, f"{node.id} is an enum; name a member", ", ".join(f"{node.id}.{each}" for each in members(kind))
        )

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id not in scope:
            kind = self._types.get(node.value.id)
            if kind is not None and issubclass(kind, Enum):
                if node.attr in kind.__members__:
                    return kind[node.attr]
                raise ExpressionError(
                    node, f"{kind.__name__} has no member {node.attr!r}", did_you_mean(node.attr, members(kind))
                )
        owner = self.of(node.value, scope)
        if isinstance(owner, Enum) and node.attr in ("name", "value"):
            return owner.name if node.attr == "name" else owner.value
        names = field_names(owner)
        if node.attr not in names:
            what = did_you_mean(node.attr, names) if names else "it has no fields"
            raise ExpressionError(node, f"{type(owner).__name__} has no field {node.attr!r}", what)
        if isinstance(owner, Tables):
            self._budget.spend(node, len(owner.by_name[node.attr].rows))
        return field_of(owner, node.attr)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        owner = self.of(node.value, scope)
        if type(owner) not in (list, tuple, dict, str, Row):
            raise ExpressionError(node, f"{short(owner)} cannot be indexed")
        if isinstance(node.slice, ast.Slice):
            bounds = [self.of(part, scope) if part else None for part in (node.slice.lower, node.slice.upper)]
            if node.slice.step is not None or type(owner) is dict or not all(type(at) in (int, NONE) for at in bounds):
                raise ExpressionError(node, "a slice is [from:to] of a list, a tuple or a text, in whole numbers")
            return owner[slice(*bounds)]
        key = self.of(node.slice, scope)
        self._budget.charge_read(node, key)
        try:
            return owner[key]
        except KeyError:
            known = ", ".join(map(format_value, list(owner)[:20])) or "nothing"
            raise ExpressionError(node, f"no key {short(key)}", f"known: {known}") from None
        except (IndexError, TypeError) as error:
            raise ExpressionError(node, f"[{short(key)}]: {error}") from None

    def _compare(self, node: ast.Compare, scope: Scope) -> bool:
        left = self.of(node.left, scope)
        for sign, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.of(right_node, scope)
            self._budget.charge_read(node, left, right)
            try:
                held = bool(COMPARE[type(sign)](left, right))
            except Exception as error:  # an author's __eq__ may raise anything
                raise ExpressionError(node, f"{short(left)} and {short(right)}: {error}") from None
            if not held:
                return False
            left = right
        return True

    def _bool(self, node: ast.BoolOp, scope: Scope) -> Any:
        stop = isinstance(node.op, ast.Or)
        value: Any = None
        for part in node.values:
            value = self.of(part, scope)
            if self._truth(part, value) is stop:
                break
        return value

    def _truth(self, node: ast.expr, value: Any) -> bool:
        if field_names(value):  # an author's __bool__ or __len__ is not asked
            return True
        try:
            return bool(value)
        except Exception as error:
            raise ExpressionError(node, f"{short(value)}: {error}") from None

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self.of(node.operand, scope)
        if isinstance(node.op, ast.Not):
            return not self._truth(node.operand, value)
        if isinstance(node.op, ast.Invert) or type(value) not in (*NUMBERS, timedelta):
            raise ExpressionError(node, f"a sign belongs in front of a number, not of {short(value)}")
        return -value if isinstance(node.op, ast.USub) else value

    def _binary(self, node: ast.BinOp, scope: Scope) -> Any:
        sign = ARITHMETIC.get(type(node.op))
        if sign is None:
            raise ExpressionError(node, "this operator is not allowed here", "there are + - * // %")
        left, right = self.of(node.left, scope), self.of(node.right, scope)
        joined = isinstance(node.op, ast.Add) and type(left) is type(right) and type(left) in (str, list, tuple)
        counted = type(left) in COUNTED and type(right) in COUNTED
        if not joined and not counted:
            raise ExpressionError(node, f"{short(left)} and {short(right)}: that is for numbers")
        if joined:
            self._budget.charge_read(node, left, right)
        try:
            value = sign(left, right)
        except Exception as error:  # division by zero, a date and a date, a signal of Decimal
            raise ExpressionError(node, f"{short(left)} and {short(right)}: {error}") from None
        return self._budget.charge_build(node, value)

    def _if(self, node: ast.IfExp, scope: Scope) -> Any:
        chosen = node.body if self._truth(node.test, self.of(node.test, scope)) else node.orelse
        return self.of(chosen, scope)

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Attribute):
            owner = self.of(node.func.value, scope)
            if type(owner) is not dict:
                raise ExpressionError(node, f".{node.func.attr}() is for a dict, not for {short(owner)}")
            self._budget.spend(node, len(owner))
            return list(VIEWS[node.func.attr](owner))
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        args = [self.of(argument, scope) for argument in node.args]
        named = {str(keyword.arg): self.of(keyword.value, scope) for keyword in node.keywords}
        if name not in FUNCTIONS:
            return self._made(node, name, self._types.get(name) or BUILDERS[name], args, named)
        for value in args:
            if field_names(value):
                raise ExpressionError(node, f"{name} of a {type(value).__name__}: that is for numbers and collections")
            self._budget.charge_read(node, value)
        return self._made(node, name, FUNCTIONS[name], args, {})

    def _made(self, node: ast.expr, name: str, make: Callable[..., Any], args: list[Any], named: dict[str, Any]) -> Any:
        try:
            value = make(*args, **named)
        except Exception as error:  # an author's constructor refuses, a function is given what it is not for
            told = " ".join(f"{type(error).__name__}: {error}".split())
            raise ExpressionError(node, f"{name} refuses that: {told[:200]}") from None
        return self._budget.charge_build(node, value)

    def _comprehension(self, node: "Comprehension", scope: Scope) -> Any:
        if isinstance(node, ast.DictComp):
            pairs = [(self.of(node.key, at), self.of(node.value, at)) for at in self._rounds(node, scope)]
            return self._hashed(node, dict, pairs)
        found = [self.of(node.elt, at) for at in self._rounds(node, scope)]
        return (
            self._hashed(node, set, found) if isinstance(node, ast.SetComp) else self._budget.charge_build(node, found)
        )

    def _rounds(self, node: "Comprehension", scope: Scope, depth: int = 0) -> Iterator[Scope]:
        if depth == len(node.generators):
            yield scope
            return
        loop = node.generators[depth]
        for element in self._iterate(loop.iter, self.of(loop.iter, scope)):
            inner = {**scope, **self._bound(loop.target, element)}
            if all(self._truth(condition, self.of(condition, inner)) for condition in loop.ifs):
                yield from self._rounds(node, inner, depth + 1)

    def _bound(self, target: ast.expr, value: Any) -> dict[str, Any]:
        if isinstance(target, ast.Name):
            return {target.id: value}
        assert isinstance(target, ast.Tuple | ast.List)
        if type(value) not in (tuple, list) or len(value) != len(target.elts):
            raise ExpressionError(target, f"{short(value)} is not {len(target.elts)} values")
        out: dict[str, Any] = {}
        for part, item in zip(target.elts, value, strict=True):
            out.update(self._bound(part, item))
        return out

    def _collection(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Any:
        found = [self.of(element, scope) for element in node.elts]
        if isinstance(node, ast.Set):
            return self._hashed(node, set, found)
        return self._budget.charge_build(node, tuple(found) if isinstance(node, ast.Tuple) else found)

    def _dict(self, node: ast.Dict, scope: Scope) -> Any:
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise ExpressionError(value, "** is not allowed here")
            pairs.append((self.of(key, scope), self.of(value, scope)))
        return self._hashed(node, dict, pairs)

    def _hashed(self, node: ast.expr, make: Callable[[Any], Any], parts: list[Any]) -> Any:
        self._budget.charge_build(node, parts)
        try:
            return make(parts)
        except Exception as error:  # a list in a set; an author's __hash__
            raise ExpressionError(node, str(error)) from None

    def _slice(self, node: ast.Slice, scope: Scope) -> Any:
        raise ExpressionError(node.lower or node.upper or node, "a slice stands alone in its brackets")

    def _constant(self, node: ast.Constant, scope: Scope) -> Any:
        if node.value is Ellipsis or isinstance(node.value, complex):
            raise ExpressionError(node, f"{ast.unparse(node)} is not allowed here")
        return node.value


EVALUATE: dict[type[ast.expr], Callable[[Evaluation, Any, Scope], Any]] = {
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
