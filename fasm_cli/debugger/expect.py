"""What a script expects of the step before, or of the state: met, or the end of the script."""

import re

from fasm_cli.debugger.expressions import Expression
from fasm_cli.debugger.predicate import NAMES, variables
from fasm_cli.debugger.session import DebugSession
from fasm_cli.errors import FasmError, UsageError, did_you_mean
from fasm_cli.reports.repl import Expected

OUTCOMES = ("accepted", "rejected", "defect", "skipped", "failed", "broken")


class Unmet(FasmError):
    """What a script expected is not so: a finding of the script's author, about the machine."""

    exit_code = 1
    kind = "expectation"


def expect(workbench: DebugSession, text: str) -> Expected:
    """`accepted`, `rejected [NAME]`, `defect`, `skipped`, `failed`, `broken [LAW]`, `pending N` or an expression.
    Raises `Unmet` where it is not so."""
    word, _, name = text.partition(" ")
    if word in OUTCOMES:
        got, met = _outcome(workbench, word, name.strip())
    elif re.fullmatch(r"pending\s+[0-9]{1,9}", text):
        count = len(workbench.timeline.now.pending)
        got, met = f"{count} pending", count == int(text.split()[1])
    elif re.fullmatch(r"[^\W\d]\w*", text) and text not in NAMES and text not in workbench.machine.schemas.classes:
        raise UsageError(f"expect {text[:40]}: no such outcome", did_you_mean(text, [*OUTCOMES, *NAMES]))
    else:
        expression = Expression(text, workbench.machine.schemas, NAMES)
        met = expression.holds(variables(workbench, workbench.timeline.head))
        got = f"{text} is {met}"
    if not met:
        raise Unmet(f"expected {text}, got {got}", "`why`, `state` and `log` say more")
    return Expected(text, got, met)


def _outcome(workbench: DebugSession, word: str, name: str) -> tuple[str, bool]:
    last = workbench.repl_state.last
    if last is None:
        raise UsageError(f"expect {word}: no step was taken yet", "it asks about the step before")
    record = last.record
    got = f"{record.outcome}{f' {record.error}' if record.error else ''}"
    if word == "broken":
        law = last.finding.law if last.finding is not None else ""
        return f"broken {law}" if law else f"{got}, nothing broken", bool(law) and name in ("", law)
    outcome = "committed" if word == "accepted" else word
    return got, record.outcome == outcome and name in ("", record.error.partition("(")[0])
