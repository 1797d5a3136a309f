"""Where many steps in a row stop: a value that changes (`watch`), a question that becomes true (`break`)."""

import re

from fasm_cli.debugger.expressions import Expression
from fasm_cli.debugger.predicate import NAMES, Predicate, answer
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import InputError, UsageError
from fasm_cli.reports.repl import StopLine, Stops
from fasm_cli.reports.steps import StepReport
from fasm_cli.sessions.model import EVENTS, Mark, MarkKind
from fasm_cli.types.codec import format_value


def listed(workbench: DebugSession) -> Stops:
    """All of them, in the order they were set."""
    return Stops([StopLine(str(stop.kind), stop.name) for stop in workbench.marks.breakpoints])


def watch(workbench: DebugSession, path: str) -> Stops:
    """Stop where the value at `path` changes. Raises `InputError` where that is no place in the state."""
    value_at(workbench, path)
    workbench.mark(Mark(MarkKind.WATCH, path))
    return listed(workbench)


def set_break(workbench: DebugSession, text: str) -> Stops:
    """Stop where an expression becomes true, at a finding (`invariant`) or at a rejection (`reject`)."""
    if text not in EVENTS:
        Expression(text, workbench.machine.schemas, NAMES)
    workbench.mark(Mark(MarkKind.BREAK, text))
    return listed(workbench)


def remove(workbench: DebugSession, which: str) -> Stops:
    """Take off number `which` of the list, from 1, or `all`."""
    stops = workbench.marks.breakpoints
    if which != "all" and not (which.isdecimal() and 1 <= int(which[:9]) <= len(stops)):
        raise UsageError(f"no watch or break number {which[:40]!r}", f"there are {len(stops)}; `break` lists them")
    for stop in list(stops) if which == "all" else [stops[int(which) - 1]]:
        workbench.mark(Mark(stop.kind, stop.name, removed=True))
    return listed(workbench)


def value_at(workbench: DebugSession, path: str, step: int | None = None) -> object:
    """The value at a place in the state: `pending[7].status`, or with `state` or `prev` before it."""
    before = "" if re.match(rf"({'|'.join(NAMES)})\b", path) else "state" if path.startswith("[") else "state."
    try:
        return answer(workbench, before + path, step)
    except InputError as error:
        if error.column is not None:
            error.column = max(error.column - len(before), 0)
        raise


def triggered(workbench: DebugSession, step: StepReport) -> str:
    """Why to stop after `step`; empty where nothing says so."""
    record = step.record
    for stop in workbench.marks.breakpoints:
        if stop.kind is MarkKind.WATCH:
            before, after = (_shown(workbench, stop.name, n) for n in (record.parent, record.n))
            if before != after:
                return f"watch {stop.name}: {before} -> {after}"
        elif stop.name in EVENTS:
            if record.outcome == "rejected" if stop.name == "reject" else step.finding is not None:
                return f"break {stop.name}"
        else:
            try:
                question = Predicate(workbench, stop.name)
            except InputError as error:  # the machine's types are not those it was asked about
                return f"break {stop.name} means nothing here: {error.message}"
            if question.holds(record.n) and not question.holds(record.parent):
                return f"break {stop.name}"
    return ""


def _shown(workbench: DebugSession, path: str, step: int) -> str:
    try:
        return format_value(value_at(workbench, path, step))
    except InputError:  # there is no such place in this state
        return "nothing"
