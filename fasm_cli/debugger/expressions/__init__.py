"""Expressions over a state, such as `state.points >= 100 and not pending`: parse, check and evaluate them.

The language is a small part of Python, evaluated node by node: nothing is passed to `eval`. An expression can read the
fields of records, the members of enums, and the tables and columns of a database; it can call a few functions without
side effects and the constructors of the machine's types. Its cost is bounded, so no line can block the prompt.
"""

import ast
from collections.abc import Mapping
from typing import Any

from fasm_cli.debugger.expressions.evaluate import (
    FUNCTIONS,
    MAX_DEPTH,
    NODE_NAMES,
    VIEWS,
    Comprehension,
    Evaluation,
    ExpressionError,
    Variables,
    format_short,
    loop_variables,
)
from fasm_cli.errors import InputError, did_you_mean
from fasm_cli.types.codec import SchemaRegistry
from fasm_cli.types.parse import BUILDERS, column_of, parse_ast


class Expression:
    """A parsed and checked expression over the variables `names`. Raises `InputError` with the column of the error."""

    def __init__(self, text: str, schemas: SchemaRegistry, names: tuple[str, ...]) -> None:
        self.text = text
        self._schemas = schemas
        self._tree = parse_ast(text, f"write an expression over {', '.join(names)}")
        self.used_names = {node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)}
        try:
            StaticCheck(names, schemas.classes).check(self._tree, set(names), 0)
        except ExpressionError as error:
            raise self._as_input_error(error) from None

    def value(self, variables: Variables) -> Any:
        """Return the value of the expression. Raises `InputError`."""
        try:
            return Evaluation(self._schemas).evaluate(self._tree, variables)
        except ExpressionError as error:
            raise self._as_input_error(error) from None

    def holds(self, variables: Variables) -> bool:
        """Whether the expression is true; a collection is true if it is not empty. Raises `InputError` for values of
        other types."""
        value = self.value(variables)
        if type(value) not in (bool, type(None), list, tuple, dict, set, frozenset):
            raise InputError(f"the value is {format_short(value)}, neither True nor False", "write a comparison", 0)
        return bool(value)

    def _as_input_error(self, error: ExpressionError) -> InputError:
        return InputError(error.message, error.hint, column_of(self.text, error.node))


ALLOWED = "write comparisons, and/or/not, + - * // %, x[y], fields, comprehensions, and calls of "
NODES = {
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp,
    ast.IfExp, ast.Call, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.List, ast.Tuple, ast.Set,
    ast.Dict,
}  # fmt: skip


class StaticCheck:
    """The checks that need no values: known names and allowed syntax. `types` are the machine's classes by name."""

    def __init__(self, names: tuple[str, ...], types: Mapping[str, type]) -> None:
        self._names = names
        self._types = types
        self._allowed_syntax = ALLOWED + ", ".join(FUNCTIONS)

    def check(self, node: ast.AST, known: set[str], depth: int) -> None:
        """Raise `ExpressionError` if `node` is not allowed, or uses a name that is not in `known`."""
        if depth > MAX_DEPTH and isinstance(node, ast.expr):
            raise ExpressionError(node, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(node, ast.expr) and type(node) not in NODES:
            raise ExpressionError(
                node, f"{NODE_NAMES.get(type(node), 'this')} is not allowed here", self._allowed_syntax
            )
        match node:
            case ast.Name(id=name) if name not in known and name not in self._types:
                allowed = [*self._names, *FUNCTIONS, *self._types]
                raise ExpressionError(node, f"no name {name!r}", did_you_mean(name, allowed))
            case ast.Attribute(attr=name) if name.startswith("__"):
                raise ExpressionError(node, f"{name} cannot be read")
            case ast.Call():
                self._call(node, known, depth)
                return
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                known = self._loops(node, known, depth)
                results = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
                for result in results:
                    self.check(result, known, depth + 1)
                return
        for child in ast.iter_child_nodes(node):
            self.check(child, known, depth + 1)

    def _call(self, node: ast.Call, known: set[str], depth: int) -> None:
        for argument in node.args:
            self.check(argument, known, depth + 1)
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ExpressionError(keyword.value, "** is not allowed here")
            self.check(keyword.value, known, depth + 1)
        match node.func:
            case ast.Name(id=name):
                if name not in FUNCTIONS and name not in self._types and name not in BUILDERS:
                    allowed = [*FUNCTIONS, *self._types]
                    raise ExpressionError(node.func, f"{name!r} cannot be called here", did_you_mean(name, allowed))
                if name in FUNCTIONS and node.keywords:
                    raise ExpressionError(node, f"{name} takes no keyword arguments here")
            case ast.Attribute(value=owner, attr=name) if name in VIEWS and not node.args and not node.keywords:
                self.check(owner, known, depth + 1)
            case _:
                raise ExpressionError(node, "only functions and types can be called", self._allowed_syntax)

    def _loops(self, node: Comprehension, known: set[str], depth: int) -> set[str]:
        known = set(known)
        for loop in node.generators:
            if loop.is_async:
                raise ExpressionError(node, "async is not allowed here")
            self.check(loop.iter, known, depth + 1)
            known |= set(loop_variables(loop.target))
            for condition in loop.ifs:
                self.check(condition, known, depth + 1)
        return known
