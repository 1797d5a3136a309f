"""A module as its text says it is: imports, functions, classes and values by name; nothing is imported.

Also the one question every rule asks of a piece of syntax: what does it change (`mutated`)?
"""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Nested = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MUTATORS = _words(
    """append extend insert remove pop popitem clear update setdefault add discard sort reverse appendleft popleft
    extendleft rotate difference_update intersection_update symmetric_difference_update move_to_end subtract
    __setitem__ __delitem__ __setattr__"""
)
CHANGES_FIRST_ARGUMENT = _words(
    """builtins.setattr builtins.delattr builtins.object.__setattr__ heapq.heappush heapq.heappop heapq.heapify
    heapq.heapreplace heapq.heappushpop bisect.insort bisect.insort_left bisect.insort_right"""
)


@dataclass(slots=True, eq=False)
class Class:
    """A class of the module; `fields` are annotations, `values` what is assigned, `bases` names as written."""

    name: str
    node: ast.ClassDef
    bases: list[ast.expr]
    methods: dict[str, FunctionNode] = field(default_factory=dict)
    fields: dict[str, ast.expr] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)
    frozen: bool = False


class Module:
    """The names of one module. `written` are the globals that functions change, and which do; `written_on` the same
    of class attributes."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.imports: dict[str, str] = {}
        self.stars: list[str] = []
        self.functions: dict[str, FunctionNode] = {}
        self.classes: dict[str, Class] = {}
        self.values: dict[str, ast.expr] = {}
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        for statement in _top_level(tree.body):
            self._define(statement)
        self.written: dict[str, set[FunctionNode]] = {}
        self.written_on: dict[tuple[str, str], set[FunctionNode]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._note_writes(node)

    def _define(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names, stars = imported(node)
            self.imports.update(names)
            self.stars += stars
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.functions[node.name] = node
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = _class(node)
        elif isinstance(node, ast.Assign):
            self.values.update(_assigned(node))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            self.values[node.target.id] = node.value

    def _note_writes(self, function: FunctionNode) -> None:
        declared, local = globals_in(function), bound_names(function)
        owner = self.parents.get(function)
        first = function.args.args[0].arg if function.args.args else ""
        for node in ast.walk(function):
            for target, rebinds in mutated(node):
                name = base_name(target)
                if name is None:
                    continue
                if name in declared or (not rebinds and name not in local and name in self.values):
                    self.written.setdefault(name, set()).add(function)
                if not rebinds and isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
                    for written in targets_of(node):
                        if isinstance(written, ast.Attribute) and isinstance(written.value, ast.Name):
                            self._note_attribute(written, owner, first, function)

    def _note_attribute(self, target: ast.Attribute, owner: ast.AST | None, first: str, function: FunctionNode) -> None:
        assert isinstance(target.value, ast.Name)
        name = target.value.id
        if name in self.classes:
            self.written_on.setdefault((name, target.attr), set()).add(function)
        elif isinstance(owner, ast.ClassDef) and name == first and function.name not in ("__init__", "__post_init__"):
            self.written_on.setdefault((owner.name, target.attr), set()).add(function)

    # --- classes ----------------------------------------------------------------------------------------------

    def lineage(self, cls: Class, seen: tuple[str, ...] = ()) -> Iterator[Class]:
        """The class and its bases that stand in this module, nearest first."""
        yield cls
        for base in cls.bases:
            if isinstance(base, ast.Name) and base.id in self.classes and base.id not in (*seen, cls.name):
                yield from self.lineage(self.classes[base.id], (*seen, cls.name))

    def method(self, cls: Class, name: str) -> tuple[FunctionNode, Class] | None:
        return next(((each.methods[name], each) for each in self.lineage(cls) if name in each.methods), None)

    def value(self, cls: Class, name: str) -> ast.expr | None:
        return next((each.values[name] for each in self.lineage(cls) if name in each.values), None)

    def derives(self, cls: Class, name: str) -> bool:
        """Whether one of its bases, here or imported, is called `name`."""
        return any(
            dotted_text(base).rpartition(".")[2] == name
            or (self.imports.get(dotted_text(base), "").rpartition(".")[2] == name)
            for each in self.lineage(cls)
            for base in each.bases
        )

    @property
    def machines(self) -> list[Class]:
        return [cls for cls in self.classes.values() if self.derives(cls, "StateMachine")]

    # --- names ------------------------------------------------------------------------------------------------

    def dotted(self, name: str) -> str | None:
        """What a name of this module stands for outside of it: `datetime.datetime`, `builtins.open`; None if it is
        the module's own."""
        if name in self.imports:
            return self.imports[name]
        if name in self.functions or name in self.classes or name in self.values:
            return None
        if hasattr(builtins, name):
            return f"builtins.{name}"
        return f"{self.stars[0]}.{name}" if len(self.stars) == 1 else None


