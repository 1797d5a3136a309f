"""Rules on the order of things: the paths through an STF, its helpers walked where they are called.

A path remembers the first thing it wrote to the state, whether it did anything, and whether it came through a case that
does nothing. Only what lies on one path is held against it; where a path is in doubt nothing is said.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from fasm_cli.lint import kinds
from fasm_cli.lint.calls import context_of
from fasm_cli.lint.infer import called, type_of
from fasm_cli.lint.module import FunctionNode, dotted_text, mutated
from fasm_cli.lint.patterns import (
    awaited,
    catches,
    changes_nothing,
    does_nothing,
    ignores_completions,
    ignores_result,
    in_order,
    names_completion,
    refuses,
    text_of_change,
    untracked,
)
from fasm_cli.lint.scope import Context, Root, Scope

Said = tuple[ast.AST, str, str]
BUDGET = 20_000  # statements; more is a machine whose helpers call each other in ways nobody reads
DEPTH = 12


@dataclass(frozen=True, slots=True)
class Path:
    written: ast.AST | None = None  # the first change of the state
    acted: bool = False
    idle: ast.AST | None = None  # the case that does nothing


Paths = frozenset[Path]
NONE: Paths = frozenset()


@dataclass(slots=True)
class Frame:
    """One call: where its paths end."""

    scope: Scope
    guarded: bool = False
    ended: set[Path] = field(default_factory=set)
    broken: set[Path] = field(default_factory=set)
    continued: set[Path] = field(default_factory=set)


class Flow:
    """The paths of one STF; `said` is what is wrong on them."""

    def __init__(self, scope_of: Callable[[Context], Scope]) -> None:
        self._scope_of = scope_of
        self._stack: list[FunctionNode] = []
        self._left = BUDGET
        self._failed: set[ast.AST] = set()
        self.said: list[Said] = []

    def stf(self, context: Context) -> None:
        scope = self._scope_of(context)
        ends = self._call(context, frozenset({Path()}), guarded=False)
        if not kinds.members(scope.module, scope.declared("TrackedAction")):
            return
        lively = {path.idle for path in ends if path.acted or path.written is not None}
        for idle in {path.idle for path in ends if path.idle is not None} - lively:
            assert idle is not None
            text = "the result is accepted and nothing comes of it"
            self.said.append((idle, "completion", f"{text}; change the state, emit what is next, or refuse it"))

    def _call(self, context: Context, paths: Paths, *, guarded: bool) -> Paths:
        frame = Frame(self._scope_of(context), guarded)
        self._stack.append(context.function)
        ends = self._block(context.function.body, paths, frame)
        self._stack.pop()
        return ends | frame.ended

    # --- statements -------------------------------------------------------------------------------------------

    def _block(self, body: Iterable[ast.stmt], paths: Paths, frame: Frame) -> Paths:
        for statement in body:
            if not paths:
                break
            self._left -= 1
            if self._left < 0:
                return paths
            paths = self._statement(statement, paths, frame)
        return paths

    def _statement(self, node: ast.stmt, paths: Paths, frame: Frame) -> Paths:
        match node:
            case ast.If():
                paths = self._evaluate(node.test, paths, frame)
                ignores = ignores_completions(node) or ignores_result(frame.scope, node)
                chosen = _idle(paths, node.body[0]) if ignores else paths
                return self._block(node.body, chosen, frame) | self._block(node.orelse, paths, frame)
            case ast.Match():
                return self._match(node, paths, frame)
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(node, paths, frame)
            case ast.Try() | ast.TryStar():
                return self._try(node, paths, frame)
            case ast.With() | ast.AsyncWith():
                return self._with(node, paths, frame)
            case ast.Return():
                frame.ended |= self._evaluate(node.value, paths, frame)
                return NONE
            case ast.Raise():
                paths = self._evaluate(node.exc, paths, frame)
                if node.exc is not None and refuses(frame.scope, node.exc):
                    self._fails(paths, f"the refusal at line {node.lineno}", frame)
                return NONE
            case ast.Break():
                frame.broken |= paths
                return NONE
            case ast.Continue():
                frame.continued |= paths
                return NONE
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return paths
        paths = self._evaluate(node, paths, frame)
        return self._written(node, paths, frame)

    def _match(self, node: ast.Match, paths: Paths, frame: Frame) -> Paths:
        paths = self._evaluate(node.subject, paths, frame)
        ends, guards, complete = NONE, False, False
        root = frame.scope.root_of(node.subject)
        for case in node.cases:
            chosen = self._evaluate(case.guard, paths, frame)
            completes = root is Root.RESULT or (root is Root.MESSAGE and names_completion(case.pattern))
            if completes and case.guard is None and not guards and does_nothing(case.body):
                chosen = _idle(chosen, case.body[0])
            ends |= self._block(case.body, chosen, frame)
            guards = guards or case.guard is not None
            complete = complete or (
                case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            )
        return ends if complete else ends | paths

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, paths: Paths, frame: Frame) -> Paths:
        outer, frame.broken = frame.broken, set()
        waiting, frame.continued = frame.continued, set()
        test = node.test if isinstance(node, ast.While) else node.iter
        paths = self._evaluate(test, paths, frame)
        forever = isinstance(node, ast.While) and isinstance(node.test, ast.Constant)
        ends = NONE if forever else paths
        for _ in range(2):  # what one round writes, the next may find
            paths = self._block(node.body, paths, frame) | frame.continued
            ends = ends if forever else ends | paths
        ends = self._block(node.orelse, ends, frame) | frame.broken
        frame.broken, frame.continued = outer, waiting
        return ends

    def _try(self, node: ast.Try | ast.TryStar, paths: Paths, frame: Frame) -> Paths:
        caught = any(catches(handler.type) for handler in node.handlers)
        before, frame.guarded = frame.guarded, frame.guarded or caught
        inside = self._block(node.body, paths, frame)
        frame.guarded = before
        ends = self._block(node.orelse, inside, frame)
        undone = frozenset(replace(path, written=None) for path in paths | inside)
        for handler in node.handlers:
            ends |= self._block(handler.body, undone, frame)
        return self._block(node.finalbody, ends, frame) if node.finalbody else ends

    def _with(self, node: ast.With | ast.AsyncWith, paths: Paths, frame: Frame) -> Paths:
        before = frame.guarded
        for item in node.items:
            paths = self._evaluate(item.context_expr, paths, frame)
            call = item.context_expr
            if isinstance(call, ast.Call) and dotted_text(call.func).endswith("suppress"):
                frame.guarded = frame.guarded or any(map(catches, call.args))
        ends = self._block(node.body, paths, frame)
        ends = ends | paths if frame.guarded and not before else ends
        frame.guarded = before
        return ends

    # --- expressions ------------------------------------------------------------------------------------------

    def _evaluate(self, node: ast.AST | None, paths: Paths, frame: Frame) -> Paths:
        if node is None:
            return paths
        for each in in_order(node):
            if isinstance(each, ast.Call):
                paths = self._called(each, paths, frame)
        return paths

    def _called(self, node: ast.Call, paths: Paths, frame: Frame) -> Paths:
        scope, function = frame.scope, node.func
        if isinstance(function, ast.Attribute) and scope.root_of(function.value) is Root.ACTIONS:
            if function.attr != "add":
                return paths
            self._fails(paths, f"actions.add at line {node.lineno}, which may fail", frame)
            return paths if untracked(node) else _acted(paths)
        target = called(scope, node)
        if target is not None and target.function not in self._stack and len(self._stack) < DEPTH:
            if isinstance(target.function, ast.AsyncFunctionDef) and not awaited(scope, node):
                return paths
            ends = self._call(context_of(scope, node, target), paths, guarded=frame.guarded)
            if any(path.written is not None for path in paths):
                return ends
            return frozenset(path if path.written is None else replace(path, written=node) for path in ends)
        if any(scope.root_of(each) in (Root.STATE, Root.ACTIONS) for each in node.args) and not changes_nothing(node):
            paths = _acted(paths)
        return self._written(node, paths, frame)

    def _written(self, node: ast.AST, paths: Paths, frame: Frame) -> Paths:
        if not any(_changes_state(frame.scope, node, changed, rebinds=only) for changed, only in mutated(node)):
            return paths
        return frozenset(
            path if path.written is not None else replace(path, written=node, acted=True) for path in paths
        )

    def _fails(self, paths: Paths, what: str, frame: Frame) -> None:
        if frame.guarded:
            return
        sites = [path.written for path in paths if path.written is not None]
        for site in sorted(sites, key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))):
            if site not in self._failed:
                self._failed.add(site)
                text = f"{text_of_change(site)} changes the state before {what}"
                self.said.append((site, "atomic", f"{text}; validate and add first, change the state last"))


def _changes_state(scope: Scope, node: ast.AST, changed: ast.expr, *, rebinds: bool) -> bool:
    if rebinds and not (isinstance(node, ast.AugAssign) and kinds.mutable(scope.module, type_of(scope, changed))):
        return False
    return scope.root_of(changed) is Root.STATE


def _idle(paths: Paths, node: ast.AST) -> Paths:
    return frozenset(replace(path, idle=node) for path in paths)


def _acted(paths: Paths) -> Paths:
    return frozenset(replace(path, acted=True) for path in paths)
