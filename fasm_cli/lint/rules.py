"""The rules of lint, as functions from the names of one reached function to findings.

`find_side_effects` checks `effects`, `clock`, `random` and `reads`: uses of the names that `forbidden` lists.
`find_order_dependence` checks `deterministic`: the iteration order of a set, which differs between processes, becomes
visible.
"""

import ast
from collections.abc import Iterator

from fasm_cli.lint.forbidden import (
    EFFECT,
    EXCEPTIONS,
    FILES,
    FORBIDDEN,
    FORBIDDEN_PACKAGES,
    LOCAL_TIME,
    NEED_ARGUMENT,
    NEED_SEED,
    OPENERS,
    RANDOM,
    WAITS,
    Broken,
)
from fasm_cli.lint.source import FunctionNames, ModuleNames, dotted_text

RawFinding = tuple[ast.AST, str, str]  # where, the law, the message
READ_MODES = ("r", "rt", "rb")
AT_IMPORT = ("clock", "random", "reads")  # what a value computed when the module is imported may break


# Calls whose result does not depend on the order of their argument.
IGNORE_ORDER = frozenset(
    {"sorted", "set", "frozenset", "len", "any", "all", "sum", "min", "max", "fsum", "Counter", "bool", "dict"}
)
METHODS_IGNORE_ORDER = frozenset(
    """union intersection difference symmetric_difference issubset issuperset isdisjoint difference_update
    intersection_update symmetric_difference_update""".split()  # noqa: SIM905
)
# Calls whose result has the order of their argument.
KEEP_ORDER = frozenset(
    {"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "str", "repr", "next", "deque", "reduce"}
)
PASS_ON = frozenset({"list", "tuple", "iter", "enumerate", "map", "filter", "reversed", "zip"})
ORDERED_WRITES = frozenset({"append", "extend", "insert", "appendleft", "extendleft"})
LONGEST_QUOTE = 50  # characters of source in a message


def find_side_effects(names: FunctionNames) -> Iterator[RawFinding]:
    """Every use of a forbidden name in the function, and in the module's values that the function uses."""
    reported: set[ast.AST] = set()
    for node in names.nodes():
        if node in reported:
            continue
        broken = _check(names, node) if isinstance(node, ast.expr) else None
        if broken is None:
            for value in _values_used(names, node):
                yield from _check_import_time(names, value)
        elif not (broken[1].endswith(WAITS) and _may_wait(names)):
            reported.update(ast.walk(node.func if isinstance(node, ast.Call) else node))
            yield node, *broken


def _may_wait(names: FunctionNames) -> bool:
    """Whether the function is a method of a value: the state may be awaited, and so may what its methods await."""
    owner = names.reached.owner
    return owner is not None and owner not in names.module.lineage(names.reachable.machine)


def _values_used(names: FunctionNames, node: ast.AST) -> Iterator[ast.expr]:
    """The expressions whose value `node` uses, of a global, a class attribute or a field's default."""
    module = names.module
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in names.locals:
        if node.id in module.values:
            yield module.values[node.id]
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        cls = names.class_named(node.value)
        value = None if cls is None else module.value(cls, node.attr)
        if value is not None:
            yield value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in module.classes:
        for cls in module.lineage(module.classes[node.func.id]):
            yield from cls.values.values()


def _check_import_time(names: FunctionNames, value: ast.expr) -> Iterator[RawFinding]:
    outer = ModuleNames(names.module)
    reported: set[ast.AST] = set()
    for node in ast.walk(value):
        if isinstance(node, ast.expr) and node not in reported:
            broken = _check(outer, node)
            if broken is not None and broken[0] in AT_IMPORT:
                reported.update(ast.walk(node))
                yield node, *broken


def _check(names: ModuleNames, node: ast.expr) -> Broken | None:
    """The law that `node` itself breaks, and the message."""
    if isinstance(node, ast.Call):
        return _check_call(names, node)
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        name = names.resolve(node)
        if name in FORBIDDEN:
            law, message = FORBIDDEN[name]
            return law, f"{_label(name)} {message}"
    return None


def _check_call(names: ModuleNames, node: ast.Call) -> Broken | None:
    function = node.func
    name = names.resolve(function)
    if isinstance(function, ast.Attribute) and function.attr == "astimezone" and not node.args + node.keywords:
        return "reads", f"{ast.unparse(function)}() {LOCAL_TIME}"
    if name is None:
        return None
    call = f"{_label(name)}()"
    if name in OPENERS:
        law, message = _check_open(node, name)
    elif name in FORBIDDEN:
        law, message = FORBIDDEN[name]
    elif name == "time.localtime":
        law, message = "reads", LOCAL_TIME
    elif name in NEED_SEED:
        if node.keywords or (node.args and getattr(node.args[0], "value", "") is not None):
            return None
        law, message = "random", f"without a seed {RANDOM}"
    elif name in NEED_ARGUMENT:
        least, law, message = NEED_ARGUMENT[name]
        if len(node.args) + len(node.keywords) >= least:
            return None
    elif name.endswith(EXCEPTIONS) or "()" in name:
        return None
    else:
        prefixes = (each for each in FORBIDDEN_PACKAGES if f"{name}.".startswith((f"{each}.", f"{each}(module)")))
        package = next(prefixes, None)
        if package is None:
            return None
        law, message = FORBIDDEN_PACKAGES[package]
    return law, f"{call} {message}"


def _check_open(node: ast.Call, name: str) -> Broken:
    position = 0 if name == "pathlib.Path().open" else 1
    modes = [word.value for word in node.keywords if word.arg == "mode"] or node.args[position : position + 1]
    mode = modes[0].value if modes and isinstance(modes[0], ast.Constant) else "r" if not modes else None
    return ("reads", FILES) if mode in READ_MODES else ("effects", EFFECT)


def _label(name: str) -> str:
    return name.removeprefix("builtins.").replace("(module)", "()")


# --- the order of sets ---


def find_order_dependence(names: FunctionNames) -> Iterator[RawFinding]:
    """Every expression in the function that is a set and whose order becomes visible."""
    for node in names.nodes():
        found = _exposed_set(names, node)
        if found is not None:
            text = ast.unparse(found)
            what, again = (text, text) if len(text) <= LONGEST_QUOTE else ("this expression", "…")
            message = f"{what} is a set, and its order differs between processes; iterate over sorted({again})"
            yield found, "deterministic", message


def _exposed_set(names: FunctionNames, node: ast.AST) -> ast.expr | None:
    """The set whose order `node` makes visible."""
    if isinstance(node, ast.For | ast.AsyncFor):
        return node.iter if names.is_set(node.iter) and _loop_shows_order(names, node) else None
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        found = next((each.iter for each in node.generators if names.is_set(each.iter)), None)
        return None if found is None or _order_is_ignored(names, node) else found
    if isinstance(node, ast.Call):
        return _exposed_by_call(names, node)
    if isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load) and names.is_set(node.value):
        parent = names.module.parents.get(node)
        return None if isinstance(parent, ast.Set) or _order_is_ignored(names, node) else node.value
    if isinstance(node, ast.FormattedValue) and names.is_set(node.value):
        return node.value
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List):
        several = len(node.targets[0].elts) > 1
        return node.value if several and names.is_set(node.value) else None
    return None


