"""Verbs that take many steps, or the same ones again; and what a script expects of them."""

from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.registry import SHOWN, number, options, reject_arguments, require_argument, verb
from fasm_cli.debugger import autoplay as going
from fasm_cli.debugger.expect import expect
from fasm_cli.debugger.reload import reload
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.reports.report import Report

RUN = "run N [--seed S] [--crash P]"


@verb(
    RUN,
    "up to N random steps with the machine's faults, until something breaks",
    Kind.NUMBER,
    examples=("run 5", "run 5 --seed 7 --crash 0.2"),
    related=("break", "watch", "shrink", "back"),
)
def _run(workbench: DebugSession, rest: str) -> Report:
    words, given = options(rest, RUN, "--seed", "--crash")
    if len(words) != 1:
        raise UsageError("run how many steps?", f"usage: {RUN}")
    seed = number(given.get("--seed", "1"), RUN)
    return going.run_random(workbench, number(words[0], RUN), seed, _chance(given.get("--crash")))


def _chance(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        chance = float(text)
    except ValueError:
        chance = -1
    if not 0 <= chance <= 1:
        raise UsageError(f"--crash {text[:SHOWN]}: not a probability", f"a number from 0 to 1; usage: {RUN}")
    return chance


@verb(
    "replay FILE",
    "the steps of a trace or session on a branch of their own, up to the one that breaks",
    Kind.FILE,
    examples=("replay sessions/coffee_shop_crash.toml",),
    related=("open", "shrink", "back"),
)
def _replay(workbench: DebugSession, rest: str) -> Report:
    return going.replay(workbench, workbench.project.session_path(require_argument(rest, "replay FILE")))


@verb(
    "shrink",
    "the simplest steps that break what is broken on the way here, on a branch of their own",
    examples=("shrink",),
    related=("replay", "why", "export"),
)
def _shrink(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "shrink")
    return going.shrink(workbench)


@verb(
    "reload",
    "import the machine again; says where its steps first go another way",
    examples=("reload",),
    related=("edit", "verify"),
)
def _reload(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "reload")
    return reload(workbench)


@verb(
    "verify",
    "take the steps that lead here again, in fresh processes with other hash seeds",
    examples=("verify",),
    related=("check", "reload"),
)
def _verify(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "verify")
    from fasm_cli.usecases.verify import verify_here  # starts processes; nothing else here does

    return verify_here(workbench.project, workbench.timeline)


@verb(
    "expect OUTCOME|EXPR",
    "go on if so: accepted, rejected [NAME], defect, skipped, failed, broken [LAW], pending N",
    (Kind.OUTCOME, Kind.EXPRESSION),
    Kind.TEXT,
    examples=("expect accepted", "expect pending 1", "expect state.points_balance == 150"),
    related=("source", "print", "check"),
)
def _expect(workbench: DebugSession, rest: str) -> Report:
    return expect(workbench, require_argument(rest, "expect OUTCOME|EXPR"))
