"""The names that a module defines, the functions that a machine reaches in it, and what their expressions refer to."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ENTRY_POINTS = ("stf", "restore", "check_invariants")
INVARIANT_MARKS = frozenset({"invariant", "sometimes", "eventually", "transition_invariant"})
VALUE_TYPES = ("State", "Input", "ActionId", "TrackedAction", "ActionResult", "UntrackedAction")
CONSTRUCTORS = ("__new__", "__init__", "__post_init__")
SET_TYPES = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
MAX_DEPTH = 12  # of names that refer to names


@dataclass(slots=True, eq=False)
class Class:
    """A class of the module. `fields` are its annotations, `values` what is assigned in its body."""

    name: str
    bases: list[ast.expr]
    methods: dict[str, FunctionNode] = field(default_factory=dict)
    fields: dict[str, ast.expr] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reached:
    """A function that a machine runs; `owner` is the class that it is a method of."""

    function: FunctionNode
    owner: Class | None

    @property
    def self_name(self) -> str:
        """The name of the parameter that holds the instance; empty for a function."""
        parameters = self.function.args.args
        return parameters[0].arg if self.owner is not None and parameters else ""


class Module:
    """The imports, functions, classes and values that a module defines at its top level."""

    def __init__(self, tree: ast.Module) -> None:
        self.imports: dict[str, str] = {}
        self.functions: dict[str, FunctionNode] = {}
        self.classes: dict[str, Class] = {}
        self.values: dict[str, ast.expr] = {}
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        for statement in _top_level(tree.body):
            self._define(statement)

    def _define(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.imports.update(imported(node))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = _class(node)
        elif isinstance(node, ast.Assign):
            self.values.update(_assigned(node))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            self.values[node.target.id] = node.value

    def lineage(self, cls: Class, seen: tuple[str, ...] = ()) -> Iterator[Class]:
        """The class and those of its bases that this module defines, nearest first."""
        yield cls
        for base in cls.bases:
            if isinstance(base, ast.Name) and base.id in self.classes and base.id not in (*seen, cls.name):
                yield from self.lineage(self.classes[base.id], (*seen, cls.name))

    def method(self, cls: Class, name: str) -> Reached | None:
        return next((Reached(each.methods[name], each) for each in self.lineage(cls) if name in each.methods), None)

    def value(self, cls: Class, name: str) -> ast.expr | None:
        return next((each.values[name] for each in self.lineage(cls) if name in each.values), None)

    @property
    def machines(self) -> list[Class]:
        return [cls for cls in self.classes.values() if self._is_machine(cls)]

    def _is_machine(self, cls: Class) -> bool:
        names = (dotted_text(base) for each in self.lineage(cls) for base in each.bases)
        return any(self.imports.get(name, name).rpartition(".")[2] == "StateMachine" for name in names)

    def dotted(self, name: str) -> str | None:
        """The full name of something imported or built in, `datetime.datetime`; None for the module's own names."""
        if name in self.imports:
            return self.imports[name]
        if name in self.functions or name in self.classes or name in self.values:
            return None
        return f"builtins.{name}" if hasattr(builtins, name) else None


