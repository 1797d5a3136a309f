"""What the expressions of one function refer to outside its module, and which of them are certainly sets."""

import ast
from collections.abc import Iterator

from fasm_cli.lint.source import Class, Module, Reachable, Reached, bound_names, dotted_text, imported, own_nodes

SET_TYPES = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
MAX_DEPTH = 12  # of names that refer to names


class ModuleNames:
    """What names mean in the module's own statements."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.locals: set[str] = set()
        self.imports: dict[str, str] = {}

    def resolve(self, node: ast.expr, depth: int = 0) -> str | None:
        """The full name of something outside the module: `time.time`, `pathlib.Path().open`.

        `(module)` marks an object created when the module was imported: `random.Random(module).random`.
        """
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, ast.Name):
            if node.id in self.imports:
                return self.imports[node.id]
            if node.id in self.locals:
                return self._resolve_local(node.id, depth)
            return self.module.dotted(node.id) or self._resolve_value(self.module.values.get(node.id), depth)
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value, depth + 1)
            if base is not None:
                return f"{base}.{node.attr}"
            cls = self.class_named(node.value)
            return None if cls is None else self._resolve_value(self.module.value(cls, node.attr), depth)
        return self._resolve_call(node, depth) if isinstance(node, ast.Call) else None

    def class_named(self, node: ast.expr) -> Class | None:
        """The class whose attributes `node.x` reads."""
        return self.module.classes.get(node.id) if isinstance(node, ast.Name) else None

    def _resolve_local(self, name: str, depth: int) -> str | None:
        return None

    def _resolve_call(self, node: ast.Call, depth: int) -> str | None:
        function = self.resolve(node.func, depth + 1)
        constants = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        if function in ("builtins.__import__", "importlib.import_module") and constants:
            return constants[0] if isinstance(constants[0], str) else None
        if function == "builtins.getattr" and len(constants) > 1 and isinstance(constants[1], str):
            base = self.resolve(node.args[0], depth + 1)
            return None if base is None else f"{base}.{constants[1]}"
        return None if function is None else f"{function}()"

    def _resolve_value(self, value: ast.expr | None, depth: int) -> str | None:
        if value is None:
            return None
        name = ModuleNames(self.module).resolve(value, depth + 1)
        if name is not None and name.endswith("()") and not name.startswith("pathlib."):
            return f"{name[:-2]}(module)"
        return name


class FunctionNames(ModuleNames):
    """What names mean inside one function that a machine reaches."""

    def __init__(self, reachable: Reachable, reached: Reached) -> None:
        super().__init__(reachable.module)
        self.reachable = reachable
        self.reached = reached
        self.locals = bound_names(reached.function)
        self._assigned: dict[str, list[ast.expr | None]] = {}  # None: bound to a value that the source does not show
        for node in ast.walk(reached.function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports.update(imported(node))
        for name, value in _bindings(reached.function):
            self._assigned.setdefault(name, []).append(value)
        self._set_parameters: set[str] = set()
        for arguments in (node for node in ast.walk(reached.function) if isinstance(node, ast.arguments)):
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                if is_set_type(self.module, argument.annotation):
                    self._set_parameters.add(argument.arg)
                else:
                    self._assigned.setdefault(argument.arg, []).append(None)
        self._resolving: set[str] = set()

    @property
    def action_parameters(self) -> set[str]:
        """The parameters that collect actions: named `actions` or annotated as `Actions`."""
        arguments = self.reached.function.args
        found = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        return {
            each.arg
            for each in found
            if each.arg == "actions" or (each.annotation and dotted_text(each.annotation) == "Actions")
        }

    def nodes(self) -> Iterator[ast.AST]:
        """The nodes that run when the function is defined or called."""
        return own_nodes(self.reached.function)

    def class_named(self, node: ast.expr) -> Class | None:
        if isinstance(node, ast.Name) and node.id in self.locals and node.id != self.reached.self_name:
            return None
        return self.reachable.class_named(self.reached, node)

    def _resolve_local(self, name: str, depth: int) -> str | None:
        values = self._assigned.get(name, [])
        if len(values) != 1 or values[0] is None:
            return None
        return self.resolve(values[0], depth + 1)

    def is_set(self, node: ast.expr | None) -> bool:
        """Whether `node` is certainly a set. An attribute is one if every class that declares it says so."""
        if isinstance(node, ast.Set | ast.SetComp):
            return True
        if isinstance(node, ast.Name):
            return self._is_set_name(node.id)
        if isinstance(node, ast.BinOp) and isinstance(node.op, SET_OPERATORS):
            return self.is_set(node.left) or self.is_set(node.right)
        if isinstance(node, ast.Attribute):
            return _is_set_member(self.module, node.attr, called=False)
        if not isinstance(node, ast.Call):
            return False
        function = node.func
        if isinstance(function, ast.Attribute):
            if function.attr in SET_METHODS or function.attr == "copy":
                return self.is_set(function.value)
            return _is_set_member(self.module, function.attr, called=True)
        if not isinstance(function, ast.Name) or function.id in self.locals:
            return False
        if function.id in self.module.functions:
            return is_set_type(self.module, self.module.functions[function.id].returns)
        return function.id in ("set", "frozenset")

    def _is_set_name(self, name: str) -> bool:
        if name not in self.locals:
            value = self.module.values.get(name)
            call = isinstance(value, ast.Call) and dotted_text(value.func) in ("set", "frozenset")
            return call or isinstance(value, ast.Set | ast.SetComp)
        values = self._assigned.get(name, [])
        if name in self._resolving:
            return True  # `found = found.union(ids)`: the other bindings decide
        if not values and name not in self._set_parameters:
            return False
        self._resolving.add(name)
        found = all(self.is_set(value) for value in values)
        self._resolving.discard(name)
        return found


def _bindings(function: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """The names bound inside a function, with their values where a plain assignment shows them. No parameters."""
    values: dict[ast.AST, ast.expr | None] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            values.update(dict.fromkeys(node.targets, node.value))
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            values[node.target] = node.value
        elif isinstance(node, ast.AugAssign):
            values[node.target] = node.target  # `found |= {1}` changes no type
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, values.get(node)
        elif isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name:
            yield node.name, None


def is_set_type(module: Module, annotation: ast.expr | None, depth: int = 0) -> bool:
    """Whether an annotation means a set, or a set or None; strings, `Annotated` and aliases are followed."""
    if annotation is None or depth > MAX_DEPTH:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return is_set_type(module, ast.parse(annotation.value, mode="eval").body, depth + 1)
        except SyntaxError:
            return False
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        sides = [each for each in (annotation.left, annotation.right) if ast.unparse(each) != "None"]
        return all(is_set_type(module, each, depth + 1) for each in sides)
    name = dotted_text(annotation).rpartition(".")[2]
    if isinstance(annotation, ast.Subscript) and name in ("Annotated", "Optional", "Final"):
        inner = annotation.slice
        return is_set_type(module, inner.elts[0] if isinstance(inner, ast.Tuple) else inner, depth + 1)
    if isinstance(annotation, ast.Name) and name in module.values:
        return is_set_type(module, module.values[name], depth + 1)
    return name in SET_TYPES


def _is_set_member(module: Module, name: str, *, called: bool) -> bool:
    """Whether every class of the module that declares a field, property or method `name` says that it is a set."""
    declared: list[bool] = []
    for cls in module.classes.values():
        if name in cls.fields:
            declared.append(not called and is_set_type(module, cls.fields[name]))
        elif name in cls.methods:
            is_property = bool(cls.methods[name].decorator_list)
            declared.append(is_property is not called and is_set_type(module, cls.methods[name].returns))
        elif name in cls.values:
            declared.append(False)
    return bool(declared) and all(declared)
