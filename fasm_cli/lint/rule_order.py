"""The rule on order: a set has none that two processes share, so nothing that can be seen may follow it."""

import ast
from collections.abc import Iterator

from fasm_cli.lint.infer import element_type, is_set
from fasm_cli.lint.kinds import class_of
from fasm_cli.lint.module import dotted_text, mutated, own_nodes, targets_of
from fasm_cli.lint.scope import Root, Scope

Said = tuple[ast.AST, str, str]

BLIND = frozenset(  # the order of what they are given does not show in what they give
    {"sorted", "set", "frozenset", "len", "any", "all", "sum", "min", "max", "fsum", "Counter", "bool", "dict"}
)
BLIND_METHODS = frozenset(
    """union intersection difference symmetric_difference issubset issuperset isdisjoint difference_update
    intersection_update symmetric_difference_update""".split()  # noqa: SIM905
)
FOLLOW = frozenset(
    {"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "str", "repr", "next", "deque", "reduce"}
)
PASS_ON = frozenset({"list", "tuple", "iter", "enumerate", "map", "filter", "reversed", "zip"})
ORDERED_WRITES = frozenset({"append", "extend", "insert", "appendleft", "extendleft"})


def order(scope: Scope) -> Iterator[Said]:
    """Every place where the order of a set comes out."""
    for node in own_nodes(scope.context.function):
        walked = _walked(scope, node)
        if walked is not None:
            text = ast.unparse(walked)
            text = text if len(text) <= 50 else "a set"
            what = f"{text} is a set, and its order differs from one process to the next"
            key = ", key=…" if class_of(scope.module, element_type(scope, walked)) is not None else ""
            yield walked, "deterministic", f"{what}; walk sorted({text if text != 'a set' else '…'}{key})"


def _walked(scope: Scope, node: ast.AST) -> ast.expr | None:
    """The set whose order `node` brings out."""
    if isinstance(node, ast.For | ast.AsyncFor):
        return node.iter if is_set(scope, node.iter) and _order_shows(scope, node) else None
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        found = next((each.iter for each in node.generators if is_set(scope, each.iter)), None)
        return None if found is None or _blind(scope, node) else found
    if isinstance(node, ast.Call):
        return _called_on(scope, node)
    if isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load) and is_set(scope, node.value):
        parent = scope.module.parents.get(node)
        return None if isinstance(parent, ast.Set) or _blind(scope, node) else node.value
    if isinstance(node, ast.FormattedValue) and is_set(scope, node.value):
        return node.value
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
        several = len(node.targets[0].elts) > 1
        return node.value if several and is_set(scope, node.value) else None
    return None


def _called_on(scope: Scope, node: ast.Call) -> ast.expr | None:
    function = node.func
    if isinstance(function, ast.Attribute):
        if function.attr == "pop" and not node.args and is_set(scope, function.value):
            return function.value
        ordered = function.attr in ("join", "extend", "extendleft") or dotted_text(function) == "itertools.chain"
        return next((each for each in node.args if is_set(scope, each)), None) if ordered else None
    name = function.id if isinstance(function, ast.Name) else ""
    if name not in FOLLOW or name in scope.locals or _blind(scope, node):
        return None
    given = node.args[1:] if name in ("map", "filter", "reduce") else node.args
    return next((each for each in given if is_set(scope, each)), None)


def _blind(scope: Scope, node: ast.AST) -> bool:
    """Whether what takes the value of `node` does not show its order."""
    parent = scope.module.parents.get(node)
    while isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in PASS_ON:
        node, parent = parent, scope.module.parents.get(parent)
    if isinstance(parent, ast.Compare):
        return any(isinstance(each, ast.In | ast.NotIn) for each in parent.ops)
    if isinstance(parent, ast.comprehension):  # `[… for x in list(s)]`: ask about the comprehension
        grand = scope.module.parents.get(parent)
        return isinstance(grand, ast.SetComp | ast.DictComp) or (grand is not None and _blind(scope, grand))
    if isinstance(parent, ast.For | ast.AsyncFor) and parent.iter is node:
        return not _order_shows(scope, parent)
    if not isinstance(parent, ast.Call):
        return False
    if isinstance(parent.func, ast.Attribute):
        return parent.func.attr in BLIND_METHODS or (parent.func.attr == "update" and is_set(scope, parent.func.value))
    name = parent.func.id if isinstance(parent.func, ast.Name) else ""
    if name == "next" and isinstance(node, ast.GeneratorExp):
        return any(_looks_up(test) for each in node.generators for test in each.ifs)
    return name in BLIND and name not in scope.locals


def _looks_up(test: ast.expr) -> bool:
    """`x.id == id`: at most one element is meant."""
    return any(
        isinstance(each, ast.Eq) for node in ast.walk(test) if isinstance(node, ast.Compare) for each in node.ops
    )


def _order_shows(scope: Scope, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether the body of a loop does something in which the order can be seen."""
    nodes = [node for statement in (*loop.body, *loop.orelse) for node in ast.walk(statement)]
    read = {ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    read |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    for node in nodes:
        if isinstance(node, ast.Break | ast.Raise | ast.Yield | ast.YieldFrom):
            return True
        if isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None):
            return True
        if isinstance(node, ast.AugAssign) and ast.unparse(node.target) in read:
            return True
        if isinstance(node, ast.Call) and _shows(scope, node):
            return True
    return any(
        isinstance(target, ast.Attribute) and scope.root_of(target.value) is Root.STATE and ast.unparse(target) in read
        for node in nodes
        for target in targets_of(node)
    )


def _shows(scope: Scope, node: ast.Call) -> bool:
    function = node.func
    if isinstance(function, ast.Attribute):
        if scope.root_of(function.value) is Root.ACTIONS or function.attr in ORDERED_WRITES:
            return True
        if any(True for _ in mutated(node)):
            return False
    return any(scope.root_of(each) is Root.ACTIONS for each in (*node.args, *(word.value for word in node.keywords)))