class Reachable:
    """The functions of `module` that `machine` runs: called, read as a property, or passed on as a value.

    A method of an unknown receiver counts if a class of the machine's values (or one that reached code creates)
    defines a method of that name.
    """

    def __init__(self, module: Module, machine: Class) -> None:
        self.module = module
        self.machine = machine
        self.functions: list[Reached] = []
        self._value_classes = self._classes_of_values()
        self._entry_points()
        known = -1
        while known != len(self.functions) + len(self._value_classes):
            known = len(self.functions) + len(self._value_classes)
            for reached in list(self.functions):
                local = bound_names(reached.function)
                for node in own_nodes(reached.function):
                    self._follow(reached, node, local)

    def class_named(self, reached: Reached, node: ast.expr) -> Class | None:
        """The class whose attributes `node.x` reads: `self`, `cls` or a class by its name."""
        if not isinstance(node, ast.Name):
            return None
        if node.id == reached.self_name:
            return self.machine if reached.owner in list(self.module.lineage(self.machine)) else reached.owner
        return self.module.classes.get(node.id)

    def _entry_points(self) -> None:
        for name in ENTRY_POINTS:
            self._add(self.module.method(self.machine, name))
        for cls in self.module.lineage(self.machine):
            for method in cls.methods.values():
                if any(dotted_text(mark).rpartition(".")[2] in INVARIANT_MARKS for mark in method.decorator_list):
                    self._add(Reached(method, cls))

    def _classes_of_values(self) -> list[Class]:
        """The classes of the module that the machine's associated types are made of."""
        module = self.module
        found: dict[str, Class] = {}
        ahead = [value for name in VALUE_TYPES if (value := module.value(self.machine, name)) is not None]
        ahead += [base for base in self.machine.bases if isinstance(base, ast.Subscript)]
        while ahead:
            for node in ast.walk(ahead.pop()):
                if isinstance(node, ast.Name) and node.id in module.classes and node.id not in found:
                    found[node.id] = module.classes[node.id]
                    ahead += [each for cls in module.lineage(found[node.id]) for each in cls.fields.values()]
        return list(found.values())

    def _add(self, reached: Reached | None) -> None:
        if reached is not None and reached not in self.functions:
            self.functions.append(reached)

    def _follow(self, reached: Reached, node: ast.AST, local: set[str]) -> None:
        module = self.module
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in local:
            if node.id in module.functions:
                self._add(Reached(module.functions[node.id], None))
            elif node.id in module.classes and isinstance(module.parents.get(node), ast.Call):
                cls = module.classes[node.id]
                if cls not in self._value_classes and cls is not self.machine:
                    self._value_classes.append(cls)
                for name in CONSTRUCTORS:
                    self._add(module.method(cls, name))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            owner = self.class_named(reached, node.value)
            if owner is not None:
                self._add(module.method(owner, node.attr))
            elif isinstance(node.value, ast.Call) and dotted_text(node.value.func) == "super":
                for base in list(module.lineage(reached.owner or self.machine))[1:]:
                    self._add(module.method(base, node.attr))
            elif not (isinstance(node.value, ast.Name) and node.value.id in module.imports):
                for each in self._value_classes:
                    self._add(module.method(each, node.attr))


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


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """The names that an import binds, with what they refer to; none for `from … import *`."""
    if isinstance(node, ast.Import):
        tops = {name.name.partition(".")[0] for name in node.names if not name.asname}
        return {top: top for top in tops} | {name.asname: name.name for name in node.names if name.asname}
    module = "." * node.level + (node.module or "")
    return {name.asname or name.name: f"{module}.{name.name}" for name in node.names if name.name != "*"}


def own_nodes(function: FunctionNode) -> Iterator[ast.AST]:
    """The nodes that run when the function is defined or called, outermost first: defaults and body, no annotation."""
    arguments = function.args
    ahead: list[ast.AST] = [*arguments.defaults, *(default for default in arguments.kw_defaults if default is not None)]
    ahead += function.body
    ahead.reverse()
    while ahead:
        node = ahead.pop()
        yield node
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.AnnAssign):
            children = [child for child in children if child is not node.annotation]
        elif isinstance(node, ast.arg):
            children = []
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            children = [child for child in children if child is not node.returns]
        ahead.extend(reversed(children))


def bound_names(function: ast.AST) -> set[str]:
    """Every name that is bound inside a function, its parameters and the names of nested functions included."""
    names: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(imported(node))
        elif isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node is not function:
            names.add(node.name)
    return names - {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}


def dotted_text(node: ast.expr) -> str:
    """`a.b.c` as it is written, subscripts and calls left out; empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted_text(node.value)
        return f"{base}.{node.attr}" if base else ""
    if isinstance(node, ast.Call):
        return dotted_text(node.func)
    return dotted_text(node.value) if isinstance(node, ast.Subscript) else ""


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _top_level(node.body)
            yield from _top_level(getattr(node, "orelse", []))
            for handler in getattr(node, "handlers", []):
                yield from _top_level(handler.body)


def _assigned(node: ast.Assign) -> dict[str, ast.expr]:
    """The names that an assignment binds, with their values: `a, b = 1, 2` binds two."""
    found: dict[str, ast.expr] = {}
    for target in node.targets:
        if isinstance(target, ast.Name):
            found[target.id] = node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=False)
            found.update({each.id: value for each, value in pairs if isinstance(each, ast.Name)})
    return found


def _class(node: ast.ClassDef) -> Class:
    cls = Class(node.name, node.bases)
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            cls.methods[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            cls.fields[statement.target.id] = statement.annotation
            if statement.value is not None:
                cls.values[statement.target.id] = statement.value
        elif isinstance(statement, ast.Assign):
            cls.values.update(_assigned(statement))
    return cls


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
