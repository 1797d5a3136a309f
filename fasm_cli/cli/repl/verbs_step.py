"""Verbs that let something happen: inputs, results, crashes and what fails."""

from fasm_cli.cli.repl.argument_kinds import Kind
from fasm_cli.cli.repl.lines import first_word
from fasm_cli.cli.repl.registry import SHOWN, number, offset_errors, reject_arguments, require_argument, verb
from fasm_cli.debugger.session import DebugSession
from fasm_cli.engine.events import INDEXED_FAULTS, CrashPoint, FaultKind, InjectedFault, ResultLost
from fasm_cli.errors import InputError, UsageError, did_you_mean
from fasm_cli.reports.report import Report


@verb(
    "step INPUT",
    "send an input; `Name(field=value)` alone does the same",
    Kind.INPUT,
    examples=("step RedeemPoints(points=100)", "RedeemPoints(points=100)"),
    related=("try", "inputs"),
)
def _step(workbench: DebugSession, rest: str) -> Report:
    return workbench.submit(require_argument(rest, "step Name(field=value)"))


@verb(
    "try INPUT",
    "what an input would do; nothing is kept",
    Kind.INPUT,
    examples=("try RedeemPoints(points=100)",),
    related=("step", "inputs"),
)
def _try(workbench: DebugSession, rest: str) -> Report:
    return workbench.preview(require_argument(rest, "try Name(field=value)"))


@verb(
    "complete ACTION RESULT",
    "give a pending action its result; ACTION is a handle (1.1) or an id",
    Kind.ACTION,
    Kind.ACTION_RESULT,
    examples=("complete 1.1 Success(points_deducted=100)", "complete 1 Pending()"),
    related=("pending", "drop"),
)
def _complete(workbench: DebugSession, rest: str) -> Report:
    action, result = first_word(rest)
    if not result:
        raise InputError(
            "complete needs an action and its result", "usage: complete ACTION RESULT, like complete 1.1 Confirmed()"
        )
    workbench.find(action)  # what is wrong with it is said first
    with offset_errors(len(rest) - len(result)):
        return workbench.complete(action, result)


@verb(
    "redeliver ACTION [RESULT]",
    "a result that was given already comes again, or another one does",
    Kind.COMPLETED,
    Kind.ACTION_RESULT,
    examples=("redeliver 3.1", "redeliver 3.1 Pending()"),
    related=("complete", "drop"),
)
def _redeliver(workbench: DebugSession, rest: str) -> Report:
    action, result = first_word(require_argument(rest, "redeliver ACTION [RESULT]"))
    with offset_errors(len(rest) - len(result)):
        return workbench.redeliver(action, result)


@verb(
    "drop ACTION",
    "the action was carried out and its result is lost",
    Kind.ACTION,
    examples=("drop 1.1",),
    related=("pending", "complete", "crash"),
)
def _drop(workbench: DebugSession, rest: str) -> Report:
    if not rest:
        raise InputError("drop what?", "usage: drop ACTION; `pending` lists them")
    emission = workbench.find(rest)
    return workbench.take(ResultLost(emission.ref, emission.tracked.id))


@verb(
    "crash [POINT [N]]",
    "the process dies: between steps, or at another point",
    Kind.POINT,
    Kind.NUMBER,
    examples=("crash", "crash before-commit", "crash after-action 1"),
    related=("restore", "fault", "pending"),
)
def _crash(workbench: DebugSession, rest: str) -> Report:
    point, at = crash_point(rest) if rest else (CrashPoint.BETWEEN, 0)
    return workbench.crash(point, at)


def crash_point(text: str) -> tuple[CrashPoint, int]:
    """`after-action 2` as a point and its count. Raises `UsageError`."""
    word, _, count = text.partition(" ")
    known = [str(point) for point in CrashPoint]
    if word not in known:
        raise UsageError(f"no crash point {word!r}", did_you_mean(word, known))
    point = CrashPoint(word)
    counted = point in (CrashPoint.AFTER_ACTION, CrashPoint.IN_RESTORE)
    if count.strip() and not counted:
        raise UsageError(f"crash {word} takes no count, got {count.strip()!r}")
    return point, number(count.strip() or "1", f"crash {word} N") if counted else 0


@verb(
    "restore",
    "start the process again from the committed state",
    examples=("restore",),
    related=("crash", "pending"),
)
def _restore(workbench: DebugSession, rest: str) -> Report:
    reject_arguments(rest, "restore")
    return workbench.restore()


@verb(
    "fault FAILURE [N]",
    f"the next transition fails: {', '.join(FaultKind)} (at the N-th add or await)",
    Kind.FAILURE,
    Kind.NUMBER,
    examples=("fault add 2", "fault commit"),
    related=("crash",),
)
def _fault(workbench: DebugSession, rest: str) -> Report:
    word, _, count = rest.partition(" ")
    if word in list(FaultKind) and FaultKind(word) not in workbench.machine.applicable_faults:
        raise UsageError(f"fault {word}: nothing is awaited", f"the state of {workbench.machine.name} is in memory")
    if word not in list(FaultKind):
        raise UsageError(
            f"no failure {word[:SHOWN]!r}", did_you_mean(word, map(str, workbench.machine.applicable_faults))
        )
    failure = FaultKind(word)
    at = number(count.strip() or "1", f"fault {word} N") if failure in INDEXED_FAULTS else 0
    return workbench.take(InjectedFault(failure, at))
