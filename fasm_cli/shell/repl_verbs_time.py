"""Verbs that go back and forth in time; nothing is ever lost."""

from fasm_cli.app.reports import Report
from fasm_cli.app.workbench import Workbench
from fasm_cli.shell.repl_kinds import Kind
from fasm_cli.shell.repl_verb import nothing_after, number, verb


@verb("log", "every step taken, on every branch", examples=("log",), related=("goto",))
def _log(workbench: Workbench, rest: str) -> Report:
    nothing_after(rest, "log")
    return workbench.log()


@verb(
    "back [N]",
    "go back N steps (1); nothing is lost, the next step starts a branch",
    Kind.NUMBER,
    examples=("back", "back 2"),
    related=("goto",),
)
def _back(workbench: Workbench, rest: str) -> Report:
    return workbench.back(number(rest or "1", "back [N]"))


@verb("goto N", "go to step N; 0 is the initial state", Kind.STEP, examples=("goto 1",), related=("back", "log"))
def _goto(workbench: Workbench, rest: str) -> Report:
    return workbench.goto(number(rest.lstrip("#@"), "goto N"))
