"""Reads a machine's text for what breaks a law; nothing is imported and nothing runs.

Looked at is what can be reached from `stf`, `restore` and the invariants, through helpers in the same module. A rule
speaks only where names and types leave no doubt: the lint has the best messages, the simulation the last word.

    module  names of the file     scope    names of a function    flow     atomic, completion
    kinds   declared types        binding  what they are bound to outside  clock, random, effects, reads
    calls   who calls whom        infer    types of expressions   order    sets · shared  hidden, reads, restore
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from fasm_cli.laws.pages import BOOK
from fasm_cli.lint.allow import allowed
from fasm_cli.lint.binding import scope_of
from fasm_cli.lint.calls import reached_from
from fasm_cli.lint.finding import Finding
from fasm_cli.lint.flow import Flow
from fasm_cli.lint.module import Class, FunctionNode, Module, dotted_text, own_nodes
from fasm_cli.lint.rule_order import order
from fasm_cli.lint.rule_outside import outside
from fasm_cli.lint.rule_shared import changing, shared
from fasm_cli.lint.scope import Context, Kind, Root, Scope

__all__ = ["Finding", "lint"]

WAYS = 16  # in which one function is looked at, each with other arguments
CHECKS = frozenset({"invariant", "sometimes", "eventually", "transition_invariant"})
ROLES = {
    Kind.STF: (Root.MACHINE, Root.STATE, Root.MESSAGE, Root.ACTIONS),
    Kind.RESTORE: (Root.MACHINE, Root.STATE, Root.ACTIONS),
    Kind.CHECK: (Root.MACHINE, Root.STATE, Root.STATE),
}


def lint(source: bytes) -> list[Finding]:
    """What a file says that breaks a law, by line; a file that is not Python is one finding, `syntax`."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
        tree = ast.parse(text.removeprefix("\ufeff"))
    except SyntaxError as error:
        return [Finding(error.lineno or 1, max(error.offset or 1, 1), "syntax", f"not Python: {error.msg}")]
    except (ValueError, LookupError) as error:
        return [Finding(1, 1, "syntax", f"not Python: {error}")]
    except (RecursionError, MemoryError):
        return [Finding(1, 1, "syntax", "not Python that can be read: nested too deeply")]
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))  # as Python counts them
    found = {_placed(node, law, message, lines) for node, law, message in _said(Module(tree))}
    return sorted(allowed(text.removeprefix("\ufeff"), _without_echoes(found), BOOK))


def _said(module: Module) -> Iterator[tuple[ast.AST, str, str]]:
    scopes: dict[Context, Scope] = {}

    def scope(context: Context) -> Scope:
        if context not in scopes:
            scopes[context] = scope_of(module, context)
        return scopes[context]

    for machine in module.machines:
        entries = list(_entries(module, machine))
        for entry in entries:
            if entry.kind is Kind.STF:
                flow = Flow(scope)
                flow.stf(entry)
                yield from flow.said
        yield from _reachable(entries, scope)


def _reachable(ahead: list[Context], scope: Callable[[Context], Scope]) -> Iterator[tuple[ast.AST, str, str]]:
    met = dict.fromkeys(ahead)
    ways = Counter(context.function for context in ahead)
    while ahead:
        here = scope(ahead.pop())
        for rule in (outside, order, shared):
            yield from rule(here)
        for node in own_nodes(here.context.function):
            for context in reached_from(here, node):
                if context not in met and ways[context.function] < WAYS:
                    ways[context.function] += 1
                    met[context] = None
                    ahead.append(context)
    reached = {context.function for context in met}
    for context in met:
        yield from changing(scope(context), reached)


def _entries(module: Module, machine: Class) -> Iterator[Context]:
    """The functions of a machine that fasm calls and that must keep the laws."""
    for name, kind in (("stf", Kind.STF), ("restore", Kind.RESTORE), ("check_invariants", Kind.CHECK)):
        found = module.method(machine, name)
        if found is not None:
            yield _entry(module, machine, *found, kind)
    for cls in module.lineage(machine):
        for method in cls.methods.values():
            if any(dotted_text(mark).rpartition(".")[2] in CHECKS for mark in method.decorator_list):
                yield _entry(module, machine, method, cls, Kind.CHECK)


def _entry(module: Module, machine: Class, function: FunctionNode, owner: Class, kind: Kind) -> Context:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    roots = tuple(zip(names, ROLES[kind], strict=False))
    state = module.value(machine, "State")
    types = () if state is None else tuple((name, ast.unparse(state)) for name, root in roots if root is Root.STATE)
    return Context(function, owner, machine, kind, roots, types)


def _placed(node: ast.AST, law: str, message: str, lines: list[str]) -> Finding:
    line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    before = lines[line - 1].encode()[:offset].decode(errors="replace") if line <= len(lines) else ""
    return Finding(line, len(before) + 1, law, message)


def _without_echoes(found: Iterable[Finding]) -> Iterator[Finding]:
    """The same said twice of one line is said once."""
    told = set()
    for finding in sorted(found):
        key = finding.line, finding.law, finding.message
        if key not in told:
            told.add(key)
            yield finding
