"""Verbs that execute one event: an input, a result, a crash, a restore, an injected fault."""

from fasm_cli.cli.repl.lines import first_word
from fasm_cli.cli.repl.registry import (
    MAX_QUOTED,
    ArgumentKind,
    offset_errors,
    parse_number,
    reject_arguments,
    require_argument,
    verb,
)
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import INDEXED_FAULTS, CrashPoint, FaultKind, InjectedFault, ResultLost
from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.reports import Report


@verb(
    "step INPUT",
    "send an input; `Name(field=value)` alone does the same",
    ArgumentKind.INPUT,
    examples=("step RedeemPoints(points=100)", "RedeemPoints(points=100)"),
    related=("try", "inputs"),
)
def _step(session: DebugSession, rest: str) -> Report:
    return session.submit(require_argument(rest, "step Name(field=value)"))


@verb(
    "try INPUT",
    "show what an input would do, without executing it",
    ArgumentKind.INPUT,
    examples=("try RedeemPoints(points=100)",),
    related=("step", "inputs"),
)
def _try(session: DebugSession, rest: str) -> Report:
    return session.preview(require_argument(rest, "try Name(field=value)"))


@verb(
    "complete ACTION RESULT",
    "deliver the result of a pending action; ACTION is a ref (1.1) or an id",
    ArgumentKind.ACTION,
    ArgumentKind.ACTION_RESULT,
    examples=("complete 1.1 Success(points_deducted=100)", "complete 1 Pending()"),
    related=("pending", "drop"),
)
def _complete(session: DebugSession, rest: str) -> Report:
    action, result = first_word(rest)
    if not result:
        raise InputError(
            "complete needs an action and its result", "usage: complete ACTION RESULT, like complete 1.1 Confirmed()"
        )
    session.find_action(action)  # report an error in it first
    with offset_errors(len(rest) - len(result)):
        return session.complete(action, result)


@verb(
    "redeliver ACTION [RESULT]",
    "deliver the result of a completed action again, or another one",
    ArgumentKind.COMPLETED,
    ArgumentKind.ACTION_RESULT,
    examples=("redeliver 3.1", "redeliver 3.1 Pending()"),
    related=("complete", "drop"),
)
def _redeliver(session: DebugSession, rest: str) -> Report:
    action, result = first_word(require_argument(rest, "redeliver ACTION [RESULT]"))
    with offset_errors(len(rest) - len(result)):
        return session.redeliver(action, result)


@verb(
    "drop ACTION",
    "lose the result of an action that was executed",
    ArgumentKind.ACTION,
    examples=("drop 1.1",),
    related=("pending", "complete", "crash"),
)
def _drop(session: DebugSession, rest: str) -> Report:
    if not rest:
        raise InputError("drop what?", "usage: drop ACTION; `pending` lists them")
    emission = session.find_action(rest)
    return session.step(ResultLost(emission.ref, emission.tracked.id))


@verb(
    "crash [POINT [N]]",
    "crash the process between steps, or at another point",
    ArgumentKind.CRASH_POINT,
    ArgumentKind.NUMBER,
    examples=("crash", "crash before-commit", "crash after-action 1"),
    related=("restore", "fault", "pending"),
)
def _crash(session: DebugSession, rest: str) -> Report:
    point, nth = parse_crash_point(rest) if rest else (CrashPoint.BETWEEN, 0)
    return session.crash(point, nth)


def parse_crash_point(text: str) -> tuple[CrashPoint, int]:
    """Parse `after-action 2` into a point and its count (0 if it has none). Raises `UsageError`."""
    word, _, count = text.partition(" ")
    known = [str(point) for point in CrashPoint]
    if word not in known:
        raise UsageError(f"no crash point {word!r}", did_you_mean(word, known))
    point = CrashPoint(word)
    counted = point in (CrashPoint.AFTER_ACTION, CrashPoint.IN_RESTORE)
    if count.strip() and not counted:
        raise UsageError(f"crash {word} has no count, got {count.strip()!r}")
    return point, parse_number(count.strip() or "1", f"crash {word} N") if counted else 0


@verb(
    "restore",
    "start the crashed process again from the committed state",
    examples=("restore",),
    related=("crash", "pending"),
)
def _restore(session: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "restore")
    return session.restore()


@verb(
    "fault KIND [N]",
    "inject a fault into the next transition, at the N-th add or await; Tab lists the kinds",
    ArgumentKind.FAULT,
    ArgumentKind.NUMBER,
    examples=("fault actions_full 2", "fault commit"),
    related=("crash",),
)
def _fault(session: DebugSession, rest: str) -> Report:
    word, _, count = rest.partition(" ")
    if word in list(FaultKind) and FaultKind(word) not in session.machine.applicable_faults:
        raise UsageError(
            f"fault {word} needs a state that is awaited", f"the state of {session.machine.name} is in memory"
        )
    if word not in list(FaultKind):
        raise UsageError(
            f"no fault {word[:MAX_QUOTED]!r}", did_you_mean(word, map(str, session.machine.applicable_faults))
        )
    kind = FaultKind(word)
    nth = parse_number(count.strip() or "1", f"fault {word} N") if kind in INDEXED_FAULTS else 0
    return session.step(InjectedFault(kind, nth))
