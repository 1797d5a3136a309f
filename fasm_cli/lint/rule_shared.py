"""Rules on state outside of `state`: what the machine, its module or its actions must not share or change."""

import ast
from collections.abc import Container, Iterator

from fasm_cli.lint import kinds
from fasm_cli.lint.infer import type_of
from fasm_cli.lint.module import FunctionNode, base_name, dotted_text, globals_in, mutated, own_nodes, targets_of
from fasm_cli.lint.scope import Kind, Root, Scope

Said = tuple[ast.AST, str, str]
FRESH = frozenset({"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter"})


def shared(scope: Scope) -> Iterator[Said]:
    """Hidden state, written and read; state written where it may only be read; what actions share with the state."""
    function = scope.context.function
    yield from _defaults(scope)
    declared = globals_in(function)
    for node in own_nodes(function):
        for changed, rebinds in mutated(node):
            law, message = _written(scope, node, changed, declared, rebinds=rebinds)
            if law:
                yield node, law, message
        if isinstance(node, ast.Call):
            yield from _given_away(scope, node)


def _written(scope: Scope, node: ast.AST, changed: ast.expr, declared: set[str], *, rebinds: bool) -> tuple[str, str]:
    text = ast.unparse(changed)
    if rebinds:
        if isinstance(changed, ast.Name) and changed.id in declared:
            return "hidden", f"the global {text} is changed, and neither stored nor restored; keep it in the state"
        if not (isinstance(node, ast.AugAssign) and kinds.mutable(scope.module, type_of(scope, changed))):
            return "", ""
    root = scope.root_of(changed)
    if root is Root.STATE:
        return _state_written(scope, node)
    if root is Root.MACHINE:
        target = next((ast.unparse(each) for each in targets_of(node)), text)
        return "hidden", f"{target} is changed, but a machine holds no state of its own; keep it in the state"
    name = base_name(changed)
    if name is None or name in scope.locals - declared or root is not None:
        return "", ""
    module = scope.module
    if name in module.classes:
        return "hidden", f"{text} is a class, and what it holds is neither stored nor restored; keep it in the state"
    if name in module.values or name in declared:
        if _remembers(scope, node, name):
            return "", ""
        return "hidden", f"the global {text} is changed, and neither stored nor restored; keep it in the state"
    if isinstance(node, ast.Call):
        return "", ""
    if name in module.functions or name in module.imports:
        return "hidden", f"{text} is shared by the whole process; keep what changes in the state"
    return "", ""


def _remembers(scope: Scope, node: ast.AST, name: str) -> bool:
    """`if key not in CACHE: CACHE[key] = …`: what is computed once from the key is a cache, and innocent."""
    above = scope.module.parents.get(node)
    test = above.test if isinstance(above, ast.If) else None
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.NotIn):
        return False
    stores = [target for target in targets_of(node) if isinstance(target, ast.Subscript)]
    keyed = [target for target in stores if ast.unparse(target.slice) == ast.unparse(test.left)]
    return base_name(test.comparators[0]) == name and isinstance(node, ast.Assign) and len(keyed) == 1


def _state_written(scope: Scope, node: ast.AST) -> tuple[str, str]:
    text = next((ast.unparse(each) for each in targets_of(node)), "")
    if not text and isinstance(node, ast.Call):
        text = ast.unparse(node.func)
    if scope.context.kind is Kind.RESTORE:
        return "restore", f"{text} changes the state in restore; only emit what is pending, and change it in the STF"
    if scope.context.kind is Kind.CHECK:
        return "invariant", f"{text} changes the state in an invariant; only look at it, or work on a copy"
    return "", ""


def _defaults(scope: Scope) -> Iterator[Said]:
    arguments = scope.context.function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    defaults: list[tuple[str, ast.expr | None]] = list(
        zip(names[len(names) - len(arguments.defaults) :], arguments.defaults, strict=True)
    )
    defaults += zip((each.arg for each in arguments.kwonlyargs), arguments.kw_defaults, strict=True)
    for name, default in defaults:
        fresh = isinstance(default, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
        if isinstance(default, ast.Call):
            fresh = dotted_text(default.func).rpartition(".")[2] in FRESH
        if fresh and default is not None:
            text = f"the default {name}={ast.unparse(default)} is one object for all calls"
            yield default, "hidden", f"{text}; write {name}=None and make it inside"


def changing(scope: Scope, reached: Container[FunctionNode]) -> Iterator[Said]:
    """Globals and class attributes that are read, and changed by a function that the machine does not reach; where it
    does, the change itself is reported."""
    for node in own_nodes(scope.context.function):
        yield from _read(scope, node, reached)


def _read(scope: Scope, node: ast.AST, reached: Container[FunctionNode]) -> Iterator[Said]:
    module = scope.module
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        writers = module.written.get(node.id, set()) if node.id not in scope.locals else set()
        other = _first(writers, reached)
        if other is not None:
            yield node, "reads", f"the global {node.id} is changed by {other.name}(); keep it in the state"
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        cls = scope.class_named(node.value)
        lineage = module.lineage(cls) if cls is not None else ()
        writers = {other for each in lineage for other in module.written_on.get((each.name, node.attr), set())}
        other = _first(writers, reached)
        if other is not None:
            yield node, "reads", f"{ast.unparse(node)} is changed by {other.name}(); keep it in the state"


def _first(writers: set[FunctionNode], reached: Container[FunctionNode]) -> FunctionNode | None:
    return min((each for each in writers if each not in reached), key=lambda each: each.lineno, default=None)


# --- actions ------------------------------------------------------------------------------------------------------


def _given_away(scope: Scope, node: ast.Call) -> Iterator[Said]:
    name = dotted_text(node.func).rpartition(".")[2]
    if name not in ("Tracked", "Untracked") and name not in _action_classes(scope):
        return
    for part in _parts(node):
        if scope.root_of(part) is not Root.STATE:
            continue
        kind = type_of(scope, part)
        if kinds.mutable(scope.module, kind):
            text = ast.unparse(part)
            copy = _copy(scope, kind, text)
            yield part, "hidden", f"{text} is shared by the state and the action, and can still change; give it {copy}"


def _copy(scope: Scope, kind: ast.expr | None, text: str) -> str:
    single = kinds.only(scope.module, kind)
    name = kinds.head(single).lower() if single is not None else ""
    return f"a copy: {name}({text})" if name in ("list", "dict", "set") else f"a copy: copy.deepcopy({text})"


def _action_classes(scope: Scope) -> set[str]:
    found = set()
    for role in ("TrackedAction", "UntrackedAction"):
        for each in kinds.members(scope.module, scope.declared(role)):
            found.add(kinds.head(each))
    return found


def _parts(node: ast.Call) -> Iterator[ast.expr]:
    """What ends up inside of what is made: arguments, and what stands in tuples and lists among them."""
    ahead = [*node.args, *(word.value for word in node.keywords)]
    while ahead:
        each = ahead.pop(0)
        if isinstance(each, ast.Tuple | ast.List | ast.Set):
            ahead += each.elts
        elif isinstance(each, ast.IfExp):
            ahead += [each.body, each.orelse]
        elif isinstance(each, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            yield each
