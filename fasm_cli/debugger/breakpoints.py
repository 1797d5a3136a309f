"""Predicates over the steps of a session: for `until` and `expect`, and to stop at a `watch` or a `break`."""

import re

from fasm_cli.debugger.expressions import Expression
from fasm_cli.debugger.inspect import NAMES, evaluate_path, variables
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError, InputError, UsageError, did_you_mean
from fasm_cli.reports.repl import Expected, Stops
from fasm_cli.reports.steps import StepReport
from fasm_cli.sessions.model import EVENTS, Mark, MarkKind
from fasm_cli.types.codec import format_value

OUTCOMES = ("accepted", "rejected", "aborted", "defect", "skipped", "broken")


class Predicate:
    """An expression that is true or false after each step.

    It is false if it cannot be evaluated after a step (a field of a value that is None there); `error` says why.
    """

    def __init__(self, session: DebugSession, text: str) -> None:
        self._session = session
        self._expression = Expression(text, session.machine.schemas, NAMES)
        self.error: InputError | None = None
        self.was_evaluated = False  # without an error, at least once

    def holds(self, step: int) -> bool:
        """Whether the predicate is true after `step`."""
        try:
            held = self._expression.holds(variables(self._session, self._expression, step))
        except InputError as error:
            self.error = error
            return False
        self.was_evaluated = True
        return held


class ExpectationFailed(FasmError):
    """An expectation of a script does not hold: a finding about the machine, and no error of the command line."""

    exit_code = 1
    kind = "expectation"


def expect(session: DebugSession, text: str) -> Expected:
    """Check an outcome of the last step (`rejected [NAME]`, `broken [LAW]`, ...), `pending N`, or an expression.

    Raises `ExpectationFailed` if it does not hold, `UsageError` or `InputError` if `text` cannot be checked.
    """
    word, _, name = text.partition(" ")
    if word in OUTCOMES:
        got, held = _check_outcome(session, word, name.strip())
    elif re.fullmatch(r"pending\s+[0-9]{1,9}", text):
        count = len(session.timeline.now.pending)
        got, held = f"{count} pending", count == int(text.split()[1])
    elif re.fullmatch(r"[^\W\d]\w*", text) and text not in NAMES and text not in session.machine.schemas.classes:
        raise UsageError(f"expect {text[:40]}: no such outcome", did_you_mean(text, [*OUTCOMES, *NAMES]))
    else:
        expression = Expression(text, session.machine.schemas, NAMES)
        held = expression.holds(variables(session, expression, session.timeline.head))
        got = f"{text} is {held}"
    if not held:
        raise ExpectationFailed(f"expected {text}, got {got}", "`why`, `state` and `log` show more")
    return Expected(text, got, held)


def _check_outcome(session: DebugSession, word: str, name: str) -> tuple[str, bool]:
    """Return the outcome of the last step in words, and whether it is the one expected."""
    last = session.repl_state.last
    if last is None:
        raise UsageError(f"expect {word}: no step was executed yet", "it checks the step before")
    record = last.record
    got = f"{record.outcome}{f' {record.error}' if record.error else ''}"
    if word == "broken":
        law = last.finding.law if last.finding is not None else ""
        return f"broken {law}" if law else f"{got}, nothing broken", bool(law) and name in ("", law)
    outcome = "committed" if word == "accepted" else word
    return got, record.outcome == outcome and name in ("", record.error.partition("(")[0])


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
