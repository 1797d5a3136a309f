"""Verbs that inspect the session without changing its state: values, checks, inputs, watches and breaks."""

from collections.abc import Callable

from fasm_cli.cli.repl.registry import ArgumentKind, reject_arguments, require_argument, verb
from fasm_cli.debugger import breakpoints, inspect
from fasm_cli.debugger.session import DebugSession
from fasm_cli.reports import Report
from fasm_cli.reports.repl import Stops
from fasm_cli.usecases.describe import describe


@verb(
    "inputs [NAME]",
    "every input: its fields, and a sample that would be accepted now",
    ArgumentKind.INPUT,
    examples=("inputs", "inputs RedeemPoints"),
    related=("describe", "try"),
)
def _inputs(session: DebugSession, rest: str) -> Report:
    return inspect.sample_inputs(session, rest.removesuffix("()").removesuffix("("))


@verb(
    "pending",
    "the tracked actions that have no accepted result, oldest first",
    examples=("pending",),
    related=("complete", "drop", "restore"),
)
def _pending(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "pending")
    return session.pending()


@verb(
    "state [PATH]",
    "the committed state, or the value at a path in it",
    ArgumentKind.PATH,
    examples=("state", "state points_balance"),
    related=("print", "watch", "diff"),
)
def _state(session: DebugSession, rest: str) -> Report:
    return inspect.value_at(session, rest) if rest else session.state()


@verb(
    "print EXPR",
    "the value of an expression over state, prev (the state before), pending and up",
    ArgumentKind.EXPRESSION,
    examples=("print state.points_balance - prev.points_balance", "print len(pending)"),
    related=("state", "until", "break", "expect"),
)
def _print(session: DebugSession, rest: str) -> Report:
    return inspect.value_of(session, require_argument(rest, "print EXPR"))


@verb(
    "check [NAME]",
    "check invariants and laws at this step; a failure shows the values it read",
    ArgumentKind.INVARIANT,
    examples=("check", "check never_in_debt"),
    related=("why", "verify"),
)
def _check(session: DebugSession, rest: str) -> Report:
    return inspect.check(session, rest)


@verb(
    "why",
    "the details of the last error or finding: the law, the reason, how to fix it",
    examples=("why",),
    related=("check", "shrink"),
)
def _why(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "why")
    return inspect.explain_problem(session)


@verb("describe", "the inputs, actions and invariants of this machine", examples=("describe",), related=("inputs",))
def _describe(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "describe")
    return describe(session.engine)


@verb(
    "watch [PATH]",
    "stop `run` and `replay` when the value at PATH changes; `watch remove N|all`",
    ArgumentKind.PATH,
    examples=("watch points_balance", "watch"),
    related=("break", "run", "state"),
)
def _watch(session: DebugSession, rest: str) -> Report:
    return _set_or_remove(session, rest, breakpoints.watch)


@verb(
    "break [EXPR|invariant|reject]",
    "stop `run` and `replay` when EXPR becomes true; `break remove N|all`",
    ArgumentKind.EXPRESSION,
    examples=("break state.points_balance == 0", "break reject", "break remove all"),
    related=("watch", "run", "until"),
)
def _break(session: DebugSession, rest: str) -> Report:
    return _set_or_remove(session, rest, breakpoints.set_break)


def _set_or_remove(session: DebugSession, rest: str, set_one: Callable[[DebugSession, str], Stops]) -> Stops:
    word, _, which = rest.partition(" ")
    if word == "remove" and which:
        return breakpoints.remove(session, which.strip())
    return set_one(session, rest) if rest else breakpoints.list_breakpoints(session)
