"""The declared type of an expression, and the function of the module that a call runs; each needs the other."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from fasm_cli.lint import kinds
from fasm_cli.lint.module import Class, FunctionNode, dotted_text
from fasm_cli.lint.scope import MESSAGE_FIELDS, PASSES_ELEMENTS, PICKS, Outside, Root, Scope

COPIES_TYPE = frozenset({"replace", "copy", "deepcopy"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})


def type_of(scope: Scope, node: ast.expr | None) -> ast.expr | None:
    """The declared type of what `node` gives; None where it is not known."""
    module = scope.module
    if isinstance(node, ast.Name):
        if node.id in scope.locals:
            return scope.types.get(node.id)
        return type_of(Outside(module), module.values[node.id]) if node.id in module.values else None
    if isinstance(node, ast.Set | ast.SetComp):
        return kinds.SET
    if isinstance(node, ast.List | ast.ListComp):
        return kinds.sequence_of(None)
    if isinstance(node, ast.Dict | ast.DictComp):
        return ast.Name("dict", ast.Load())
    if isinstance(node, ast.Attribute):
        return _type_of_attribute(scope, node)
    if isinstance(node, ast.Subscript):
        return kinds.item(module, type_of(scope, node.value), node.slice)
    if isinstance(node, ast.Await | ast.NamedExpr):
        return type_of(scope, node.value)
    if isinstance(node, ast.IfExp):
        return _agreed_type(scope, (node.body, node.orelse))
    if isinstance(node, ast.BoolOp):
        return _agreed_type(scope, node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        sides = (node.left, node.right)
        return kinds.SET if any(is_set(scope, side) or _is_view(side) for side in sides) else None
    return _type_of_call(scope, node) if isinstance(node, ast.Call) else None


def is_set(scope: Scope, node: ast.expr) -> bool:
    return kinds.is_set(scope.module, type_of(scope, node))


def _is_view(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("keys", "items")


def _type_of_attribute(scope: Scope, node: ast.Attribute) -> ast.expr | None:
    if scope.root_of(node.value) is Root.MESSAGE:
        return scope.declared(MESSAGE_FIELDS.get(node.attr, ("", None))[0])
    cls = kinds.class_of(scope.module, type_of(scope, node.value))
    return None if cls is None else member_type(scope, cls, node.attr)


def member_type(scope: Scope, cls: Class, name: str) -> ast.expr | None:
    """The type of a field, or of a property."""
    for each in scope.module.lineage(cls):
        if name in each.fields:
            return each.fields[name]
        if name in each.methods:
            return each.methods[name].returns if each.methods[name].decorator_list else None
    return None


def _type_of_call(scope: Scope, node: ast.Call) -> ast.expr | None:
    function, module = node.func, scope.module
    target = called(scope, node)
    if target is not None:
        return target.function.returns
    if isinstance(function, ast.Name) and function.id not in scope.locals:
        first = node.args[0] if node.args else None
        if function.id in module.classes:
            return function
        if function.id in ("set", "frozenset"):
            return kinds.SET
        if function.id in ("sorted", "list"):
            return kinds.sequence_of(element_type(scope, first) if first is not None else None)
        if function.id in PICKS and len(node.args) >= 1 and first is not None:
            return element_type(scope, first)
        if function.id in COPIES_TYPE and first is not None:
            return type_of(scope, first)
        return function if function.id in ("int", "str", "float", "bool", "dict", "bytes") else None
    return _type_of_method(scope, function, node) if isinstance(function, ast.Attribute) else None


def _type_of_method(scope: Scope, function: ast.Attribute, node: ast.Call) -> ast.expr | None:
    kind = type_of(scope, function.value)
    if kinds.is_set(scope.module, kind) and function.attr in SET_METHODS:
        return kind
    if function.attr in ("deepcopy", "copy", "replace") and node.args:
        return type_of(scope, node.args[0])
    if function.attr == "copy":
        return kind
    if not kinds.is_dict(scope.module, kind):
        return None
    key, value = kinds.element(scope.module, kind), kinds.item(scope.module, kind)
    if function.attr in ("get", "pop", "setdefault"):
        return value
    if function.attr == "items" and key is not None and value is not None:
        return kinds.sequence_of(kinds.pair_of(key, value))
    return kinds.sequence_of({"values": value, "keys": key}.get(function.attr))


def element_type(scope: Scope, node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return type_of(scope, node.elt)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "enumerate" and node.args:
        inner = element_type(scope, node.args[0])
        return None if inner is None else kinds.pair_of(ast.Name("int", ast.Load()), inner)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PASSES_ELEMENTS:
        return element_type(scope, node.args[-1]) if node.args else None
    return kinds.element(scope.module, type_of(scope, node))


def _agreed_type(scope: Scope, nodes: Iterable[ast.expr]) -> ast.expr | None:
    known = [type_of(scope, node) for node in nodes if not isinstance(node, ast.Constant)]
    texts = {None if each is None else kinds.text_of(each) for each in known}
    return known[0] if len(texts) == 1 else None


@dataclass(frozen=True, slots=True)
class Called:
    """A function of the module; `receiver` is what its first parameter gets, where it is a method."""

    function: FunctionNode
    owner: Class | None
    receiver: ast.expr | None
    bound: bool


def called(scope: Scope, call: ast.Call) -> Called | None:
    """The function of this module that `call` runs, if it is one."""
    return named(scope, call.func)


def named(scope: Scope, node: ast.expr, depth: int = 0) -> Called | None:
    module = scope.module
    if isinstance(node, ast.Name) and node.id not in scope.locals and depth < 8:
        if node.id in module.functions:
            return Called(module.functions[node.id], None, None, bound=False)
        value = module.values.get(node.id)
        return named(scope, value, depth + 1) if isinstance(value, ast.Name) else None
    if not isinstance(node, ast.Attribute):
        return None
    if dotted_text(node.value) == "" and _is_super(node.value):
        owner = scope.context.owner or scope.context.machine
        for base in list(module.lineage(owner))[1:]:
            if node.attr in base.methods:
                first = scope.context.function.args.args
                receiver = ast.Name(first[0].arg, ast.Load()) if first else None
                return Called(base.methods[node.attr], base, receiver, bound=True)
        return None
    cls = scope.class_named(node.value)
    by_name = cls is not None and isinstance(node.value, ast.Name) and node.value.id in module.classes
    if cls is None:
        cls = kinds.class_of(module, type_of(scope, node.value))
    found = None if cls is None else module.method(cls, node.attr)
    if found is None:
        return None
    function, owner = found
    marks = {dotted_text(mark).rpartition(".")[2] for mark in function.decorator_list}
    bound = "staticmethod" not in marks and (not by_name or "classmethod" in marks)
    return Called(function, owner, node.value if bound else None, bound)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
