"""Verbs that go back and forth in time; nothing is ever lost."""

from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.registry import SHOWN, number, reject_arguments, require_argument, verb
from fasm_cli.debugger import navigate as travel
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.reports.report import Report

PLACE = (Kind.STEP, Kind.LABEL, Kind.BRANCH)


@verb(
    "back [N]",
    "go back N steps (1); nothing is lost, the next step starts a branch",
    Kind.NUMBER,
    examples=("back", "back 2"),
    related=("forward", "goto", "back-until"),
)
def _back(workbench: DebugSession, rest: str) -> Report:
    return travel.back(workbench, number(rest or "1", "back [N]"))


@verb(
    "forward [N]",
    "go forward N steps (1) along the branch that was walked last",
    Kind.NUMBER,
    examples=("forward",),
    related=("back", "goto", "until"),
)
def _forward(workbench: DebugSession, rest: str) -> Report:
    return travel.forward(workbench, number(rest or "1", "forward [N]"))


@verb(
    "goto PLACE",
    "go to a step, a label, a branch, start or end; -1 is the step before",
    PLACE,
    examples=("goto 1", "goto -1", "goto start"),
    related=("back", "label", "log"),
)
def _goto(workbench: DebugSession, rest: str) -> Report:
    return travel.goto(workbench, travel.resolve_step(workbench, require_argument(rest, "goto PLACE")))


@verb(
    "until EXPR",
    "go forward to where EXPR is no longer what it is here",
    Kind.EXPRESSION,
    examples=("until state.points_balance < 100", "until not up"),
    related=("back-until", "print", "break"),
)
def _until(workbench: DebugSession, rest: str) -> Report:
    return travel.run_until_change(workbench, require_argument(rest, "until EXPR"))


@verb(
    "back-until EXPR",
    "go back to where EXPR is no longer what it is here",
    Kind.EXPRESSION,
    examples=("back-until not pending",),
    related=("until", "print"),
)
def _back_until(workbench: DebugSession, rest: str) -> Report:
    return travel.run_until_change(workbench, require_argument(rest, "back-until EXPR"), backwards=True)


@verb(
    "log [A..B] [--all]",
    "the steps that lead here, or those of every branch; * is where one stands",
    (Kind.STEP, Kind.LABEL, Kind.TEXT),
    examples=("log", "log 1..3 --all"),
    related=("tree", "goto", "diff"),
)
def _log(workbench: DebugSession, rest: str) -> Report:
    words = rest.split()
    everything = "--all" in words
    words = [word for word in words if word != "--all"]
    if len(words) > 1:
        raise UsageError(f"log takes one range, got {rest[:SHOWN]!r}", "usage: log [A..B] [--all]")
    first, last = travel.parse_range(workbench, words[0]) if words else (1, None)
    return travel.log(workbench, first, last, everything=everything)


@verb(
    "tree", "every branch: where it was taken from, its steps and labels", examples=("tree",), related=("switch", "log")
)
def _tree(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "tree")
    return travel.tree(workbench)


@verb(
    "branch [NAME]",
    "the branches, or a name for the one one stands on",
    Kind.TEXT,
    examples=("branch", "branch first-try"),
    related=("switch", "tree", "label"),
)
def _branch(workbench: DebugSession, rest: str) -> Report:
    return travel.branch(workbench, rest) if rest else travel.tree(workbench)


@verb("switch BRANCH", "go to the end of another branch", Kind.BRANCH, examples=("switch main",), related=("branch",))
def _switch(workbench: DebugSession, rest: str) -> Report:
    return travel.switch(workbench, require_argument(rest, "switch BRANCH"))


@verb(
    "label NAME",
    "give the step one stands on a name to go to",
    Kind.TEXT,
    examples=("label before-the-crash",),
    related=("goto", "log"),
)
def _label(workbench: DebugSession, rest: str) -> Report:
    return travel.label(workbench, require_argument(rest, "label NAME"))


@verb(
    "diff [A] [B]",
    "what differs from the step before, or from A, to here, or to B; places or session files",
    (*PLACE, Kind.FILE),
    (*PLACE, Kind.FILE),
    examples=("diff", "diff start", "diff 1 2"),
    related=("log", "goto"),
)
def _diff(workbench: DebugSession, rest: str) -> Report:
    words = rest.split()
    if len(words) > 2:
        raise UsageError(f"diff takes two places, got {rest[:SHOWN]!r}", "usage: diff [A] [B]")
    return travel.diff(workbench, *words)