def imported(node: ast.Import | ast.ImportFrom) -> tuple[dict[str, str], list[str]]:
    """The names an import binds and what they stand for; the modules it takes everything from."""
    if isinstance(node, ast.Import):
        return {
            name.asname or name.name.partition(".")[0]: name.name if name.asname else name.name.partition(".")[0]
            for name in node.names
        }, []
    module = "." * node.level + (node.module or "")
    names = {name.asname or name.name: f"{module}.{name.name}" for name in node.names if name.name != "*"}
    return names, [module for name in node.names if name.name == "*"]


def mutated(node: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """What `node` itself changes: the object, and whether it is only a name that is bound to something else."""
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in MUTATORS:
            yield function.value, False
        text = dotted_text(function)
        known = any(each in (text, f"builtins.{text}") or each.endswith(f".{text}") for each in CHANGES_FIRST_ARGUMENT)
        if text and known and node.args:
            yield node.args[0], False
        return
    for target in targets_of(node):
        if isinstance(target, ast.Attribute | ast.Subscript):
            yield target.value, False
        elif isinstance(target, ast.Name):
            yield target, True


def targets_of(node: ast.AST) -> Iterator[ast.expr]:
    """What is assigned or deleted, tuples taken apart."""
    if isinstance(node, ast.Assign | ast.Delete):
        found = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.For | ast.AsyncFor) or (
        isinstance(node, ast.AnnAssign) and node.value is not None
    ):
        found = [node.target]
    elif isinstance(node, ast.With | ast.AsyncWith):
        found = [item.optional_vars for item in node.items if item.optional_vars is not None]
    else:
        return
    while found:
        target = found.pop(0)
        if isinstance(target, ast.Tuple | ast.List):
            found[:0] = target.elts
        elif isinstance(target, ast.Starred):
            found.insert(0, target.value)
        else:
            yield target


def base_name(node: ast.expr) -> str | None:
    """The name that `a.b[c].d` starts from."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Await):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def dotted_text(node: ast.expr) -> str:
    """`a.b.c` as it is written, empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted_text(node.value)
        return f"{base}.{node.attr}" if base else ""
    return dotted_text(node.value) if isinstance(node, ast.Subscript) else ""


def own_nodes(function: FunctionNode) -> Iterator[ast.AST]:
    """What runs when the function is called or made, outermost first: its body and defaults, but no annotation."""
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


def globals_in(function: ast.AST) -> set[str]:
    return {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}


def bound_names(function: ast.AST) -> set[str]:
    """Every name bound inside a function, its parameters and those of functions inside it among them."""
    names: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(imported(node)[0])
        elif isinstance(node, ast.MatchAs | ast.MatchStar | ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node is not function:
            names.add(node.name)
    return names - globals_in(function)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _top_level(node.body)
            yield from _top_level(getattr(node, "orelse", []))
            for handler in getattr(node, "handlers", []):
                yield from _top_level(handler.body)


def _assigned(node: ast.Assign) -> dict[str, ast.expr]:
    """The names of an assignment and what each gets: `a, b = 1, 2` is two."""
    found: dict[str, ast.expr] = {}
    for target in node.targets:
        if isinstance(target, ast.Name):
            found[target.id] = node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=False)
            found.update({each.id: value for each, value in pairs if isinstance(each, ast.Name)})
    return found


def _class(node: ast.ClassDef) -> Class:
    cls = Class(node.name, node, node.bases)
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            cls.methods[statement.name] = statement
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            cls.fields[statement.target.id] = statement.annotation
            if statement.value is not None:
                cls.values[statement.target.id] = statement.value
        elif isinstance(statement, ast.Assign):
            cls.values.update(_assigned(statement))
    for decorator in node.decorator_list:
        name = dotted_text(decorator.func if isinstance(decorator, ast.Call) else decorator).rpartition(".")[2]
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        frozen = any(
            word.arg == "frozen" and isinstance(word.value, ast.Constant) and word.value.value for word in keywords
        )
        cls.frozen = cls.frozen or frozen or name == "frozen"
    return cls
