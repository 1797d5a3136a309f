"""The rule for `effects`, `clock`, `random` and `reads`: uses of names that `forbidden` lists."""

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
from fasm_cli.lint.names import FunctionNames, ModuleNames

RawFinding = tuple[ast.AST, str, str]  # where, the law, the message
READ_MODES = ("r", "rt", "rb")
AT_IMPORT = ("clock", "random", "reads")  # what a value computed when the module is imported may break


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
