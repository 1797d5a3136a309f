"""Verbs that look and change nothing, and those that say where to stop and look."""

from collections.abc import Callable

from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.registry import reject_arguments, require_argument, verb
from fasm_cli.debugger import breakpoints as stops
from fasm_cli.debugger import inspect as look
from fasm_cli.debugger.session import DebugSession
from fasm_cli.reports.repl import Stops
from fasm_cli.reports.report import Report
from fasm_cli.usecases import describe as machines


@verb(
    "inputs [NAME]",
    "what can be sent: fields, and a sample that would be accepted now",
    Kind.INPUT,
    examples=("inputs", "inputs RedeemPoints"),
    related=("describe", "try"),
)
def _inputs(workbench: DebugSession, rest: str) -> Report:
    return look.sample_inputs(workbench, rest.removesuffix("()").removesuffix("("))


@verb(
    "pending",
    "the tracked actions that have no accepted result, oldest first",
    examples=("pending",),
    related=("complete", "drop", "restore"),
)
def _pending(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "pending")
    return workbench.pending()


@verb(
    "state [PATH]",
    "the committed state, or what stands at a place in it",
    Kind.PATH,
    examples=("state", "state points_balance"),
    related=("print", "watch", "diff"),
)
def _state(workbench: DebugSession, rest: str) -> Report:
    return look.value_at(workbench, rest) if rest else workbench.state()


@verb(
    "print EXPR",
    "the value of an expression over state, prev (the state before), pending and up",
    Kind.EXPRESSION,
    examples=("print state.points_balance - prev.points_balance", "print len(pending)"),
    related=("state", "until", "break", "expect"),
)
def _print(workbench: DebugSession, rest: str) -> Report:
    return look.value(workbench, require_argument(rest, "print EXPR"))


@verb(
    "check [NAME]",
    "the invariants and laws at this state, with the values of what fails",
    Kind.INVARIANT,
    examples=("check", "check never_in_debt"),
    related=("why", "verify"),
)
def _check(workbench: DebugSession, rest: str) -> Report:
    return look.check(workbench, rest)


@verb(
    "why",
    "the whole of the last error or finding: the law, its reason, how to mend it",
    examples=("why",),
    related=("check", "shrink"),
)
def _why(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "why")
    return look.why(workbench)


@verb("describe", "what this machine takes, emits and promises", examples=("describe",), related=("inputs",))
def _describe(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "describe")
    return machines.describe(workbench.engine)


@verb(
    "watch [PATH]",
    "stop `run` and `replay` where the value at PATH changes; `watch remove N` takes it off",
    Kind.PATH,
    examples=("watch points_balance", "watch"),
    related=("break", "run", "state"),
)
def _watch(workbench: DebugSession, rest: str) -> Report:
    return _stop(workbench, rest, stops.watch)


@verb(
    "break [EXPR|invariant|reject]",
    "stop `run` and `replay` where EXPR becomes true; `break remove N|all`",
    Kind.EXPRESSION,
    examples=("break state.points_balance == 0", "break reject", "break remove all"),
    related=("watch", "run", "until"),
)
def _break(workbench: DebugSession, rest: str) -> Report:
    return _stop(workbench, rest, stops.set_break)


def _stop(workbench: DebugSession, rest: str, put: Callable[[DebugSession, str], Stops]) -> Stops:
    word, _, which = rest.partition(" ")
    if word == "remove" and which:
        return stops.remove(workbench, which.strip())
    return put(workbench, rest) if rest else stops.listed(workbench)
