"""The names that a module defines, as its source states them, and the functions that a machine reaches in it."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ENTRY_POINTS = ("stf", "restore", "check_invariants")
INVARIANT_MARKS = frozenset({"invariant", "sometimes", "eventually", "transition_invariant"})
VALUE_TYPES = ("State", "Input", "ActionId", "TrackedAction", "ActionResult", "UntrackedAction")
CONSTRUCTORS = ("__new__", "__init__", "__post_init__")


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
