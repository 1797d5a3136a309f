"""What can be said of a question before it is asked: names that are not there, and what is not allowed at all."""

import ast
from collections.abc import Mapping

from fasm_cli.debugger.expressions.grammar import (
    FUNCTIONS,
    KINDS,
    MAX_DEPTH,
    VIEWS,
    Comprehension,
    ExpressionError,
    targets,
)
from fasm_cli.errors import did_you_mean
from fasm_cli.types.parse import BUILDERS

ALLOWED = "write comparisons, and/or/not, + - * // %, x[y], fields, comprehensions, and calls of "
NODES = {
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp,
    ast.IfExp, ast.Call, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.List, ast.Tuple, ast.Set,
    ast.Dict,
}  # fmt: skip


class StaticCheck:
    """Looks at one question; `types` are the names of the machine's classes."""

    def __init__(self, names: tuple[str, ...], types: Mapping[str, type]) -> None:
        self._names = names
        self._types = types
        self.allowed = ALLOWED + ", ".join(FUNCTIONS)

    def at(self, node: ast.AST, known: set[str], depth: int) -> None:
        """Raises `Fault` for what is wrong with `node`, where the names in `known` are there."""
        if depth > MAX_DEPTH and isinstance(node, ast.expr):
            raise ExpressionError(node, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(node, ast.expr) and type(node) not in NODES:
            raise ExpressionError(node, f"{KINDS.get(type(node), 'that')} is not allowed here", self.allowed)
        match node:
            case ast.Name(id=name) if name not in known and name not in self._types:
                legal = [*self._names, *FUNCTIONS, *self._types]
                raise ExpressionError(node, f"no name {name!r}", did_you_mean(name, legal))
            case ast.Attribute(attr=name) if name.startswith("__"):
                raise ExpressionError(node, f"{name} is no field")
            case ast.Call():
                self._call(node, known, depth)
                return
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                known = self._loops(node, known, depth)
                results = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
                for result in results:
                    self.at(result, known, depth + 1)
                return
        for child in ast.iter_child_nodes(node):
            self.at(child, known, depth + 1)

    def _call(self, node: ast.Call, known: set[str], depth: int) -> None:
        for argument in node.args:
            self.at(argument, known, depth + 1)
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ExpressionError(keyword.value, "** is not allowed here")
            self.at(keyword.value, known, depth + 1)
        match node.func:
            case ast.Name(id=name):
                if name not in FUNCTIONS and name not in self._types and name not in BUILDERS:
                    legal = [*FUNCTIONS, *self._types]
                    raise ExpressionError(node.func, f"{name!r} cannot be called here", did_you_mean(name, legal))
                if name in FUNCTIONS and node.keywords:
                    raise ExpressionError(node, f"{name} takes no named arguments here")
            case ast.Attribute(value=owner, attr=name) if name in VIEWS and not node.args and not node.keywords:
                self.at(owner, known, depth + 1)
            case _:
                raise ExpressionError(node, "only a name can be called", self.allowed)

    def _loops(self, node: "Comprehension", known: set[str], depth: int) -> set[str]:
        known = set(known)
        for loop in node.generators:
            if loop.is_async:
                raise ExpressionError(node, "async is not allowed here")
            self.at(loop.iter, known, depth + 1)
            known |= set(targets(loop.target))
            for condition in loop.ifs:
                self.at(condition, known, depth + 1)
        return known
