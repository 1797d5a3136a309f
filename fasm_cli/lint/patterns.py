"""Pieces of syntax that mean something to the rules on paths: a case that does nothing, a refusal, a handler."""

import ast
from collections.abc import Iterator

from fasm_cli.lint.module import dotted_text, targets_of
from fasm_cli.lint.scope import Root, Scope

CATCHES = frozenset({"ActionsFull", "TransitionError", "Exception", "BaseException"})


def in_order(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression in the order they are evaluated; what a lambda does happens elsewhere."""
    if isinstance(node, ast.Lambda):
        return
    for child in ast.iter_child_nodes(node):
        yield from in_order(child)
    yield node


def does_nothing(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(each, ast.Pass)
        or (isinstance(each, ast.Expr) and (isinstance(each.value, ast.Constant) or _only_tells(each.value)))
        or (isinstance(each, ast.Return) and (each.value is None or isinstance(each.value, ast.Constant)))
        for each in body
    )


def names_completion(pattern: ast.pattern) -> bool:
    return any(
        isinstance(node, ast.MatchClass) and dotted_text(node.cls).endswith("TrackedActionCompleted")
        for node in ast.walk(pattern)
    )


def ignores_completions(node: ast.If) -> bool:
    test = node.test
    if not (isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"):
        return False
    named = len(test.args) == 2 and dotted_text(test.args[1]).endswith("TrackedActionCompleted")
    return named and does_nothing(node.body)


def ignores_result(scope: Scope, node: ast.If) -> bool:
    """`if result == Refused():` and nothing but a message."""
    test = node.test
    asked = test.left if isinstance(test, ast.Compare) else None
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance" and test.args:
        asked = test.args[0]
    return asked is not None and scope.root_of(asked) is Root.RESULT and does_nothing(node.body)


def _only_tells(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and untracked(node)


def catches(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    each = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(dotted_text(one).rpartition(".")[2] in CATCHES for one in each)


def refuses(scope: Scope, raised: ast.expr) -> bool:
    """Whether what is raised is a TransitionError of this module, or the contract's own."""
    named = raised.func if isinstance(raised, ast.Call) else raised
    name = dotted_text(named).rpartition(".")[2]
    cls = scope.module.classes.get(name)
    if cls is not None:
        return scope.module.derives(cls, "TransitionError") or scope.module.derives(cls, "ActionsFull")
    return name in ("TransitionError", "ActionsFull")


def untracked(node: ast.Call) -> bool:
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Call) and dotted_text(first.func).rpartition(".")[2] == "Untracked"


def awaited(scope: Scope, node: ast.Call) -> bool:
    return isinstance(scope.module.parents.get(node), ast.Await)


def changes_nothing(node: ast.Call) -> bool:
    """Calls that surely change nothing they are given."""
    name = dotted_text(node.func).rpartition(".")[2]
    return name in ("len", "sorted", "min", "max", "sum", "any", "all", "next", "isinstance", "str", "repr", "bool")


def text_of_change(node: ast.AST) -> str:
    found = next((ast.unparse(each) for each in targets_of(node)), "")
    return found or (f"{ast.unparse(node.func)}(…)" if isinstance(node, ast.Call) else ast.unparse(node))
