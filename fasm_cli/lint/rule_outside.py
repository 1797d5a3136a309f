"""Rules on what reaches out of the machine: clock, chance, environment, effects."""

import ast
from collections.abc import Iterator

from fasm_cli.lint.module import own_nodes
from fasm_cli.lint.scope import Outside, Root, Scope
from fasm_cli.lint.tables import (
    CALLED,
    EFFECT,
    EXACT,
    FILES,
    INNOCENT,
    LOCAL_TIME,
    NEED_ARGUMENT,
    RANDOM,
    SEEDED,
    WAITS,
)

Said = tuple[ast.AST, str, str]  # where, law, message
READING = ("r", "rt", "rb")
AT_IMPORT = ("clock", "random", "reads")


def outside(scope: Scope) -> Iterator[Said]:
    """Everything in the function, and in the values of the module that it uses, that depends on the world outside."""
    told: set[ast.AST] = set()
    for node in own_nodes(scope.context.function):
        if node in told:
            continue
        found = _judge(scope, node) if isinstance(node, ast.expr) else None
        if found is not None and found[1].endswith(WAITS) and _in_the_state(scope):
            continue
        if found is not None:
            told.update(ast.walk(node.func if isinstance(node, ast.Call) else node))
            yield node, *found
            continue
        for value in values_used(scope, node):
            yield from _at_import(scope, value)


def _in_the_state(scope: Scope) -> bool:
    """Whether the function is a method of the state, or of something in it, which may wait."""
    here = scope.context
    first = here.function.args.args[:1]
    return here.owner is not here.machine and bool(first) and here.roots.count((first[0].arg, Root.STATE)) > 0


def values_used(scope: Scope, node: ast.AST) -> Iterator[ast.expr]:
    """The expressions, evaluated when the module was imported or a class is made, whose value `node` uses."""
    module = scope.module
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in scope.locals:
        if node.id in module.values:
            yield module.values[node.id]
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        cls = scope.class_named(node.value)
        value = None if cls is None else module.value(cls, node.attr)
        if value is not None:
            yield value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in module.classes:
        for cls in module.lineage(module.classes[node.func.id]):
            yield from cls.values.values()


def _at_import(scope: Scope, value: ast.expr) -> Iterator[Said]:
    outer = Outside(scope.module)
    told: set[ast.AST] = set()
    for node in ast.walk(value):
        if isinstance(node, ast.expr) and node not in told:
            found = _judge(outer, node)
            if found is not None and found[0] in AT_IMPORT and not found[1].startswith("random.Random()"):
                told.update(ast.walk(node))
                yield node, *found


def _judge(scope: Scope, node: ast.expr) -> tuple[str, str] | None:
    """The law `node` itself breaks, and the message."""
    if isinstance(node, ast.Call):
        return _judge_call(scope, node)
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        name = scope.resolve(node)
        if name in EXACT and not _counts_when_called(name, node):
            law, why = EXACT[name]
            return law, f"{_shown(name)} {why}"
    return None


def _counts_when_called(name: str, node: ast.expr) -> bool:
    """`id` and `hash` alone are mostly somebody's own names; only a call of them says something."""
    return name in ("builtins.id", "builtins.hash", "builtins.exit", "builtins.quit") and isinstance(node, ast.Name)


def _judge_call(scope: Scope, node: ast.Call) -> tuple[str, str] | None:
    function = node.func
    name = scope.resolve(function)
    if isinstance(function, ast.Attribute) and function.attr == "astimezone" and not node.args + node.keywords:
        return LOCAL_TIME[0], f"{ast.unparse(function)}() {LOCAL_TIME[1]}"
    if name is None:
        return None
    shown = f"{_shown(name)}()"
    if name in ("builtins.open", "io.open", "pathlib.Path().open", "os.open", "codecs.open"):
        return _opened(node, name, shown)
    if name in EXACT:
        law, why = EXACT[name]
        return law, f"{shown} {why}"
    if name in SEEDED:
        unseeded = not node.args or (isinstance(node.args[0], ast.Constant) and node.args[0].value is None)
        return ("random", f"{shown} without a seed {RANDOM}") if unseeded and not node.keywords else None
    if name in NEED_ARGUMENT:
        least, law, why = NEED_ARGUMENT[name]
        return (law, f"{shown} {why}") if len(node.args) + len(node.keywords) < least else None
    if name == "time.localtime":
        return LOCAL_TIME[0], f"{shown} {LOCAL_TIME[1]}"
    if name.endswith(INNOCENT) or "()" in name:
        return None
    for prefix, (law, why) in CALLED.items():
        if name == prefix or name.startswith((f"{prefix}.", f"{prefix}(module)")):
            return law, f"{shown} {why}"
    return None


def _opened(node: ast.Call, name: str, shown: str) -> tuple[str, str]:
    at = 0 if name == "pathlib.Path().open" else 1
    modes = [word.value for word in node.keywords if word.arg == "mode"] or node.args[at : at + 1]
    mode = modes[0].value if modes and isinstance(modes[0], ast.Constant) else "r" if not modes else None
    return ("reads", f"{shown} {FILES}") if mode in READING else ("effects", f"{shown} {EFFECT}")


def _shown(name: str) -> str:
    return name.removeprefix("builtins.").replace("(module)", "()")
