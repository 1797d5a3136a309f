"""Verbs that move through the history of the session. No step is ever lost."""

from fasm_cli.cli.repl.registry import MAX_QUOTED, ArgumentKind, parse_number, reject_arguments, require_argument, verb
from fasm_cli.debugger import navigate
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.reports import Report

STEP_NAMES = (ArgumentKind.STEP, ArgumentKind.LABEL, ArgumentKind.BRANCH)


@verb(
    "back [N]",
    "go back N steps (default 1); no step is lost, the next one starts a branch",
    ArgumentKind.NUMBER,
    examples=("back", "back 2"),
    related=("forward", "goto", "back-until"),
)
def _back(session: DebugSession, rest: str) -> Report:
    return navigate.back(session, parse_number(rest or "1", "back [N]"))


@verb(
    "forward [N]",
    "go forward N steps (default 1) along the path that the session came back from",
    ArgumentKind.NUMBER,
    examples=("forward",),
    related=("back", "goto", "until"),
)
def _forward(session: DebugSession, rest: str) -> Report:
    return navigate.forward(session, parse_number(rest or "1", "forward [N]"))


@verb(
    "goto STEP",
    "go to a step, label, branch, start or end; -1 is the previous step",
    STEP_NAMES,
    examples=("goto 1", "goto -1", "goto start"),
    related=("back", "label", "log"),
)
def _goto(session: DebugSession, rest: str) -> Report:
    return navigate.goto(session, navigate.resolve_step(session, require_argument(rest, "goto STEP")))


@verb(
    "until EXPR",
    "go forward to the first step where the value of EXPR differs from here",
    ArgumentKind.EXPRESSION,
    examples=("until state.points_balance < 100", "until not up"),
    related=("back-until", "print", "break"),
)
def _until(session: DebugSession, rest: str) -> Report:
    return navigate.run_until_change(session, require_argument(rest, "until EXPR"))


@verb(
    "back-until EXPR",
    "go back to the first step where the value of EXPR differs from here",
    ArgumentKind.EXPRESSION,
    examples=("back-until not pending",),
    related=("until", "print"),
)
def _back_until(session: DebugSession, rest: str) -> Report:
    return navigate.run_until_change(session, require_argument(rest, "back-until EXPR"), backwards=True)


@verb(
    "log [A..B] [--all]",
    "the steps that lead here, or those of every branch; * marks the current step",
    (ArgumentKind.STEP, ArgumentKind.LABEL, ArgumentKind.TEXT),
    examples=("log", "log 1..3 --all"),
    related=("tree", "goto", "diff"),
)
def _log(session: DebugSession, rest: str) -> Report:
    words = rest.split()
    everything = "--all" in words
    words = [word for word in words if word != "--all"]
    if len(words) > 1:
        raise UsageError(f"log takes at most one range, got {rest[:MAX_QUOTED]!r}", "usage: log [A..B] [--all]")
    first, last = navigate.parse_range(session, words[0]) if words else (1, None)
    return navigate.log(session, first, last, everything=everything)


@verb("tree", "every branch: where it starts, its steps and labels", examples=("tree",), related=("switch", "log"))
def _tree(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "tree")
    return navigate.tree(session)


@verb(
    "branch [NAME]",
    "list the branches, or name the current one",
    ArgumentKind.TEXT,
    examples=("branch", "branch first-try"),
    related=("switch", "tree", "label"),
)
def _branch(session: DebugSession, rest: str) -> Report:
    return navigate.branch(session, rest) if rest else navigate.tree(session)


@verb(
    "switch BRANCH",
    "go to the last step of another branch",
    ArgumentKind.BRANCH,
    examples=("switch main",),
    related=("branch",),
)
def _switch(session: DebugSession, rest: str) -> Report:
    return navigate.switch(session, require_argument(rest, "switch BRANCH"))


@verb(
    "label NAME",
    "give the current step a name, for `goto`",
    ArgumentKind.TEXT,
    examples=("label before-the-crash",),
    related=("goto", "log"),
)
def _label(session: DebugSession, rest: str) -> Report:
    return navigate.label(session, require_argument(rest, "label NAME"))


@verb(
    "diff [A] [B]",
    "compare this step with the one before, A with this step, or A with B; steps or files",
    (*STEP_NAMES, ArgumentKind.FILE),
    (*STEP_NAMES, ArgumentKind.FILE),
    examples=("diff", "diff start", "diff 1 2"),
    related=("log", "goto"),
)
def _diff(session: DebugSession, rest: str) -> Report:
    words = rest.split()
    if len(words) > 2:
        raise UsageError(f"diff takes at most two steps, got {rest[:MAX_QUOTED]!r}", "usage: diff [A] [B]")
    return navigate.diff(session, *words)
