"""Stop a series of steps when a value changes (`watch`) or an expression becomes true (`break`)."""

from fasm_cli.debugger.expressions import Expression
from fasm_cli.debugger.inspect import NAMES, evaluate_path
from fasm_cli.debugger.predicates import Predicate
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import InputError, UsageError
from fasm_cli.reports.repl import Stops
from fasm_cli.reports.steps import StepReport
from fasm_cli.sessions.model import EVENTS, Mark, MarkKind
from fasm_cli.types.codec import format_value


def list_breakpoints(session: DebugSession) -> Stops:
    """List every watch and break in the order in which they were set."""
    return Stops(list(session.marks.breakpoints))


def watch(session: DebugSession, path: str) -> Stops:
    """Stop when the value at `path` changes. Raises `InputError` if the state has no such path."""
    evaluate_path(session, path)
    session.mark(Mark(MarkKind.WATCH, path))
    return list_breakpoints(session)


def set_break(session: DebugSession, text: str) -> Stops:
    """Stop when an expression becomes true, at a finding (`invariant`) or at a rejection (`reject`)."""
    if text not in EVENTS:
        Expression(text, session.machine.schemas, NAMES)
    session.mark(Mark(MarkKind.BREAK, text))
    return list_breakpoints(session)


def remove(session: DebugSession, which: str) -> Stops:
    """Remove number `which` of the list (from 1), or `all`. Raises `UsageError`."""
    stops = session.marks.breakpoints
    if which != "all" and not (which.isdecimal() and 1 <= int(which[:9]) <= len(stops)):
        raise UsageError(f"no watch or break number {which[:40]!r}", f"there are {len(stops)}; `break` lists them")
    for stop in list(stops) if which == "all" else [stops[int(which) - 1]]:
        session.mark(Mark(stop.kind, stop.name, removed=True))
    return list_breakpoints(session)


def triggered(session: DebugSession, step: StepReport) -> str:
    """Return which watch or break `step` triggered and why, or "" if none did."""
    record = step.record
    for stop in session.marks.breakpoints:
        if stop.kind is MarkKind.WATCH:
            before, after = (_format_path(session, stop.name, n) for n in (record.parent, record.n))
            if before != after:
                return f"watch {stop.name}: {before} -> {after}"
        elif stop.name in EVENTS:
            if record.outcome == "rejected" if stop.name == "reject" else step.finding is not None:
                return f"break {stop.name}"
        else:
            try:
                predicate = Predicate(session, stop.name)
            except InputError as error:  # it was set for a machine with other types
                return f"break {stop.name} cannot be evaluated: {error.message}"
            if predicate.holds(record.n) and not predicate.holds(record.parent):
                return f"break {stop.name}"
    return ""


def _format_path(session: DebugSession, path: str, step: int) -> str:
    try:
        return format_value(evaluate_path(session, path, step))
    except InputError:  # this state has no such path
        return "nothing"
