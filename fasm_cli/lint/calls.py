"""Calls that stay inside the module: which function is meant, and what its parameters get."""

import ast
from collections.abc import Iterator

from fasm_cli.lint.infer import Called, called, named, type_of
from fasm_cli.lint.kinds import text_of
from fasm_cli.lint.scope import Context, Root, Scope


def context_of(scope: Scope, call: ast.Call, target: Called) -> Context:
    """What the parameters of `target` get from `call`."""
    arguments = target.function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    given: dict[str, ast.expr] = {}
    if target.bound and names:
        if target.receiver is not None:
            given[names[0]] = target.receiver
        names = names[1:]
    for name, value in zip(names, call.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        given[name] = value
    given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
    return _context(scope, target, given)


def _context(scope: Scope, target: Called, given: dict[str, ast.expr]) -> Context:
    here = scope.context
    roots, declared = [], []
    for name, value in sorted(given.items()):
        root, kind = scope.root_of(value), type_of(scope, value)
        if root is None and target.bound and value is target.receiver and scope.class_named(value) is here.machine:
            root = Root.MACHINE
        if root is not None:
            roots.append((name, root))
        if kind is not None:
            declared.append((name, text_of(kind)))
    return Context(target.function, target.owner, here.machine, here.kind, tuple(roots), tuple(declared))


def reached_from(scope: Scope, node: ast.AST) -> Iterator[Context]:
    """The functions of this module that `node` runs or hands on: a call, a property, a function passed as a value,
    what a class runs when it is made."""
    module = scope.module
    if isinstance(node, ast.Call):
        target = called(scope, node)
        if target is not None:
            yield context_of(scope, node, target)
        if isinstance(node.func, ast.Name) and node.func.id in module.classes and node.func.id not in scope.locals:
            for name in ("__new__", "__init__", "__post_init__"):
                found = module.method(module.classes[node.func.id], name)
                if found is not None:
                    yield _context(scope, Called(*found, None, bound=True), {})
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        target = named(scope, node)
        parent = module.parents.get(node)
        if target is not None and not (isinstance(parent, ast.Call) and parent.func is node):
            names = target.function.args.args
            receiver = target.receiver
            given = {names[0].arg: receiver} if target.bound and names and receiver is not None else {}
            yield _context(scope, target, given)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in module.functions:
        parent = module.parents.get(node)
        if node.id not in scope.locals and not (isinstance(parent, ast.Call) and parent.func is node):
            yield Context(module.functions[node.id], None, scope.context.machine, scope.context.kind)
