"""Predicates over the steps of a session, and the expectations of scripts."""

import re

from fasm_cli.debugger.expressions import Expression
from fasm_cli.debugger.inspect import NAMES, variables
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError, InputError, UsageError, did_you_mean
from fasm_cli.reports.repl import Expected

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