def _exposed_by_call(names: FunctionNames, node: ast.Call) -> ast.expr | None:
    function = node.func
    if isinstance(function, ast.Attribute):
        if function.attr == "pop" and not node.args and names.is_set(function.value):
            return function.value
        ordered = function.attr in ("join", "extend", "extendleft") or dotted_text(function) == "itertools.chain"
        return next((each for each in node.args if names.is_set(each)), None) if ordered else None
    name = function.id if isinstance(function, ast.Name) else ""
    if name not in KEEP_ORDER or name in names.locals or _order_is_ignored(names, node):
        return None
    arguments = node.args[1:] if name in ("map", "filter", "reduce") else node.args
    return next((each for each in arguments if names.is_set(each)), None)


def _order_is_ignored(names: FunctionNames, node: ast.AST) -> bool:
    """Whether what receives the value of `node` does not depend on its order."""
    parents = names.module.parents
    parent = parents.get(node)
    while isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in PASS_ON:
        node, parent = parent, parents.get(parent)
    if isinstance(parent, ast.Compare):
        return any(isinstance(each, ast.In | ast.NotIn) for each in parent.ops)
    if isinstance(parent, ast.comprehension):  # `[… for x in list(s)]`: the comprehension decides
        outer = parents.get(parent)
        return isinstance(outer, ast.SetComp | ast.DictComp) or (outer is not None and _order_is_ignored(names, outer))
    if isinstance(parent, ast.For | ast.AsyncFor) and parent.iter is node:
        return not _loop_shows_order(names, parent)
    if not isinstance(parent, ast.Call):
        return False
    if isinstance(parent.func, ast.Attribute):
        updates_set = parent.func.attr == "update" and names.is_set(parent.func.value)
        return updates_set or parent.func.attr in METHODS_IGNORE_ORDER
    name = parent.func.id if isinstance(parent.func, ast.Name) else ""
    if name == "next" and isinstance(node, ast.GeneratorExp):
        return any(_selects_one(test) for each in node.generators for test in each.ifs)
    return name in IGNORE_ORDER and name not in names.locals


def _selects_one(test: ast.expr) -> bool:
    """Whether a condition such as `x.id == id` holds for one element at most."""
    return any(
        isinstance(each, ast.Eq) for node in ast.walk(test) if isinstance(node, ast.Compare) for each in node.ops
    )


def _loop_shows_order(names: FunctionNames, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether the body of a loop does something whose result depends on the order of the iterations."""
    nodes = [node for statement in (*loop.body, *loop.orelse) for node in ast.walk(statement)]
    elements = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    loads = [ast.unparse(n) for n in nodes if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, ast.Load)]
    for node in nodes:
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if isinstance(node, ast.Return | ast.Raise) and _uses(node, elements):
            return True
        if isinstance(node, ast.AugAssign) and ast.unparse(node.target) in loads:  # a counter that is also read
            return True
        if isinstance(node, ast.Call) and _call_shows_order(names, node):
            return True
    stops = any(isinstance(node, ast.Break) for node in nodes)
    return stops and any(isinstance(node, ast.Assign) and _uses(node.value, elements) for node in nodes)


def _uses(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(node))


def _call_shows_order(names: FunctionNames, node: ast.Call) -> bool:
    """Whether a call appends to something, emits an action, or passes the actions on."""
    actions = names.action_parameters
    if isinstance(node.func, ast.Attribute):
        base = node.func.value
        if node.func.attr in ORDERED_WRITES or (isinstance(base, ast.Name) and base.id in actions):
            return True
    arguments = (*node.args, *(word.value for word in node.keywords))
    return any(isinstance(each, ast.Name) and each.id in actions for each in arguments)
