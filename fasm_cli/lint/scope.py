"""What the names inside one function stand for when it is called in one way: outside things, types, and roots.

A root is where a value comes from: `pending` of `pending = state.pending` is part of the state, and what is written to
it is written to the state.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from fasm_cli.lint.module import Class, FunctionNode, Module, bound_names, imported


class Root(Enum):
    STATE = auto()
    ACTIONS = auto()
    MACHINE = auto()  # self
    MESSAGE = auto()  # Normal or TrackedActionCompleted
    INPUT = auto()  # the value of a Normal
    RESULT = auto()  # the result of a TrackedActionCompleted


class Kind(Enum):
    STF = auto()
    RESTORE = auto()
    CHECK = auto()  # an invariant and the like


@dataclass(frozen=True, slots=True)
class Context:
    """A function, and what is known of its arguments."""

    function: FunctionNode
    owner: Class | None
    machine: Class
    kind: Kind
    roots: tuple[tuple[str, Root], ...] = ()
    types: tuple[tuple[str, str], ...] = ()


PARTS = frozenset({"get", "setdefault", "values", "items", "keys", "__getitem__", "begin", "transaction"})
PASSES_ELEMENTS = frozenset({"iter", "sorted", "list", "tuple", "reversed", "filter", "enumerate", "set", "frozenset"})
PICKS = frozenset({"next", "min", "max"})
MESSAGE_FIELDS = {"value": ("Input", Root.INPUT), "id": ("ActionId", None), "result": ("ActionResult", Root.RESULT)}
INSTANCES_KEPT = ("pathlib.", "random.Random")


class Scope:
    """Names, types and roots of `context.function`."""

    def __init__(self, module: Module, context: Context) -> None:
        self.module = module
        self.context = context
        self.locals = bound_names(context.function)
        self.imports: dict[str, str] = {}
        self.types: dict[str, ast.expr] = {}
        self.roots: dict[str, Root] = dict(context.roots)
        self.aliases: dict[str, str] = {}
        for node in ast.walk(context.function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports.update(imported(node)[0])

    # --- outside names ----------------------------------------------------------------------------------------

    def resolve(self, node: ast.expr, depth: int = 0) -> str | None:
        """What an expression names outside of the module: `time.time`, `pathlib.Path().open`. An instance that a
        global or a class attribute holds is marked: `random.Random(module).random`."""
        if depth > 12:
            return None
        if isinstance(node, ast.Name):
            if node.id in self.imports:
                return self.imports[node.id]
            if node.id in self.locals:
                return self.aliases.get(node.id)
            return self.module.dotted(node.id) or self._held(self.module.values.get(node.id), depth)
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value, depth + 1)
            if base is not None:
                return f"{base}.{node.attr}"
            cls = self.class_named(node.value)
            return None if cls is None else self._held(self.module.value(cls, node.attr), depth)
        return self._resolve_call(node, depth) if isinstance(node, ast.Call) else None

    def _resolve_call(self, node: ast.Call, depth: int) -> str | None:
        function = self.resolve(node.func, depth + 1)
        constants = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        if function in ("builtins.__import__", "importlib.import_module") and constants:
            return constants[0] if isinstance(constants[0], str) else None
        if function == "builtins.getattr" and len(constants) > 1 and isinstance(constants[1], str):
            base = self.resolve(node.args[0], depth + 1)
            return None if base is None else f"{base}.{constants[1]}"
        return None if function is None else f"{function}()"

    def _held(self, value: ast.expr | None, depth: int) -> str | None:
        if value is None:
            return None
        outside = Outside(self.module).resolve(value, depth + 1)
        if outside is not None and outside.endswith("()") and not outside.startswith("pathlib."):
            return f"{outside[:-2]}(module)"
        return outside

    def class_named(self, node: ast.expr) -> Class | None:
        """The class whose attributes `node.x` reads: `self`, `cls`, `type(self)` or a class by its name."""
        if isinstance(node, ast.Name) and node.id not in self.locals:
            return self.module.classes.get(node.id)
        return self.context.machine if self.root_of(node) is Root.MACHINE else None

    def declared(self, name: str) -> ast.expr | None:
        """The machine's own `State`, `ActionResult`, …"""
        return self.module.value(self.context.machine, name)

    # --- roots ------------------------------------------------------------------------------------------------

    def root_of(self, node: ast.expr | None) -> Root | None:
        """Where the object that `node` gives comes from; None for a new one."""
        if isinstance(node, ast.Name):
            return self.roots.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.root_of(node.value)
            if base is Root.MESSAGE:
                return MESSAGE_FIELDS.get(node.attr, ("", None))[1]
            if base is Root.MACHINE and self.module.method(self.context.machine, node.attr) is not None:
                return None
            return base
        if isinstance(node, ast.Subscript):
            return None if isinstance(node.slice, ast.Slice) else self.root_of(node.value)
        if isinstance(node, ast.Await | ast.Starred | ast.NamedExpr):
            return self.root_of(node.value)
        if isinstance(node, ast.IfExp):
            return self._agreed((node.body, node.orelse))
        if isinstance(node, ast.BoolOp):
            return self._agreed(node.values)
        if isinstance(node, ast.GeneratorExp):
            return self.root_of(node.elt)
        return self._root_of_call(node) if isinstance(node, ast.Call) else None

    def _root_of_call(self, node: ast.Call) -> Root | None:
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in PARTS:
            return self.root_of(function.value)
        name = function.id if isinstance(function, ast.Name) else ""
        if name in self.locals or not node.args:
            return None
        if name in PICKS:
            return self.element_root(node.args[0])
        if name in ("iter", "reversed", "getattr"):
            return self.root_of(node.args[0])
        return Root.MACHINE if name == "type" and self.root_of(node.args[0]) is Root.MACHINE else None

    def element_root(self, node: ast.expr) -> Root | None:
        """Where what a loop over `node` gives comes from."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PASSES_ELEMENTS:
            return self.element_root(node.args[-1]) if node.args else None
        if isinstance(node, ast.ListComp):
            return self.root_of(node.elt)
        return self.root_of(node)

    def _agreed(self, nodes: Iterable[ast.expr]) -> Root | None:
        found = {self.root_of(node) for node in nodes if not isinstance(node, ast.Constant)}
        return found.pop() if len(found) == 1 else None


class Outside(Scope):
    """The scope of a module's own statements: no locals."""

    def __init__(self, module: Module) -> None:
        function = ast.parse("def f(): pass").body[0]
        assert isinstance(function, ast.FunctionDef)
        self.module = module
        machine = Class("", ast.ClassDef("", [], [], [], []), [])
        self.context = Context(function, None, machine, Kind.CHECK)
        self.locals, self.imports, self.types, self.roots, self.aliases = set(), {}, {}, {}, {}
