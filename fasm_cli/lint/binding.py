"""What a function binds its names to: assignments, loops, patterns, parameters. Where two disagree nothing is known."""

import ast

from fasm_cli.lint import kinds
from fasm_cli.lint.infer import element_type, member_type, type_of
from fasm_cli.lint.module import Module, dotted_text
from fasm_cli.lint.scope import INSTANCES_KEPT, MESSAGE_FIELDS, Context, Root, Scope

Type = ast.expr | None
FIELDS = {"Normal": ("value",), "TrackedActionCompleted": ("id", "result")}


def scope_of(module: Module, context: Context) -> Scope:
    """The scope of a function, its names bound."""
    scope = Scope(module, context)
    for _ in range(3):  # what a name is bound to may be named further down
        _Bindings(scope).settle()
    return scope


class _Bindings:
    """One pass over a function; `settle` writes what it found into the scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found: dict[str, list[tuple[Type, Root | None]]] = {}
        self.aliases: dict[str, list[str | None]] = {}

    def settle(self) -> None:
        self._parameters()
        for node in ast.walk(self.scope.context.function):
            self._node(node)
        scope = self.scope
        for name, found in self.found.items():
            texts = {None if kind is None else kinds.text_of(kind) for kind, _ in found}
            kind = found[0][0] if len(texts) == 1 else None
            scope.types.pop(name, None)
            if kind is not None:
                scope.types[name] = kind
            roots = {root for _, root in found}
            scope.roots.pop(name, None)
            if len(roots) == 1 and (root := roots.pop()) is not None:
                scope.roots[name] = root
        for name, aliases in self.aliases.items():
            if len(aliases) == 1 and aliases[0] is not None:
                scope.aliases[name] = aliases[0]

    def _parameters(self) -> None:
        context, module = self.scope.context, self.scope.module
        roots, given = dict(context.roots), dict(context.types)
        state = self.scope.declared("State")
        arguments = context.function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            name, kind = argument.arg, argument.annotation
            if kind is None and name in given:
                kind = ast.Constant(given[name])
            root = roots.get(name)
            single = kinds.only(module, kind)
            if root is None and single is not None:
                if state is not None and kinds.text_of(single) == kinds.text_of(state):
                    root = Root.STATE
                elif kinds.head(single) == "Actions":
                    root = Root.ACTIONS
            self._name(name, kind, root)

    def _node(self, node: ast.AST) -> None:
        scope = self.scope
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind_value(target, node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._bind(node.target, node.annotation, scope.root_of(node.value))
        elif isinstance(node, ast.NamedExpr):
            self._bind_value(node.target, node.value)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._bind(node.target, element_type(scope, node.iter), scope.element_root(node.iter))
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None:
                    self._bind(item.optional_vars, None, scope.root_of(item.context_expr))
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self._match(case.pattern, node.subject)

    def _bind_value(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(value, ast.Constant) and value.value is None:
            return
        elements = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        if elements and len(target.elts) == len(value.elts):  # type: ignore[attr-defined]
            for each, part in zip(target.elts, value.elts, strict=True):  # type: ignore[attr-defined]
                self._bind_value(each, part)
            return
        if isinstance(target, ast.Name):
            outside = self.scope.resolve(value)
            if outside is not None and "()" in outside and not outside.startswith(INSTANCES_KEPT):
                outside = None
            self.aliases.setdefault(target.id, []).append(outside)
        self._bind(target, type_of(self.scope, value), self.scope.root_of(value))

    def _bind(self, target: ast.expr, kind: Type, root: Root | None) -> None:
        if isinstance(target, ast.Name):
            self._name(target.id, kind, root)
        elif isinstance(target, ast.Tuple | ast.List):
            for at, each in enumerate(target.elts):
                self._bind(each, kinds.item(self.scope.module, kind, ast.Constant(at)), root)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, None, None)

    def _name(self, name: str, kind: Type, root: Root | None) -> None:
        self.found.setdefault(name, []).append((kind, root))

    # --- patterns ---------------------------------------------------------------------------------------------

    def _match(self, pattern: ast.pattern, subject: ast.expr) -> None:
        if isinstance(subject, ast.Tuple) and isinstance(pattern, ast.MatchSequence):
            if len(subject.elts) == len(pattern.patterns):
                for each, part in zip(pattern.patterns, subject.elts, strict=True):
                    self._match(each, part)
            return
        self._pattern(pattern, type_of(self.scope, subject), self.scope.root_of(subject))

    def _pattern(self, pattern: ast.pattern, kind: Type, root: Root | None) -> Type:
        """Bind the names of a pattern; gives the type that what it matches has."""
        if isinstance(pattern, ast.MatchAs):
            narrowed = kind if pattern.pattern is None else self._pattern(pattern.pattern, kind, root)
            if pattern.name is not None:
                self._name(pattern.name, narrowed, root)
            return narrowed
        if isinstance(pattern, ast.MatchClass):
            return self._class_pattern(pattern, root)
        if isinstance(pattern, ast.MatchOr):
            for each in pattern.patterns:
                self._pattern(each, kind, root)
            return kind
        if isinstance(pattern, ast.MatchSequence):
            for at, each in enumerate(pattern.patterns):
                self._pattern(each, kinds.item(self.scope.module, kind, ast.Constant(at)), root)
        return kind

    def _class_pattern(self, pattern: ast.MatchClass, root: Root | None) -> Type:
        scope = self.scope
        name = dotted_text(pattern.cls).rpartition(".")[2]
        cls = scope.module.classes.get(name)
        names: tuple[str, ...] = FIELDS.get(name, ())
        if cls is not None:
            lineage = list(scope.module.lineage(cls))
            names = tuple(dict.fromkeys(field for each in reversed(lineage) for field in each.fields))
        positional = zip(names, pattern.patterns, strict=False)
        for field, part in (*positional, *zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True)):
            if cls is not None:
                self._pattern(part, member_type(scope, cls, field), root)
            elif name in FIELDS and field in MESSAGE_FIELDS:
                declared, inner = MESSAGE_FIELDS[field]
                self._pattern(part, scope.declared(declared), inner)
            else:
                self._pattern(part, None, None)
        return pattern.cls if cls is not None else None
