"""Verbs that execute many steps or replay them, and the expectations of scripts."""

from fasm_cli.cli.repl.registry import (
    MAX_QUOTED,
    ArgumentKind,
    parse_number,
    parse_options,
    reject_arguments,
    require_argument,
    verb,
)
from fasm_cli.debugger import autoplay
from fasm_cli.debugger.predicates import expect
from fasm_cli.debugger.reload import reload
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import UsageError
from fasm_cli.reports import Report

RUN = "run N [--seed S] [--crash P]"


@verb(
    RUN,
    "execute up to N random steps with the machine's faults, until something breaks",
    ArgumentKind.NUMBER,
    examples=("run 5", "run 5 --seed 7 --crash 0.2"),
    related=("break", "watch", "shrink", "back"),
)
def _run(session: DebugSession, rest: str) -> Report:
    words, given = parse_options(rest, RUN, "--seed", "--crash")
    if len(words) != 1:
        raise UsageError("run how many steps?", f"usage: {RUN}")
    seed = parse_number(given.get("--seed", "1"), RUN)
    return autoplay.run_random(session, parse_number(words[0], RUN), seed, _parse_probability(given.get("--crash")))


def _parse_probability(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        probability = float(text)
    except ValueError:
        probability = -1
    if not 0 <= probability <= 1:
        raise UsageError(f"--crash {text[:MAX_QUOTED]}: not a probability", f"a number from 0 to 1; usage: {RUN}")
    return probability


@verb(
    "replay FILE",
    "execute the steps of a trace or session on a new branch, up to its finding",
    ArgumentKind.FILE,
    examples=("replay sessions/coffee_shop_crash.toml",),
    related=("open", "shrink", "back"),
)
def _replay(session: DebugSession, rest: str) -> Report:
    return autoplay.replay(session, session.project.session_path(require_argument(rest, "replay FILE")))


@verb(
    "shrink",
    "reduce the steps that led to a violation to the simplest ones, on a new branch",
    examples=("shrink",),
    related=("replay", "why", "export"),
)
def _shrink(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "shrink")
    return autoplay.shrink(session)


@verb(
    "reload",
    "import the machine again and report the first step whose result differs",
    examples=("reload",),
    related=("edit", "verify"),
)
def _reload(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "reload")
    return reload(session)


@verb(
    "verify",
    "replay the steps that lead here in new processes with other hash seeds",
    examples=("verify",),
    related=("check", "reload"),
)
def _verify(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "verify")
    from fasm_cli.usecases.verify import verify_here  # imported late: only this verb starts processes

    return verify_here(session.project, session.timeline)


@verb(
    "expect OUTCOME|EXPR",
    "require accepted, rejected [NAME], aborted, defect, skipped, broken [LAW] or pending N",
    (ArgumentKind.OUTCOME, ArgumentKind.EXPRESSION),
    ArgumentKind.TEXT,
    examples=("expect accepted", "expect pending 1", "expect state.points_balance == 150"),
    related=("source", "print", "check"),
)
def _expect(session: DebugSession, rest: str) -> Report:
    return expect(session, require_argument(rest, "expect OUTCOME|EXPR"))
